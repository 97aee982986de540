"""Obstacle: a solid body in a fluid, at rest or moving."""

from typing import Any

from phiml_core import math
from phiml_core.field import Geometry
from phiml_core.math import Tensor

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.geom.vectors import space_vector

__all__ = ["Obstacle", "as_obstacles"]


class Obstacle:
    """A geometry that a fluid cannot enter, with the velocity of its surface.

    Position, shape and velocity are leaves of the tree: they may change from call to call of a compiled function.

    Args:
        geometry: the body.
        velocity: of its center, vector in length per time; exactly 0 for a body at rest.
        angular_velocity: around its center, in radians per time: number in two, vector in three dimensions.
    """

    __value_attrs__ = ("geometry", "velocity", "angular_velocity")
    geometry: Any
    velocity: Any
    angular_velocity: Any

    def __init__(self, geometry: Geometry, velocity: Any = 0, angular_velocity: Any = 0):
        if not isinstance(geometry, Geometry):
            raise TypeError(f"An obstacle is made of a geometry such as Box or Sphere, not of {geometry!r}.")
        self.geometry = geometry
        self.velocity, self.angular_velocity = velocity, angular_velocity
        self.moves, self.turns = not _is_zero(velocity), not _is_zero(angular_velocity)

    @property
    def is_stationary(self) -> bool:
        """Whether the body is at rest."""
        return not (self.moves or self.turns)

    def at(self, position: Any) -> "Obstacle":
        """The same obstacle with its center elsewhere."""
        return Obstacle(self.geometry.at(position), self.velocity, self.angular_velocity)

    def shifted(self, delta: Any) -> "Obstacle":
        """The same obstacle moved by a vector."""
        return Obstacle(self.geometry.shifted(delta), self.velocity, self.angular_velocity)

    def rotated(self, rotation: Any, pivot: Any = None) -> "Obstacle":
        """The same obstacle turned by an angle, about its center unless a pivot is given: see `Geometry.rotated`."""
        return Obstacle(self.geometry.rotated(rotation, pivot), self.velocity, self.angular_velocity)

    def copied_with(self, **changes: Any) -> "Obstacle":
        """The same obstacle with other arguments of the constructor, e.g. `copied_with(velocity=0)`."""
        given = {"geometry": self.geometry, "velocity": self.velocity, "angular_velocity": self.angular_velocity}
        return Obstacle(**{**given, **changes})

    def with_geometry(self, geometry: Geometry) -> "Obstacle":
        """Another body with the same velocity."""
        return Obstacle(geometry, self.velocity, self.angular_velocity)

    def velocity_at(self, faces: UniformGrid) -> Any:
        """The component of its velocity through faces: number or tensor."""
        axis = faces.normal
        total: Any = 0.0
        if self.moves:
            total = space_vector(self.velocity, faces.names, "The velocity of an obstacle")[{"vector": axis}]
        if self.turns:
            arm = faces.center - self.geometry.center
            turning = self.angular_velocity
            if not (isinstance(turning, Tensor) and "vector" in turning.shape.names) and len(faces.names) == 3:
                raise ValueError(
                    "In three dimensions an obstacle turns around an axis: angular_velocity is a vector, not "
                    f"{turning!r}."
                )
            total = (
                total
                + math.cross_product(turning if isinstance(turning, Tensor) else math.wrap(turning), arm)[
                    {"vector": axis}
                ]
            )
        return total

    def __repr__(self) -> str:
        return f"Obstacle({self.geometry!r}{'' if self.is_stationary else ', moving'})"


def _is_zero(value: Any) -> bool:
    return type(value) in (int, float) and value == 0


def as_obstacles(obstacles: Any) -> tuple[Obstacle, ...]:
    """One obstacle or geometry, or a sequence of them, as a tuple of obstacles."""
    if isinstance(obstacles, (Obstacle, Geometry)):
        obstacles = (obstacles,)
    return tuple([o if isinstance(o, Obstacle) else Obstacle(o) for o in obstacles])
