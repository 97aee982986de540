"""Geometry: a region of space, or many of them along dims.  The words that a kind of geometry implements."""

from typing import Any, Self

from phiml_core.dispatch import generic
from phiml_core.shape import Shape

__all__ = [
    "Geometry",
    "approximate_fraction_inside",
    "approximate_signed_distance",
    "bounding_radius",
    "complement",
    "join",
    "lies_inside",
    "moved",
    "scaled",
    "turned",
]


class Geometry:
    """A region of space, such as a ball, a box, or the cells of a grid (one region per cell).

    A kind of geometry is a subclass that names its values in `__value_attrs__`, has the attributes below, and writes
    methods of the words of this module.  All dims but the channel dim `vector` count regions.
    """

    __slots__ = ("__weakref__",)

    @property
    def shape(self) -> Shape:
        """Dims that count regions, and the channel dim `vector` with the names of the axes of space as item names."""
        raise NotImplementedError

    @property
    def center(self) -> Any:
        """Position of the middle of each region: tensor (…, vector) in length."""
        raise NotImplementedError

    @property
    def volume(self) -> Any:
        """Length, area or volume of each region: tensor (…)."""
        raise NotImplementedError

    @property
    def vector(self) -> Shape:
        """The dim of space, with the names of its axes."""
        return self.shape["vector"]

    @property
    def spatial_rank(self) -> int:
        """Number of axes of space."""
        return len(self.shape.get_item_names("vector") or ())

    def lies_inside(self, location: Any) -> Any:
        """Whether positions (…, vector) lie inside; see the word `lies_inside`."""
        return lies_inside(self, location)

    def approximate_signed_distance(self, location: Any) -> Any:
        """Distance of positions (…, vector) from the surface, negative inside; see the word of the same name."""
        return approximate_signed_distance(self, location)

    def approximate_fraction_inside(self, other_geometry: "Geometry", balance: float = 0.5) -> Any:
        """How much of each region of another geometry lies inside, 0 to 1; see the word of the same name."""
        return approximate_fraction_inside(self, other_geometry, balance)

    def bounding_radius(self) -> Any:
        """Radius of a ball around `center` that holds each region."""
        return bounding_radius(self)

    def at(self, center: Any) -> Self:
        """The same geometry with its middle elsewhere: tensor (…, vector)."""
        return moved(self, center - self.center)

    def shifted(self, delta: Any) -> Self:
        """The same geometry moved by a vector."""
        return moved(self, delta)

    def rotated(self, rotation: Any, pivot: Any = None) -> "Geometry":
        """The same geometry turned counter-clockwise.

        Args:
            rotation: an angle in radians in the plane, a vector along the axis whose length is the angle in space, or a matrix
                (vector, ~vector).
            pivot: point that stays in place (vector); by default the middle of each region.
        """
        from phiml_core.ops.rotation import rotation_matrix

        return turned(self, rotation_matrix(rotation, self.vector), pivot)

    def scaled(self, factor: Any, pivot: Any = None) -> Self:
        """The same geometry larger by a factor, about the middle of each region unless a pivot is given."""
        return scaled(self, factor, pivot)

    def __invert__(self) -> "Geometry":
        return complement(self)

    def __or__(self, other: "Geometry") -> "Geometry":
        return join(self, other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.shape}"


@generic(on="geometry")
def approximate_signed_distance(geometry: Any, location: Any) -> Any:
    """Distance of positions from the surface, in length: negative inside; zero exactly on the surface, elsewhere it
    may be a lower bound of the magnitude.

    Args:
        geometry: if it has several regions along an instance dim, the distance from their union.
        location: tensor (…, vector).

    Returns:
        Tensor (…).
    """


@generic(on="geometry")
def lies_inside(geometry: Any, location: Any) -> Any:
    """Whether positions (…, vector) lie inside a geometry or on its surface: tensor (…) of booleans."""
    return approximate_signed_distance(geometry, location) <= 0


@generic(on="geometry")
def bounding_radius(geometry: Any) -> Any:
    """Radius of a ball around the `center` of each region that holds it: tensor (…) in length."""


@generic
def approximate_fraction_inside(geometry: Any, other: Any, balance: float = 0.5) -> Any:
    """How much of each region of `other` lies inside `geometry`: tensor (…), 0 to 1.

    Without a more exact method it falls linearly with the distance of the center of the region from the surface.

    Args:
        geometry: any geometry.
        other: regions, such as the cells of a grid.
        balance: value for a region whose center lies on the surface.
    """
    from phiml_core.ops.elementwise import clip

    distance = approximate_signed_distance(geometry, other.center)
    return clip(balance - distance / bounding_radius(other), 0.0, 1.0)


@generic(on="geometry")
def moved(geometry: Any, delta: Any) -> Any:
    """The geometry shifted by a vector: tensor (…, vector) or (vector), in length."""


@generic(on="geometry")
def turned(geometry: Any, rotation: Any, pivot: Any) -> Any:
    """The geometry turned about a point.

    Args:
        rotation: matrix (vector, ~vector).
        pivot: point (…, vector) that stays in place, or None for the middle of each region.
    """


@generic(on="geometry")
def scaled(geometry: Any, factor: Any, pivot: Any = None) -> Any:
    """The geometry larger by a factor.

    Args:
        factor: positive number or tensor (…), the same along all axes.
        pivot: point (…, vector) that stays in place, or None for the middle of each region.
    """


@generic
def complement(geometry: Any) -> Any:
    """All of space outside a geometry: `~geometry`."""


@generic
def join(geometry: Any, other: Any) -> Any:
    """What lies in one of two geometries or in both: `geometry | other`."""
