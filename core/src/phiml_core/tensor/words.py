"""The four words a tensor layout implements, and the rank that decides which layout handles a mixture."""

from collections.abc import Sequence
from typing import Any

from phiml_core.dispatch import generic

__all__ = ["contract", "elementwise", "leader", "reduce", "restructure", "slice_dim"]


def leader(values: Sequence[Any]) -> Any:
    """The value whose layout has the highest rank; its method handles the whole operation."""
    return max(values, key=lambda v: getattr(type(v), "layout_rank", -1))


@generic(on="lead")
def elementwise(lead: Any, op: Any, values: tuple[Any, ...]) -> Any:
    """An element-wise operation on tensors of several layouts.

    Args:
        lead: the value with the highest layout rank among `values`; only its class counts.
        op: the operation, a callable of tensors with `name`; calling it on the inner tensors of a layout goes on with those.
        values: the operands: tensors and Python numbers.
    """


@generic(on="lead")
def reduce(lead: Any, op: Any, dims: Any) -> Any:
    """A reduction of `lead` over the dims that `dims` selects.

    Args:
        lead: the tensor.
        op: the reduction; `op(inner, dims)` goes on with the inner tensor of a layout.  Its `name` is 'sum', 'prod', 'mean', 'max',
            'min', 'any' or 'all', or along one dim 'argmax', 'argmin' (positions), 'cumsum' or 'sort' (which keep the dim).
        dims: names, shape or filter.
    """


@generic(on="lead")
def restructure(lead: Any, op: Any, values: tuple[Any, ...], args: tuple[Any, ...]) -> Any:
    """An operation that moves, repeats, leaves out or mixes the elements of tensors alike: slice, stack, rename, pad, gather,
    and linear maps of one tensor: interpolation, Fourier transforms, ….

    Args:
        lead: the value with the highest layout rank; only its class counts.
        op: the function itself; `op(*inner_values, *args)` goes on with the inner tensors of a layout.  Its `__name__` says what it
            does.
        values: the tensors.
        args: all further arguments.
    """


@generic(on="lead")
def contract(lead: Any, op: Any, values: tuple[Any, ...], args: tuple[Any, ...]) -> Any:
    """A sum of products over dims of two tensors of several layouts.

    Args:
        lead: the value with the highest layout rank; only its class counts.
        op: the function itself, such as `dot`; `op(x, args[0], y, args[1])` goes on with the inner tensors of a layout.
        values: the tensors x and y.
        args: the dims of each that are summed over.
    """


@generic(on="value")
def slice_dim(value: Any, name: str, item: Any) -> Any:
    """The part of `value` along one dim: what `t.x[item]` calls.

    Args:
        value: tensor with the dim.
        name: name of the dim.
        item: a position (negative from the end), an item name (`'x'`), several (`'x,y'`), a slice, a sequence of positions or names,
            a boolean or integer tensor.

    Raises:
        UnknownDim: `value` has no such dim.
        ItemNameError: no such item.
        IndexError: the position lies outside.
    """
