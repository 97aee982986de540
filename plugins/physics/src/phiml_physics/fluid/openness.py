"""How much of each face of a grid a fluid can flow through, and what obstacles push through the rest."""

import weakref
from typing import Any

from phiml_core import math
from phiml_core.backend import get_precision
from phiml_core.field import approximate_fraction_inside
from phiml_core.math import Tensor
from phiml_core.transform import status
from phiml_core.tree import tree_leaves

from phiml_physics.geom.errors import GeometryError
from phiml_physics.geom.uniform_grid import UniformGrid

from .obstacle import Obstacle

__all__ = ["ObstacleFillsDomain", "open_fractions", "with_obstacles"]

_KNOWN: "weakref.WeakKeyDictionary[Obstacle, dict[Any, Any]]" = weakref.WeakKeyDictionary()


class ObstacleFillsDomain(GeometryError):
    """No cell is left that a fluid can flow into."""


def covered(obstacle: Obstacle, faces: UniformGrid) -> Tensor:
    """Fraction of each face that lies inside an obstacle; 1 where only rounding errors keep it from that."""
    if not all(leaf.available for leaf in tree_leaves(obstacle)):
        return _covered(obstacle, faces)
    known = _KNOWN.setdefault(obstacle, {})  # obstacles are immutable: most stay the same from step to step
    key = faces, get_precision()
    if key not in known:
        found = _covered(obstacle, faces)
        if not found.available:
            return found
        known[key] = found
    return known[key]


def _covered(obstacle: Obstacle, faces: UniformGrid) -> Tensor:
    """A gap as small as the rounding errors of positions would tie pockets to the rest by pressures without bounds."""
    part = approximate_fraction_inside(obstacle.geometry, faces)
    return math.where(part > 1.0 - (1e-12 if get_precision() == 64 else 1e-4), 1.0, part)


def open_fractions(obstacles: tuple[Obstacle, ...], faces: tuple[UniformGrid, ...]) -> list[Tensor]:
    """Open fraction of each face across each axis, 0 to 1.

    Raises:
        ObstacleFillsDomain: all faces are closed (from compiled code after the call).
    """
    weights = []
    for f in faces:
        weight: Any = None
        for obstacle in obstacles:
            part = 1.0 - covered(obstacle, f)
            weight = part if weight is None else weight * part
        weights.append(math.expand(weight, f.resolution))
    closed: Any = True
    for w in weights:
        closed = (math.max_(w, w.shape.only(faces[0].names)) <= 0) & closed
    status.report("obstacles", closed, {}, lambda values: ObstacleFillsDomain(_filled(faces)))
    return weights


def _filled(faces: tuple[UniformGrid, ...]) -> str:
    return (
        f"The obstacles close every face between the cells of {faces[0].resolution}: no fluid is left.  "
        "Make them smaller, move them, or check the units of their size and of the bounds of the grid."
    )


def with_obstacles(
    values: list[Tensor], obstacles: tuple[Obstacle, ...], faces: tuple[UniformGrid, ...]
) -> list[Tensor]:
    """The mean velocity through each face: of the fluid where it is open, of the obstacles where it is closed."""
    result = []
    for v, f in zip(values, faces, strict=True):
        for obstacle in obstacles:
            part = covered(obstacle, f)
            v = v * (1.0 - part)
            if not obstacle.is_stationary:
                v = v + obstacle.velocity_at(f) * part
        result.append(v)
    return result
