"""Operations on all values along one dim: running sums, order, and the place of the largest."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.dtype import as_dtype
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, UnknownDim, channel, select
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import reduce

from .layouts import has_own_layout
from .reduce import total_type
from .repeat import store

__all__ = ["argmax", "argmin", "cumulative_sum", "sort"]


class AlongDim:
    """An operation on all values along one dim: its array word, whether the dim is kept, and the kind of the result."""

    __slots__ = ("keep", "kind", "name", "primitive")

    def __init__(self, name: str, keep: bool, kind: Any = None):
        self.name, self.primitive, self.keep, self.kind = name, getattr(primitive, name), keep, kind

    def __call__(self, value: Tensor, dim: Any) -> Any:
        return reduce(value, self, dim) if has_own_layout(value) else _along(self, as_dense(value), dim)

    def __repr__(self) -> str:
        return self.name


ARGMAX, ARGMIN = AlongDim("argmax", keep=False, kind=int), AlongDim("argmin", keep=False, kind=int)
CUMSUM, SORT = AlongDim("cumsum", keep=True), AlongDim("sort", keep=True)


def _along(op: AlongDim, block: Dense, dim: Any) -> Dense:
    spec = block.spec
    found = select(spec.shape, dim)
    if found.rank != 1:
        raise UnknownDim(f"{op.name} works along one dim, but {dim!r} selects {found} of {spec.shape}.")
    name = found.name
    if name not in spec.axes:
        block = as_dense(store(block, name))
        spec = block.spec
    axis = spec.axes[name]
    backend = spec.backend
    bound = backend.bind(op.primitive)
    dtype = spec.dtype if op.kind is None else as_dtype(op.kind, current().bits)
    astype = backend.bind(primitive.astype)
    if op is CUMSUM and (total := total_type(dtype, current())) is not dtype:
        dtype = total
        run = backend.fuse(lambda x: bound(astype(x, dtype), axis), spec.wide or dtype.precision == 64)
    else:
        run = backend.fuse(lambda x: astype(bound(x, axis), dtype), spec.wide or dtype.precision == 64)
    out = spec if op.keep else spec.without(name)
    return Dense(run(block.native_array), out.with_dtype(dtype))


def argmax(value: Tensor, dim: Any, index_dim: Shape | None = None) -> Tensor:
    """Position of the first largest value along dims.

    Args:
        value: tensor.
        dim: one or several dims: names, shape or filter.
        index_dim: channel dim that lists the position along each dim, by its name, so that `value[argmax(value, …)]` is the largest
            value.  Without it the position along a single dim is a number, positions along several are listed along 'index'.

    >>> from phiml_core import math
    >>> grid = math.wrap([[1, 5, 2], [7, 3, 3]], math.spatial('x,y'))
    >>> math.argmax(grid, 'y'), math.argmax(grid, 'x,y')
    ((1, 0) along (xˢ=2), (x=1, y=0))
    """
    return _position(ARGMAX, value, dim, index_dim)


def argmin(value: Tensor, dim: Any, index_dim: Shape | None = None) -> Tensor:
    """Position of the first smallest value along dims; see `argmax`."""
    return _position(ARGMIN, value, dim, index_dim)


def _position(op: AlongDim, value: Tensor, dim: Any, index_dim: Shape | None) -> Tensor:
    from .join import stack
    from .reorder import pack_dims

    found = select(value.shape, dim)
    if found.rank < 2 and index_dim is None:
        return op(value, dim)
    index = (channel("index") if index_dim is None else index_dim).with_size(found.names)
    if found.rank == 1:
        return stack([op(value, found)], index)
    rest = op(pack_dims(value, found, channel("_values")), "_values")
    places = []
    for size in reversed(found.sizes):
        places.append(rest % size)
        rest = rest // size
    return stack(places[::-1], index)


def cumulative_sum(value: Tensor, dim: Any) -> Tensor:
    """Running sum along one dim."""
    return CUMSUM(value, dim)


def sort(value: Tensor, dim: Any) -> Tensor:
    """The values in ascending order along one dim."""
    return SORT(value, dim)
