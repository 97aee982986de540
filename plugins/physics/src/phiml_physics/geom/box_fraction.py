"""How much of the cells and faces of a grid lies inside a box: exact."""

from typing import Any

from phiml_core import math
from phiml_core.field import approximate_fraction_inside
from phiml_core.shape import Shape

from .box import Box
from .uniform_grid import UniformGrid
from .vectors import check_vector

__all__: list[str] = []


@approximate_fraction_inside.dispatch
def _(geometry: Box, other: UniformGrid, balance):
    center = check_vector(other.center, geometry.vector.item_names or (), "The cells of a grid")
    fraction: Any = 1.0
    for name, dx in zip(other.names, other.spacing, strict=True):
        middle, low, up = (v[{"vector": name}] for v in (center, geometry.lower, geometry.upper))
        if name == other.normal:
            part = math.to_float((middle >= low) & (middle <= up))
        else:
            below, above = math.maximum(low, middle - 0.5 * dx), math.minimum(up, middle + 0.5 * dx)
            part = math.clip((above - below) * (1 / dx), 0.0, 1.0)
        fraction = fraction * part
    parts: Shape = geometry.shape.instance.without(other.shape)
    return math.minimum(math.sum_(fraction, parts), 1.0) if parts else fraction
