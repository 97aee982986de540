"""Complement: all of space outside a geometry."""

from typing import Any

from phiml_core.field import (
    Geometry,
    approximate_fraction_inside,
    approximate_signed_distance,
    bounding_radius,
    complement,
    lies_inside,
    moved,
    turned,
)
from phiml_core.shape import Shape

__all__ = ["Complement"]


class Complement(Geometry):
    """All positions outside a geometry; made by `~geometry`."""

    __value_attrs__ = ("geometry",)
    geometry: Any

    def __init__(self, geometry: Geometry):
        self.geometry = geometry

    @property
    def shape(self) -> Shape:
        return self.geometry.shape

    @property
    def center(self) -> Any:
        return self.geometry.center

    @property
    def volume(self) -> Any:
        return self.geometry.volume * 0 + float("inf")


@complement.dispatch
def _(geometry: Geometry):
    return Complement(geometry)


@complement.dispatch
def _(geometry: Complement):
    return geometry.geometry


@approximate_signed_distance.dispatch
def _(geometry: Complement, location):
    return -approximate_signed_distance(geometry.geometry, location)


@lies_inside.dispatch
def _(geometry: Complement, location):
    return ~lies_inside(geometry.geometry, location)


@approximate_fraction_inside.dispatch
def _(geometry: Complement, other: Geometry, balance):
    return 1.0 - approximate_fraction_inside(geometry.geometry, other, 1 - balance)


@bounding_radius.dispatch
def _(geometry: Complement):
    return geometry.volume


@moved.dispatch
def _(geometry: Complement, delta):
    return Complement(moved(geometry.geometry, delta))


@turned.dispatch
def _(geometry: Complement, rotation, pivot):
    return Complement(turned(geometry.geometry, rotation, pivot))
