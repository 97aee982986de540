"""Boundaries as grids hold them."""

from typing import Any

from phiml_core import math
from phiml_core.extrapolation import Components, Constant, Directional, Extrapolation, Sides, as_extrapolation

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.geom.vectors import space_vector

from .errors import ResolutionMismatch

__all__ = ["check_profile", "grid_boundary"]

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


def check_profile(boundary: Extrapolation, cells: UniformGrid, what: str) -> Extrapolation:
    """The boundary, whose fixed values may vary along the other axes, with one value for each of those inside.

    Args:
        boundary: of the values at `cells`.
        what: what these are, for the message.

    Raises:
        ResolutionMismatch: more or fewer values, or values that vary across their side.
    """
    if not boundary.shape.spatial:
        return boundary
    for name in cells.names:
        for upper in (False, True):
            side = boundary.side(name, upper)
            given = side.value.shape.spatial if isinstance(side, Constant) else side.shape.spatial
            expected = cells.resolution.without(name)
            if given and given != expected.only(given.names):
                raise ResolutionMismatch(
                    f"Beyond {name}{'+' if upper else '-'} {what} has the values {given}, expected one number, or values along "
                    f"{expected}.  A component that does not vary is a number, e.g. vec(x=profile, y=0)."
                )
    return boundary


def _with_floats(boundary: Any) -> Any:
    if isinstance(boundary, Constant):
        return boundary if boundary.value.dtype.kind in (float, complex) else Constant(math.wrap(0.0) + boundary.value)
    if isinstance(boundary, (Sides, Components)):
        return boundary.with_parts(tuple([_with_floats(rule) for rule in boundary.rules]))
    if isinstance(boundary, Directional):
        return Directional(_with_floats(boundary.normal), _with_floats(boundary.tangential))
    return boundary
