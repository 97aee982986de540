"""Incompressible fluids: obstacles and projection."""

from phiml_core.solve import Solve

from .obstacle import Obstacle
from .openness import ObstacleFillsDomain
from .projection import make_incompressible

__all__ = ["Obstacle", "ObstacleFillsDomain", "Solve", "make_incompressible"]
