"""Boundaries as grids hold them."""

from typing import Any

from phiml_core import math
from phiml_core.extrapolation import Components, Constant, Directional, Extrapolation, Sides, as_extrapolation

from phiml_physics.geom.vectors import space_vector

__all__ = ["grid_boundary"]

_ZERO = Constant(0.0)


def grid_boundary(value: Any, axes: tuple[str, ...]) -> Extrapolation:
    """A boundary on a grid with the given axes; `(0, 1)` is a vector.

    Its fixed values are floats, as results of computations are, so that the second step of a simulation has the
    structure of the first.

    Raises:
        UnknownBoundary: the value is no boundary.
    """
    if type(value) is int and value == 0:
        return _ZERO
    if isinstance(value, (tuple, list)):
        value = space_vector(value, axes, "A boundary value")
    return _with_floats(as_extrapolation(value))


def _with_floats(boundary: Any) -> Any:
    if isinstance(boundary, Constant):
        return boundary if boundary.value.dtype.kind in (float, complex) else Constant(math.wrap(0.0) + boundary.value)
    if isinstance(boundary, (Sides, Components)):
        return boundary.with_parts(tuple([_with_floats(rule) for rule in boundary.rules]))
    if isinstance(boundary, Directional):
        return Directional(_with_floats(boundary.normal), _with_floats(boundary.tangential))
    return boundary
