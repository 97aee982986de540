"""The two words that connect anything with values in space to anything that has places in space."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = ["resample", "sample"]


@generic(on=("value", "geometry"))
def sample(value: Any, geometry: Any, at: str = "center", soft: bool = False, balance: float = 0.5) -> Any:
    """Values at places.

    Args:
        value: a field, a geometry (1 inside, 0 outside), a number, a tensor, a tuple (a vector), or a function of the
            position: of one vector tensor, or of one tensor for each axis.
        geometry: regions of space, or positions: tensor (…, vector).
        at: 'center' of the regions, or 'face' for the faces of grid cells.
        soft: for a geometry, the fraction of each region that lies inside instead of 1 or 0.
        balance: with `soft`, the value where the center of a region lies on the surface.

    Returns:
        Tensor with the dims of the places and those that `value` adds.

    Raises:
        NoMethod: no plugin knows how to sample this kind of value at this kind of place.
    """


@generic(on=("value", "to"))
def resample(value: Any, to: Any, keep_boundary: bool = False, soft: bool = False, balance: float = 0.5) -> Any:
    """`value` as a field of the kind and at the places of `to`.

    Args:
        value: whatever `sample` takes.
        to: a field; its values do not count.
        keep_boundary: with the boundary of `value`, if it is a field, instead of that of `to`.
        soft, balance: see `sample`.

    Returns:
        A field like `to`.
    """
