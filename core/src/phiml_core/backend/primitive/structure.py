"""Array words that move, join and select elements."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "reshape",
    "transpose",
    "broadcast_to",
    "getitem",
    "concat",
    "stack",
    "flip",
    "roll",
    "pad",
    "take",
    "gather",
    "scatter",
    "nonzero",
    "boolean_mask",
]

Array = Any


@generic(on="x")
def reshape(x: Array, sizes: tuple[int, ...]) -> Array:
    """The same values in row-major order with other sizes."""


@generic(on="x")
def transpose(x: Array, axes: tuple[int, ...]) -> Array:
    """The axes in another order."""


@generic(on="x")
def broadcast_to(x: Array, sizes: tuple[int, ...]) -> Array:
    """x repeated along axes of size 1 to the given sizes (of the same rank)."""


@generic(on="x")
def getitem(x: Array, index: tuple[Any, ...]) -> Array:
    """Basic indexing by ints, slices, None, and at most one Ellipsis; axes that the index does not reach stay whole."""


@generic(on="x")
def concat(x: Array, others: tuple[Array, ...], axis: int) -> Array:
    """x and the others one after another along an axis."""


@generic(on="x")
def stack(x: Array, others: tuple[Array, ...], axis: int) -> Array:
    """x and the others along a new axis."""


@generic(on="x")
def flip(x: Array, axes: tuple[int, ...]) -> Array:
    """x in reverse order along axes."""


@generic(on="x")
def roll(x: Array, shifts: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """x shifted cyclically along axes."""


@generic(on="x")
def pad(x: Array, widths: tuple[tuple[int, int], ...], mode: str, value: Any = 0) -> Array:
    """x with a margin; mode is 'constant' (with value), 'edge', 'wrap' or 'symmetric'."""


@generic(on="x")
def take(x: Array, indices: Array, axis: int) -> Array:
    """Items of x along an axis at integer positions, which must lie inside."""


@generic(on="x")
def gather(x: Array, indices: tuple[Array, ...]) -> Array:
    """x[i0, i1, …] for integer arrays of one shape (up to broadcasting), one per leading axis; positions must lie inside."""


@generic(on="base")
def scatter(base: Array, indices: tuple[Array, ...], values: Array, mode: str) -> Array:
    """base with values put to positions of its leading axes; mode is 'add', 'update', 'max' or 'min'; equal positions add up with 'add'."""


@generic
def nonzero(x: Array) -> Array:
    """Positions where x is true, as an integer array (count, rank)."""


@generic(on="x")
def boolean_mask(x: Array, mask: Array, axis: int) -> Array:
    """Items of x along an axis where a 1-D mask is true."""
