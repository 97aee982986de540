"""Incompressible fluids: obstacles and projection."""

from phiml_core.solve import Solve

from .boundary_conditions import apply_boundary_conditions
from .obstacle import Obstacle
from .openness import ObstacleFillsDomain
from .projection import make_incompressible

__all__ = ["Obstacle", "ObstacleFillsDomain", "Solve", "apply_boundary_conditions", "make_incompressible"]
