"""The largest magnitude of several arrays."""

import functools
from collections.abc import Sequence

from phiml_core import math
from phiml_core.math import Tensor, instance, spatial
from phiml_core.tensor import Dense

__all__ = ["peak"]

_SMALL = 2**14


def peak(values: Sequence[Tensor]) -> Tensor:
    """The largest magnitude over the spatial dims of several tensors.

    In compiled programs, small arrays are joined first: one reduction instead of several, which cost more than their numbers.
    """
    joined = [v for v in values if _joins(v)]
    if len(joined) > 1 and sum(v.shape.volume for v in joined) <= _SMALL:  # type: ignore[misc]
        lines = [math.pack_dims(v, v.shape, instance("line")) for v in joined]
        found = [math.max_(abs(math.concat(lines, "line")), "line")]
        found += [math.max_(abs(v), spatial) for v in values if not _joins(v)]
    else:
        found = [math.max_(abs(v), spatial) for v in values]
    return functools.reduce(math.maximum, found)


def _joins(value: Tensor) -> bool:
    return type(value) is Dense and not value.available and value.spec.stored.rank > 0 and not value.shape.non_spatial
