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
"""By the first obstacle: open fractions of faces, with all the obstacles.  They are immutable, and most stay from step to step."""


class ObstacleFillsDomain(GeometryError):
    """No cell is left that a fluid can flow into."""


def covered(obstacle: Obstacle, faces: UniformGrid) -> Tensor:
    """Fraction of each face that lies inside an obstacle; 1 where only rounding errors keep it from that.

    A gap as small as the rounding errors of positions would tie pockets to the rest by pressures without bounds.
    """
    part = approximate_fraction_inside(obstacle.geometry, faces)
    return math.where(part > 1.0 - (1e-12 if get_precision() == 64 else 1e-4), 1.0, part)


def open_fraction(obstacles: tuple[Obstacle, ...], faces: UniformGrid) -> Tensor:
    """Fraction of each face that lies outside of all obstacles."""
    available = all(leaf.available for leaf in tree_leaves(obstacles))
    known: dict[Any, Any] = _KNOWN.setdefault(obstacles[0], {}) if available else {}
    key = faces, get_precision()
    if available:
        found, *rest = known.get(key, (None,))
        if found is not None and len(rest) == len(obstacles) and all(r() is o for r, o in zip(rest, obstacles)):
            return found
    weight: Any = 1.0
    for obstacle in obstacles:
        weight = weight * (1.0 - covered(obstacle, faces))
    weight = math.expand(weight, faces.resolution)
    if available and weight.available:
        known[key] = (weight, *[weakref.ref(o) for o in obstacles])
    return weight


def open_fractions(obstacles: tuple[Obstacle, ...], faces: tuple[UniformGrid, ...]) -> list[Tensor]:
    """Open fraction of each face across each axis, 0 to 1.

    Raises:
        ObstacleFillsDomain: all faces are closed (from compiled code after the call).
    """
    weights = [open_fraction(obstacles, f) for f in faces]
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
    values: list[Tensor], obstacles: tuple[Obstacle, ...], faces: tuple[UniformGrid, ...], weights: list[Tensor]
) -> list[Tensor]:
    """The mean velocity through each face: of the fluid where it is open, of the last of the obstacles where it is closed.

    Args:
        weights: the open fractions.  One product with them, and not with each obstacle: compiled code holds three arrays, however
            many obstacles there are.
    """
    first = next((i for i, o in enumerate(obstacles) if not o.is_stationary), len(obstacles))
    result = []
    for v, f, weight in zip(values, faces, weights, strict=True):
        v, free = v * weight, 1.0
        for obstacle in reversed(obstacles[first:]):
            part = covered(obstacle, f)
            if not obstacle.is_stationary:
                v = v + obstacle.velocity_at(f) * part * free
            free = free * (1.0 - part)
        result.append(v)
    return result
