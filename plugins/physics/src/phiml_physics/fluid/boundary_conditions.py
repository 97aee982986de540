"""The velocity that obstacles force upon a fluid."""

from typing import Any

from phiml_core.field import resample

from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.staggered import StaggeredGrid

from .obstacle import as_obstacles
from .openness import open_fractions, with_obstacles

__all__ = ["apply_boundary_conditions"]


def apply_boundary_conditions(velocity: Any, obstacles: Any) -> Any:
    """The velocity of the fluid outside of obstacles and that of their bodies inside, by how much of each face they cover.

    `make_incompressible` does this, too; it is needed before other terms that must not see a flow through bodies.

    Args:
        velocity: staggered or centered grid of vectors, in length per time.
        obstacles: `Obstacle`, geometry, or sequence of these.

    Raises:
        GridError: `velocity` is no grid of vectors.
        ObstacleFillsDomain: no cell is left for the fluid.
    """
    bodies = as_obstacles(obstacles)
    if isinstance(velocity, CenteredGrid) and "vector" in velocity.shape.names:
        faces = resample(velocity, to=StaggeredGrid.zeros(velocity.boundary, velocity.geometry))
        return velocity + (apply_boundary_conditions(faces, bodies) - faces).at_centers() if bodies else velocity
    if not isinstance(velocity, StaggeredGrid):
        raise GridError(f"Obstacles force a velocity upon a grid of vectors, not upon {velocity!r}.")
    if not bodies:
        return velocity
    weights = open_fractions(bodies, velocity.faces)
    values = with_obstacles(list(velocity.components), bodies, velocity.faces, weights)
    return StaggeredGrid.from_components(values, velocity.boundary, velocity.geometry)
