"""A block of a tensor: one slice along several dims in one step."""

from collections.abc import Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.math import Tensor
from phiml_core.ops.slicing import slice_range
from phiml_core.tensor import Dense, Stacked

__all__ = ["window"]


def window(value: Tensor, dims: tuple[str, ...], start: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """The items from `start` on, `sizes` many, along each of `dims`."""
    if type(value) is Dense:
        spec = value.spec
        key = ("window", dims, tuple(start), tuple(sizes))
        plan = spec._cache.get(key)
        if plan is None:
            out = spec
            index: list[Any] = [slice(None)] * spec.stored.rank
            for n, a, size in zip(dims, start, sizes, strict=True):
                out = out.resized(n, size)
                if n in spec.axes:
                    index[spec.axes[n]] = slice(a, a + size)
            plan = spec._cache[key] = (spec.backend.bind(primitive.getitem), tuple(index), out)
        getitem, place, out = plan
        return Dense(getitem(value.native_array, place), out)
    if isinstance(value, Stacked):
        return value.map(lambda c: window(c, dims, start, sizes))
    for n, a, size in zip(dims, start, sizes, strict=True):
        value = slice_range(value, n, slice(a, a + size))
    return value
