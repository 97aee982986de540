"""The warning that a solution is as good as its precision allows for, but not as good as was asked for."""

import sys
import warnings
from typing import Any

from phiml_core.backend.precision import PrecisionWarning

from .info import SolveInfo

__all__ = ["warn_rounded"]

_INSIDE = ("phiml_core.", "phiml_solvers.", "phiml_physics.", "phiml_jax.", "phiml_torch.", "phiml_tf.", "plum.")


def warn_rounded(info: SolveInfo) -> None:
    """Warn, once for each line of a user that solves: the text holds no numbers that change from solve to solve."""
    warnings.warn(
        f"{info.method} solved a system as well as the precision allows for: rounding the values of the solution leaves a larger "
        "residual than the tolerance, see SolveInfo.  Compute in higher precision, precision(64), to reach it; leave the tolerance out, whose "
        "default allows for rounding; or suppress=[PrecisionLimit].",
        PrecisionWarning,
        stacklevel=_outside(),
    )


def _outside() -> int:
    """The stack level of the line that called these packages."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_inside(frame):
        level, frame = level + 1, frame.f_back
    return level


def _is_inside(frame: Any) -> bool:
    name = frame.f_globals.get("__name__")
    return name is None or name == "contextlib" or name.startswith(_INSIDE) or frame.f_code.co_filename.startswith("<")
