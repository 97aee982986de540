"""Functions of slices: called once for each item along some dims."""

import builtins
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from phiml_core.ops.join import stack
from phiml_core.ops.native import item
from phiml_core.ops.repeat import expand
from phiml_core.ops.slicing import slice_
from phiml_core.shape import EMPTY, Shape, merge_shapes, select, shape
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.tree import is_tree, tree_leaves

__all__ = ["map_"]


def map_(
    function: Callable[..., Any],
    *args: Any,
    dims: Any = shape,
    range: Callable[[int], Iterable[int]] = builtins.range,
    unwrap_scalars: bool = True,
    expand_results: bool = False,
    simplify: bool = False,
    map_name: str | None = None,
    **kwargs: Any,
) -> Any:
    """Call `function` on slices of the arguments and stack what it returns.

    The calls are made in Python one after the other, which any function allows; a function of tensors that treats batch dims
    independently computes all items at once if it is called without `map`.

    Args:
        function: called `dims.volume` times.  It returns a tensor, number or tree, or a tuple of several, or None.
        args, kwargs: tensors and trees of tensors are sliced along those of `dims` that they have; all else is passed as it is.
        dims: along which dims, by default all of the arguments.
        range: makes the iterator over the calls; `trange` of tqdm shows a progress bar.
        unwrap_scalars: pass tensors without dims as Python numbers, unless their values are not known or a derivative follows them.
        expand_results: also stack what is None or the same object for all calls, instead of returning it once.
        simplify: leave out dims along which all results are the same object.
        map_name: name of the call for messages; by default that of the function.

    Returns:
        The results stacked along `dims`, several as a tuple; None if all results are None.

    Raises:
        ValueError: there are no items.
        TypeError: results cannot be stacked.

    >>> from phiml_core import math
    >>> math.map_(lambda x: max(x, 2), math.wrap([1, 2, 3], math.spatial('x')))
    (2, 2, 3) along (xˢ=3)
    """
    name = map_name or str(getattr(function, "__name__", type(function).__name__))
    merged = merge_shapes(*[t.shape for t in tree_leaves([args, kwargs])])
    along = EMPTY if dims is None else select(merged, dims)
    if not along.volume:
        raise ValueError(f"map of {name}: there are no items along {along} of {merged}.")

    def at(value: Any, index: dict[str, Any]) -> Any:
        if not isinstance(value, Tensor) and not is_tree(value):
            return value
        own = shape_of(value)
        part = slice_(value, {n: i for n, i in index.items() if n in own.names})
        return _number(part) if unwrap_scalars and isinstance(part, Tensor) and not part.shape else part

    indices = list(along.meshgrid())
    results = []
    for i in range(along.volume):
        index = indices[i]
        results.append(function(*[at(a, index) for a in args], **{k: at(v, index) for k, v in kwargs.items()}))
    if isinstance(results[0], tuple) and not hasattr(results[0], "_fields"):
        columns = zip(*results, strict=True)
        return tuple([_joined(column, along, expand_results, simplify, name) for column in columns])
    return _joined(results, along, expand_results, simplify, name)


def shape_of(value: Any) -> Shape:
    """The merged shape of all tensors of a value."""
    return merge_shapes(*[t.shape for t in tree_leaves(value)])


def _number(value: Tensor) -> Any:
    """A tensor without dims as a Python number, unless a transform follows it."""
    native = as_dense(value).native_array
    if not value.available or value.backend.any_traced([native]):
        return value
    return item(value, "map")


def _joined(results: Sequence[Any], along: Shape, expand_results: bool, simplify: bool, name: str) -> Any:
    first = results[0]
    same = all(r is first for r in results)
    if same and first is None:
        return None
    if same and simplify and not expand_results:
        return first
    if same and isinstance(first, Tensor) and not expand_results:
        return expand(first, along)
    if not along:
        return first
    try:
        return _stacked(list(results), along)
    except TypeError as error:
        raise TypeError(
            f"map of {name}: results of type {type(first).__name__} cannot be stacked along {along} ({error})."
        ) from None


def _stacked(results: list[Any], along: Shape) -> Any:
    """Results in row-major order of `along` stacked, the last dim first."""
    for dim in reversed(list(along)):
        n = dim.size
        results = [stack(results[i : i + n], dim) for i in builtins.range(0, len(results), n)]
    return results[0]
