"""Vectors of space: made from what users write, checked for the order of their components."""

from typing import Any

from phiml_core import math
from phiml_core.math import Tensor, channel
from phiml_core.shape import Shape

from .errors import GeometryError

__all__ = ["check_vector", "over_instances", "space_vector", "turned_point"]


def space_vector(value: Any, names: tuple[str, ...], what: str) -> Tensor:
    """A number, sequence or tensor as a vector with one component for each axis of space.

    Raises:
        GeometryError: as many components as axes are expected, in the order of the axes.
    """
    dim = channel(vector=names)
    if isinstance(value, (tuple, list)):
        if len(value) != len(names):
            raise GeometryError(f"{what} has {len(value)} components, expected one for each of {', '.join(names)}.")
        return math.wrap(list(value), dim)
    value = value if isinstance(value, Tensor) else math.wrap(value)
    if "vector" not in value.shape.names:
        return math.expand(value, dim)
    return check_vector(value, names, what)


def check_vector(value: Tensor, names: tuple[str, ...], what: str) -> Tensor:
    """`value` with the names of its components, which must be those of the axes of space in the same order."""
    given = value.shape.get_item_names("vector")
    size = value.shape.get_size("vector")
    if given is None and size == len(names):
        return math.rename_dims(value, "vector", channel(vector=names))
    if given != names:
        shown = ",".join(given) if given else f"{size} without names"
        remedy = (
            f"Reorder them: vector['{','.join(names)}']."
            if given and sorted(given) == sorted(names)
            else f"Make one with vec({', '.join(f'{n}=…' for n in names)})."
        )
        raise GeometryError(f"{what} has the components {shown}, expected {','.join(names)} as space has.  {remedy}")
    return value


def over_instances(value: Tensor, geometry: Shape, location: Shape, reduction: Any) -> Tensor:
    """`value` reduced over the dims that count the parts of one geometry."""
    parts = geometry.instance.without(location)
    return reduction(value, parts) if parts else value


def turned_point(point: Tensor, rotation: Tensor, pivot: Any) -> Tensor:
    """Points (…, vector) after a rotation (vector, ~vector) about another one."""
    pivot = space_vector(pivot, point.shape.get_item_names("vector") or (), "A pivot")
    return math.rotate_vector(point - pivot, rotation) + pivot
