"""What values look like, as plain data, and the words that turn it into pictures."""

from .animation import Animation
from .data import Arrows, Heatmap, Lines, Mark, MarkError, Points, Surface, Text, Volume
from .library import AnimationError, Canvas, Library, LibraryNotFound
from .shapes import arrows_mark, box_mark, curve_mark, grid_mark, sphere_mark
from .style import Style
from .words import Overlay, animate, draw, figure, film, marks, overlay, plot, show

__all__ = [
    "marks",
    "draw",
    "plot",
    "animate",
    "show",
    "overlay",
    "Overlay",
    "Animation",
    "figure",
    "film",
    "Mark",
    "Heatmap",
    "Arrows",
    "Points",
    "Lines",
    "Surface",
    "Volume",
    "Text",
    "MarkError",
    "grid_mark",
    "curve_mark",
    "arrows_mark",
    "box_mark",
    "sphere_mark",
    "Canvas",
    "Library",
    "LibraryNotFound",
    "AnimationError",
    "Style",
]
