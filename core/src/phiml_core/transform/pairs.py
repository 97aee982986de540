"""Functions of pairs of elements."""

from collections.abc import Callable
from typing import Any

from phiml_core.ops.gather import gather
from phiml_core.ops.rename import rename_dims
from phiml_core.ops.repeat import store
from phiml_core.ops.sparse_format import is_sparse, to_format
from phiml_core.shape import ShapeError
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

__all__ = ["map_pairs"]


def map_pairs(map_function: Callable[[Any, Any], Any], values: Tensor, connections: Tensor) -> Tensor:
    """`map_function(a, b)` for all pairs of elements that are connected.

    Args:
        map_function: takes the values of the first and of the second elements of all pairs, and returns a tensor alike.
        values: has an instance or spatial dim of elements, e.g. (points, vector).
        connections: has that dim and the dual of it, (points, ~points).  Of a sparse tensor its stored positions are the pairs, of
            a dense one all.

    Returns:
        A tensor with the dims of `connections` (sparse if that is) and all others that `map_function` returns.

    Raises:
        ShapeError: `connections` does not connect elements of `values`.
    """
    columns = connections.shape.dual
    names = [n.removeprefix("~") for n in columns.names]
    if columns.rank != 1 or names[0] not in values.shape.names or names[0] not in connections.shape.names:
        raise ShapeError(
            f"map_pairs needs connections with a dual dim of the elements, e.g. (points, ~points), but got {connections.shape} "
            f"for values {values.shape}."
        )
    name = names[0]
    if not is_sparse(connections):
        return map_function(values, rename_dims(values, name, columns))
    listed: Any = to_format(connections, "coo")
    first, second = listed.pattern.numbers()
    result = map_function(gather(values, first, dims=name), gather(values, second, dims=name))
    return listed.with_values(as_dense(store(result, listed.pattern.lists)))
