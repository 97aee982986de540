"""The self-check of any array backend: solve, compile and differentiate a Poisson equation with a known solution."""

from collections.abc import Callable, Mapping
from typing import Any

from ..backend import Backend
from .selfcheck import CheckFailed, SelfCheck

__all__ = ["backend_check"]

CELLS = 64
TOLERANCE = 1e-5
"""Of float32 with some hundred roundings; what is really broken is wrong by far more."""


def backend_check(backend: Backend, versions: Callable[[], Mapping[str, str]]) -> SelfCheck:
    """The self-check of a backend, for a plugin's `phiml_checks`.

    Args:
        backend: the trait object of the backend.
        versions: the frameworks behind it and their versions.
    """
    return SelfCheck(
        backend.name,
        versions,
        lambda: [str(device) for device in backend.devices()],
        lambda: _compute(backend),
        (lambda: _compile(backend)) if backend.can_jit else None,
        (lambda: _differentiate(backend)) if backend.can_differentiate else None,
    )


def _problem() -> tuple[Any, Any, Any]:
    """Right-hand side of -u'' = f with u = 0 at both ends, spectrum of the solution operator, u: three waves."""
    import numpy as np

    waves = np.array([1, 5, 20])
    x = (np.arange(CELLS) + 0.5) / CELLS
    eigenvalues = (2 * CELLS * np.sin(np.pi * (np.arange(CELLS) + 1) / (2 * CELLS))) ** 2
    u = np.sin(np.pi * np.outer(x, waves))
    f = u * eigenvalues[waves - 1]
    return f.sum(1).astype(np.float32), (1 / eigenvalues).astype(np.float32), u.sum(1)


def _solve(f: Any, inverse: Any) -> Any:
    from ..backend import primitive

    return primitive.spectral_scale(f, (0,), ("dst2",), inverse)


def _compute(backend: Backend) -> str:
    f, inverse, expected = _problem()
    u = _solve(backend.as_array(f), backend.as_array(inverse))
    return f"Poisson equation on {CELLS} cells, {_compare(backend, u, expected)}"


def _compile(backend: Backend) -> str:
    f, inverse, expected = _problem()
    compiled = backend.jit(lambda f, inverse: (_solve(f, inverse),))
    compiled(backend.as_array(f), backend.as_array(inverse))
    (u,) = compiled(backend.as_array(2 * f), backend.as_array(inverse))
    return f"the same, compiled, {_compare(backend, u, 2 * expected)}"


def _differentiate(backend: Backend) -> str:
    """Gradient of f·u by f, which is 2u as the solution operator is symmetric."""
    import numpy as np

    from ..backend import primitive

    f, inverse, expected = _problem()
    spectrum = backend.as_array(inverse)

    def energy(f: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return (primitive.sum(primitive.multiply(f, _solve(f, spectrum)), (0,)),), ()

    _, pull_back, _ = backend.vjp(energy, (backend.as_array(f),))
    (gradient,) = pull_back((backend.as_array(np.float32(1)),))
    return f"gradient of its energy, {_compare(backend, gradient, 2 * expected)}"


def _compare(backend: Backend, result: Any, expected: Any) -> str:
    import numpy as np

    error = float(np.max(np.abs(backend.to_numpy(result) - expected)) / np.max(np.abs(expected)))
    if not error < TOLERANCE:
        raise CheckFailed(
            f"a Poisson equation on {CELLS} cells came out wrong by {error:.1e}, expected at most {TOLERANCE:.0e}.",
            f"reinstall the framework behind {backend.name!r}, or tell the authors of its plugin.",
        )
    return f"relative error {error:.0e}"
