"""Taking a tensor apart along dims."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.shape import Shape, Varying, select
from phiml_core.tensor.stacked import Stacked

__all__ = ["item_count", "unstack"]


@generic(on="value")
def unstack(value: Any, dim: Any) -> tuple[Any, ...]:
    """The items of `value` along one dim (or along all elements of several dims), as a tuple."""
    dims = select(value.shape, dim)
    if dims.rank != 1:
        items = (value,)
        for name in dims.names:
            items = tuple(part for item in items for part in unstack(item, name))
        return items
    return tuple(value[{dims.name: i}] for i in range(item_count(dims)))


def item_count(dim: Shape) -> int:
    """Number of items along one dim, whose size may vary along another one."""
    return len(dim.size) if isinstance(dim.size, Varying) else dim.size  # type: ignore[return-value]


@unstack.dispatch
def _(value: Stacked, dim):
    if select(value.shape, dim).names == (value.dim.name,):
        return value.components
    dims = select(value.shape, dim)
    items: tuple[Any, ...] = (value,)
    for name in dims.names:
        items = tuple(
            part
            for item in items
            for part in (
                item.components
                if isinstance(item, Stacked) and item.dim.name == name
                else [item[{name: i}] for i in range(item_count(item.shape[name]))]
            )
        )
    return items
