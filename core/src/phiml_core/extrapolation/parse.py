"""From what users write to boundaries."""

from typing import Any

from phiml_core.tensor.tensor import Tensor

from .antisymmetric import ANTISYMMETRIC
from .constant import ONE, ZERO, Constant
from .extrapolation import Extrapolation, UnknownBoundary
from .periodic import PERIODIC
from .reflect import ANTIREFLECT, REFLECT
from .sides import Sides
from .symmetric import SYMMETRIC
from .zero_gradient import ZERO_GRADIENT

__all__ = ["as_extrapolation", "combine_sides"]

_NAMED: dict[Any, Extrapolation] = {
    "periodic": PERIODIC,
    "zero-gradient": ZERO_GRADIENT,
    "boundary": ZERO_GRADIENT,
    "symmetric": SYMMETRIC,
    "antisymmetric": ANTISYMMETRIC,
    "reflect": REFLECT,
    "antireflect": ANTIREFLECT,
    "zero": ZERO,
    "one": ONE,
}


def as_extrapolation(value: Any) -> Extrapolation:
    """A boundary from what users write.

    Args:
        value: an `Extrapolation`, a name, a number, a tensor, a vector `(0, 1)`, or sides
            `{'x': (lower, upper), 'y-': …}`.

    Raises:
        UnknownBoundary: the value is none of these.

    >>> as_extrapolation({'x': 'periodic', 'y': (0, 'zero-gradient')})
    {x: periodic, y: (0, zero-gradient)}
    """
    if isinstance(value, Extrapolation):
        return value
    if type(value) is int and value == 0:
        return ZERO
    if isinstance(value, (Tensor, int, float, complex)):
        return Constant(value)
    if isinstance(value, str):
        if value in _NAMED:
            return _NAMED[value]
        raise UnknownBoundary(
            f"There is no boundary {value!r}.  Known names: {', '.join(_NAMED)}; or give a number, a tensor, "
            "sides such as {'x': (0, 1), 'y': 'periodic'}, or an Extrapolation."
        )
    if isinstance(value, dict):
        return combine_sides(**value)
    if value is not None:
        try:
            return Constant(value)
        except (TypeError, ValueError):
            pass
    raise UnknownBoundary(
        f"{value!r} is no boundary.  Give a name ({', '.join(_NAMED)}), a number, a tensor, sides such as "
        "{'x': (0, 1), 'y': 'periodic'}, or an Extrapolation."
    )


def combine_sides(**boundaries: Any) -> Extrapolation:
    """A boundary that differs between sides.

    Args:
        boundaries: by dim name one boundary, or a pair `(lower, upper)`; single sides as `{'x-': lower, 'x+': upper}`.

    >>> combine_sides(x='periodic', y=(0, 1))
    {x: periodic, y: (0, 1)}
    """
    found: dict[str, list[Extrapolation | None]] = {}
    for name, value in boundaries.items():
        dim = name.rstrip("+-")
        pair = found.setdefault(dim, [None, None])
        if name != dim:
            pair[name.endswith("+")] = as_extrapolation(value)
        elif isinstance(value, tuple) and len(value) == 2:
            pair[:] = [as_extrapolation(v) for v in value]
        else:
            both = as_extrapolation(value)
            pair[:] = [both.side(dim, False), both.side(dim, True)]
    for dim, (lower, upper) in found.items():
        if lower is None or upper is None:
            raise UnknownBoundary(f"Only one side of dim {dim!r} has a boundary.  Give both '{dim}-' and '{dim}+'.")
    return Sides(found)  # type: ignore[arg-type]
