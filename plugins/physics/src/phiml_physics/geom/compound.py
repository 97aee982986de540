"""What geometries made of several others have in common."""

from typing import Any

from phiml_core.field import Geometry, moved, turned

from .errors import GeometryError

__all__ = ["Compound", "listed"]


class Compound(Geometry):
    """Several geometries as one, which move and turn together."""

    __value_attrs__ = ("parts",)
    parts: tuple[Any, ...]

    def __init__(self, parts: tuple[Geometry, ...]):
        self.parts = parts


def listed(geometries: tuple[Any, ...], what: str, conflict: str) -> tuple[Geometry, ...]:
    """Geometries given one by one or as one sequence.

    Args:
        what: what is made of them, with its article.
        conflict: what to say of geometries of other axes, `{axes}` being the lists of their names.

    Raises:
        GeometryError: no geometry is given, or their spaces have different axes.
    """
    if len(geometries) == 1 and isinstance(geometries[0], (tuple, list)):
        geometries = tuple(geometries[0])
    if not geometries:
        raise GeometryError(f"{what} needs at least one geometry.")
    axes = {g.vector.item_names for g in geometries}
    if len(axes) > 1:
        found = " and ".join(",".join(a or ()) for a in axes)
        raise GeometryError(
            f"{conflict.format(axes=found)}  Give all their centers and corners with the same axes in the same order."
        )
    return geometries


@moved.dispatch
def _(geometry: Compound, delta):
    return type(geometry)(tuple(moved(p, delta) for p in geometry.parts))


@turned.dispatch
def _(geometry: Compound, rotation, pivot):
    """As one body, about its center."""
    pivot = geometry.center if pivot is None else pivot
    return type(geometry)(tuple(turned(p, rotation, pivot) for p in geometry.parts))
