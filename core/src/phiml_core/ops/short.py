"""Short forms of functions for dims of one type: `s2b`, `cpack`, `irange`, `csize`, …"""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.shape import Shape, batch, channel, dual, instance, primal, select, shape, spatial
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .fill import arange
from .join import concat
from .rename import rename_dims
from .reorder import pack_dims
from .repeat import expand

__all__ = [
    "b2i", "brange", "c2b", "c2d", "cpack", "crange", "csize", "d2i", "d2s", "dpack", "drange", "dsize", "i2b", "ipack", "irange",
    "isize", "p2d", "s2b", "si2d", "spack", "srange", "ssize", "tcat",
]  # fmt: skip


def _changed(value: Any, old: Callable[..., Any], new: Callable[..., Any]) -> Any:
    """All dims of a type as dims of another one, in tensors and trees."""
    from phiml_core.tree import tree_map

    def one(t: Tensor) -> Tensor:
        found = select(t.shape, old)
        return rename_dims(t, found, new(",".join(n.removeprefix("~") for n in found.names))) if found else t

    return tree_map(one, value)


def b2i(value: Any) -> Any:
    """`value` with its batch dims as instance dims."""
    return _changed(value, batch, instance)


def c2b(value: Any) -> Any:
    """`value` with its channel dims as batch dims."""
    return _changed(value, channel, batch)


def c2d(value: Any) -> Any:
    """`value` with its channel dims as dual dims."""
    return _changed(value, channel, dual)


def d2i(value: Any) -> Any:
    """`value` with its dual dims as instance dims."""
    return _changed(value, dual, instance)


def d2s(value: Any) -> Any:
    """`value` with its dual dims as spatial dims."""
    return _changed(value, dual, spatial)


def i2b(value: Any) -> Any:
    """`value` with its instance dims as batch dims."""
    return _changed(value, instance, batch)


def s2b(value: Any) -> Any:
    """`value` with its spatial dims as batch dims."""
    return _changed(value, spatial, batch)


def si2d(value: Any) -> Any:
    """`value` with its spatial and instance dims as dual dims."""
    return _changed(_changed(value, spatial, dual), instance, dual)


def p2d(value: Any) -> Any:
    """`value` with its primal dims (instance, spatial, channel) as dual dims."""
    return _changed(value, primal, dual)


def cpack(value: Any, packed_dim: Shape | str) -> Any:
    """`pack_dims` of all channel dims; the name of the new dim, or the dim itself."""
    return pack_dims(value, channel, packed_dim)


def dpack(value: Any, packed_dim: Shape | str) -> Any:
    """`pack_dims` of all dual dims."""
    return pack_dims(value, dual, packed_dim)


def ipack(value: Any, packed_dim: Shape | str) -> Any:
    """`pack_dims` of all instance dims."""
    return pack_dims(value, instance, packed_dim)


def spack(value: Any, packed_dim: Shape | str) -> Any:
    """`pack_dims` of all spatial dims."""
    return pack_dims(value, spatial, packed_dim)


def _range(kind: Callable[..., Shape], start: int, stop: dict[str, int]) -> Tensor:
    if len(stop) != 1:
        raise TypeError(f"A range runs along one dim, e.g. {kind.__name__[0]}range(x=3), not {len(stop)}.")
    [(name, end)] = stop.items()
    return arange(kind(name), start, end)


def brange(start: int = 0, **stop: int) -> Tensor:
    """Integers from `start` up to, not including, the given number along a batch dim: `brange(b=3)`."""
    return _range(batch, start, stop)


def crange(start: int = 0, **stop: int) -> Tensor:
    """Integers along a channel dim, see `brange`."""
    return _range(channel, start, stop)


def drange(start: int = 0, **stop: int) -> Tensor:
    """Integers along a dual dim, see `brange`."""
    return _range(dual, start, stop)


def irange(start: int = 0, **stop: int) -> Tensor:
    """Integers along an instance dim, see `brange`."""
    return _range(instance, start, stop)


def srange(start: int = 0, **stop: int) -> Tensor:
    """Integers along a spatial dim, see `brange`."""
    return _range(spatial, start, stop)


def csize(value: Any) -> Any:
    """Number of items along all channel dims of a shape or value."""
    return channel(shape(value)).volume


def dsize(value: Any) -> Any:
    """Number of items along all dual dims of a shape or value."""
    return dual(shape(value)).volume


def isize(value: Any) -> Any:
    """Number of items along all instance dims of a shape or value."""
    return instance(shape(value)).volume


def ssize(value: Any) -> Any:
    """Number of items along all spatial dims of a shape or value."""
    return spatial(shape(value)).volume


def tcat(
    values: Sequence[Any], dim_type: Callable[..., Any], expand_values: bool = False, default_name: str = "tcat"
) -> Any:
    """Tensors one after another along their dims of one type, which are packed; a tensor without such a dim is one item.

    Args:
        values: tensors or numbers.
        dim_type: `channel`, `spatial`, ….
        expand_values: add other dims that only some of the values have.
        default_name: name of the dim if no value has one of the type.

    >>> from phiml_core import math
    >>> math.tcat([math.wrap([1, 2]), 3], math.channel)
    (1, 2, 3) along (vectorᶜ=3)
    """
    tensors = [v if isinstance(v, Tensor) else wrap(v) for v in values]
    name = next((dim_type(t.shape).names[0] for t in tensors if dim_type(t.shape)), default_name)
    own = [
        pack_dims(t, dim_type, dim_type(name)) if dim_type(t.shape) else expand(t, dim_type(name).with_size(1))
        for t in tensors
    ]
    return concat(own, name, expand_values)
