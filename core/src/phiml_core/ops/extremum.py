"""Values where others are largest or smallest, closest, equal."""

from typing import Any

from phiml_core.shape import Shape, channel, dual, non_batch, shape
from phiml_core.tensor.tensor import Tensor

from .along import argmax, argmin
from .create import wrap
from .reduce import all_, any_, sum_
from .rename import rename_dims

__all__ = [
    "at_max", "at_min", "contains", "count_occurrences", "find_closest", "pairwise_differences", "pairwise_distances", "vectors_equal",
]  # fmt: skip


def at_max(value: Any, key: Tensor, dim: Any = non_batch) -> Any:
    """The items of `value` at the positions where `key` is largest.

    Args:
        value: tensor or tree of tensors.
        key: tensor; the first of several largest values counts.
        dim: dims to look along: names, shape or filter.

    >>> from phiml_core import math
    >>> math.at_max(math.wrap([7, 8, 9], math.spatial('x')), math.wrap([0, 5, 1], math.spatial('x')), 'x')
    8
    """
    return _at(value, key, dim, argmax)


def at_min(value: Any, key: Tensor, dim: Any = non_batch) -> Any:
    """The items of `value` at the positions where `key` is smallest, see `at_max`."""
    return _at(value, key, dim, argmin)


def _at(value: Any, key: Tensor, dim: Any, position: Any) -> Any:
    from .slicing import slice_

    place = position(key, dim, channel("_index"))
    return slice_(value, {n: place[{"_index": n}] for n in place.shape.get_item_names("_index")})


def vectors_equal(a: Any, b: Any) -> Tensor:
    """Where vectors agree in all components along the channel dims that both have."""
    equal = a == b
    return all_(equal, channel(shape(a)).only(shape(b)))


def count_occurrences(values: Tensor, query: Any, list_dims: Any = None) -> Tensor:
    """How often `query` is among `values`: numbers, or vectors if both have channel dims of the same names.

    Args:
        values: tensor.
        query: tensor or number; its other dims are kept.
        list_dims: dims of `values` to look along, by default its instance and spatial dims (else all but batch dims).
    """
    return _matches(values, query, list_dims, sum_)


def contains(values: Tensor, query: Any, list_dims: Any = None) -> Tensor:
    """Whether `query` is among `values`, see `count_occurrences`."""
    return _matches(values, query, list_dims, any_)


def _matches(values: Tensor, query: Any, list_dims: Any, reduced: Any) -> Tensor:
    query = query if isinstance(query, Tensor) else wrap(query)
    components = channel(values.shape).only(channel(query.shape))
    if list_dims is None:
        outer = values.shape.without(components).non_batch.non_channel
        found = outer if outer else values.shape.without(components).non_batch
    else:
        found = values.shape.only(list_dims)
    hidden = {n: f"_list_{n.removeprefix('~')}" for n in found.names}
    listed = rename_dims(values, found, list(hidden.values())) if found else values
    same = vectors_equal(listed, query) if components else listed == query
    return reduced(same, list(hidden.values())) if found else reduced(same, [])


def pairwise_differences(positions: Tensor) -> Tensor:
    """Vectors from each point (rows) to each other one (columns, along dual dims).

    Args:
        positions: vectors along the channel dim, points along instance (or spatial) dims.

    Returns:
        Tensor of the dims of `positions` and dual ones of the same names: `positions` of the column minus those of the row.
    """
    points = positions.shape.non_batch.non_channel.non_dual
    return rename_dims(positions, points, dual(",".join(points.names))) - positions


def pairwise_distances(positions: Tensor) -> Tensor:
    """The same as `pairwise_differences`, by the name that users of PhiML know."""
    return pairwise_differences(positions)


def find_closest(vectors: Tensor, query: Tensor, index_dim: Shape | None = None) -> Tensor:
    """Position of the vector that is closest to each query.

    Args:
        vectors: vectors along the channel dims, listed along instance or spatial dims.
        query: vectors along the same channel dims; its other dims are kept.
        index_dim: dim that lists the position along each dim of `vectors`, see `argmin`.

    All pairs of vectors and queries are compared.
    """
    listed = vectors.shape.non_batch.non_channel
    hidden = rename_dims(vectors, listed, [f"_list_{n}" for n in listed.names])
    apart = sum_((hidden - query) ** 2, channel(query.shape))
    place = argmin(apart, [f"_list_{n}" for n in listed.names], index_dim)
    if listed.rank < 2 and index_dim is None:
        return place
    name = index_dim.name if index_dim is not None else "index"
    return rename_dims(place, name, channel(**{name: listed.names}))
