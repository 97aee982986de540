"""Fields and geometries: the words only.  Plugins hold the kinds of fields and geometries."""

from .field import Field
from .geometry import (
    Geometry,
    approximate_fraction_inside,
    approximate_signed_distance,
    bounding_radius,
    complement,
    join,
    lies_inside,
    moved,
    scaled,
    turned,
)
from .sample import resample, sample

__all__ = [
    "Field",
    "Geometry",
    "approximate_fraction_inside",
    "approximate_signed_distance",
    "bounding_radius",
    "complement",
    "join",
    "lies_inside",
    "moved",
    "resample",
    "sample",
    "scaled",
    "turned",
]
