"""Geometries of another size: methods of the word `scaled`."""

from typing import Any

from phiml_core.field import Geometry, moved, scaled

from .box import Box
from .complement import Complement
from .embedded import Embedded
from .image import Image
from .intersection import Intersection
from .rotated import Rotated
from .sphere import Sphere
from .union import Union
from .vectors import space_vector

__all__: list[str] = []


def _place(geometry: Geometry, factor: Any, pivot: Any) -> Any:
    """Where the middle of a region goes."""
    if pivot is None:
        return geometry.center
    fixed = space_vector(pivot, geometry.vector.item_names or (), "A pivot")
    return fixed + (geometry.center - fixed) * factor


@scaled.dispatch
def _(geometry: Sphere, factor, pivot):
    return Sphere(_place(geometry, factor, pivot), geometry.radius * factor)


@scaled.dispatch
def _(geometry: Box, factor, pivot):
    center, half = _place(geometry, factor, pivot), geometry.half_size * factor
    return Box(center - half, center + half)


@scaled.dispatch
def _(geometry: Image, factor, pivot):
    box = scaled(geometry.bounds, factor, pivot)
    return Image(geometry.picture, box.lower, box.upper)


@scaled.dispatch
def _(geometry: Complement, factor, pivot):
    return Complement(scaled(geometry.geometry, factor, pivot))


@scaled.dispatch
def _(geometry: Rotated, factor, pivot):
    return Rotated(scaled(geometry.geometry, factor, pivot), geometry.rotation)


@scaled.dispatch
def _(geometry: Embedded, factor, pivot):
    center = _place(geometry, factor, pivot)
    inner = scaled(geometry.geometry, factor, None)
    return moved(Embedded(inner, geometry.axes, geometry.middle), center - geometry.center)


@scaled.dispatch
def _(geometry: Union | Intersection, factor, pivot):
    """As one body, about its middle."""
    pivot = geometry.center if pivot is None else pivot
    return type(geometry)(tuple(scaled(p, factor, pivot) for p in geometry.parts))
