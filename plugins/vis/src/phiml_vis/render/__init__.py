"""Pictures of three-dimensional things, in NumPy."""

from .camera import Camera
from .surface import rasterize
from .volume import Matter, render, smoke, solid

__all__ = ["Camera", "Matter", "rasterize", "render", "smoke", "solid"]
