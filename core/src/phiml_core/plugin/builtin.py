"""What core itself contributes to the hooks: the self-check of the NumPy backend."""

import os
import platform

from .hookspecs import hookimpl
from .selfcheck import CheckFailed, SelfCheck

__all__ = ["phiml_checks"]


@hookimpl
def phiml_checks() -> list[SelfCheck]:
    return [SelfCheck("numpy", _versions, _devices, _compute)]


def _versions() -> dict[str, str]:
    import numpy
    import scipy

    return {"numpy": numpy.__version__, "scipy": scipy.__version__}


def _devices() -> list[str]:
    return [f"CPU {platform.machine()}, {os.cpu_count()} cores"]


def _compute() -> str:
    """Solve -u'' = f with a known solution by the sine transform, through the words of core."""
    import numpy as np

    from ..backend import primitive

    n = 64
    x = (np.arange(n) + 0.5) / n
    f = np.sin(np.pi * x)
    eigenvalues = (2 * n * np.sin(np.pi * (np.arange(n) + 1) / (2 * n))) ** 2
    u = primitive.spectral_scale(f, (0,), ("dst2",), 1 / eigenvalues)
    error = float(np.max(np.abs(u - f / eigenvalues[0])))
    if not error < 1e-14:
        raise CheckFailed(
            f"the Poisson equation on {n} cells came out wrong by {error:.1e}.",
            "reinstall NumPy and SciPy: pip install --force-reinstall numpy scipy",
        )
    return f"Poisson equation on {n} cells, error {error:.0e}"
