"""Quantiles of values along dims."""

from typing import Any

from phiml_core.shape import Shape, ShapeError, channel, instance, non_batch, select
from phiml_core.tensor.tensor import Tensor

from .along import sort
from .create import wrap
from .elementwise import is_nan, where
from .reorder import pack_dims
from .slicing import select_positions

__all__ = ["median", "quantile"]


def quantile(value: Tensor, quantiles: Any, dim: Any = non_batch) -> Tensor:
    """The values below which given fractions of the values along dims lie, interpolated linearly between values; NaN where one of
    the values is.

    Args:
        value: tensor.
        quantiles: number from 0 to 1, or a sequence (along `instance('quantiles')`), or a tensor of one dim.
        dim: dims that the values are taken from: names, shape or filter.

    Raises:
        ValueError: a quantile is not from 0 to 1.
        ShapeError: `dim` selects none of the dims.
    """
    found = select(value.shape, dim)
    if not found:
        raise ShapeError(f"quantile needs dims to take values from, but {dim!r} selects none of {value.shape}.")
    along: Shape | None = None
    if isinstance(quantiles, (tuple, list)):
        quantiles = wrap(list(quantiles), instance("quantiles"))
    if isinstance(quantiles, Tensor) and quantiles.rank:
        along = quantiles.shape[0]
    numbers = [float(q) for q in quantiles] if along else [float(quantiles)]
    if any(not 0 <= q <= 1 for q in numbers):
        raise ValueError(f"Quantiles are fractions from 0 to 1, not {numbers}.  Divide percentages by 100.")
    ordered = sort(pack_dims(value, found, channel("_values")), "_values")
    last = found.volume - 1
    lower = tuple(int(q * last) for q in numbers)
    upper = tuple(min(i + 1, last) for i in lower)
    rest = [q * last - i for q, i in zip(numbers, lower, strict=True)]
    a, b = (select_positions(ordered, "_values", i) for i in (lower, upper))
    result = a + wrap(rest, channel("_values")) * (b - a)
    if ordered.dtype.kind is float:
        largest = ordered[{"_values": last}]
        result = where(is_nan(largest), largest, result)
    return result[{"_values": 0}] if along is None else _renamed(result, along)


def _renamed(value: Tensor, dim: Shape) -> Tensor:
    from .rename import rename_dims

    return rename_dims(value, "_values", dim)


def median(value: Tensor, dim: Any = non_batch) -> Tensor:
    """The middle one of the values along dims, the mean of the middle two if their number is even."""
    return quantile(value, 0.5, dim)
