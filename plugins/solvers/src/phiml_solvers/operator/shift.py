"""Neighbours along one dim of a grid: padding by zeros, differences."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.precision import current
from phiml_core.math import pad, roll
from phiml_core.ops.layouts import has_own_layout
from phiml_core.ops.repeat import store
from phiml_core.shape import Shape, ShapeError
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

__all__ = [
    "barrier",
    "check_fits",
    "check_sizes",
    "difference",
    "exactly_stored",
    "neighbour_sum",
    "rolled",
    "stored",
    "stored_on",
    "with_ends",
]


def stored(x: Tensor, dims: tuple[str, ...]) -> Dense:
    """x as one array that stores `dims`, as floats of the precision of the context; a layout of its own stays as it is."""
    if type(x) is not Dense and has_own_layout(x):
        return x  # type: ignore[return-value]
    if type(x) is not Dense or any([n not in x.spec.axes for n in dims]):
        x = as_dense(store(x, ",".join(dims)))
    target = current().floating(complex) if x.spec.dtype.kind is complex else current().float
    if x.spec.dtype is target:
        return x
    return Dense(x.backend.bind(primitive.astype)(x.native_array, target), x.spec.with_dtype(target))


def exactly_stored(x: Tensor, dims: tuple[str, ...]) -> Dense:
    """`stored`, but integers stay integers."""
    if x.dtype.kind in (float, complex) or has_own_layout(x):
        return stored(x, dims)
    return as_dense(store(x, ",".join(dims)))


_FITTING: set[tuple[Shape, Shape]] = set()
"""Shapes of tensors and the grids that they have been found to fit."""


def check_fits(x: Tensor, grid: Shape) -> None:
    """Raises ShapeError if x lacks dims of a grid, or has them with other sizes."""
    if (x.shape, grid) not in _FITTING:
        if any([n not in x.shape.names or x.shape.get_size(n) != grid.get_size(n) for n in grid.names]):
            raise ShapeError(
                f"This operator acts on tensors along {grid}, not {x.shape}.  Slice, resample or expand the tensor."
            )
        if len(_FITTING) > 4096:
            _FITTING.clear()
        _FITTING.add((x.shape, grid))


def check_sizes(x: Tensor, dims: Shape) -> None:
    """Raises ShapeError if x has some of the dims with other sizes; along those it lacks it is taken to be constant."""
    if any([n in x.shape.names and x.shape.get_size(n) != dims.get_size(n) for n in dims.names]):
        raise ShapeError(
            f"This operator acts on tensors along {dims}, not {x.shape}.  Slice, resample or expand the tensor."
        )


def stored_on(x: Tensor, grid: Shape) -> Dense:
    """x as one array of floats that stores the dims of a grid.  Raises ShapeError as `check_fits` does."""
    check_fits(x, grid)
    return stored(x, grid.names)


def barrier(*xs: Dense) -> list[Dense]:
    """The same tensors; inside compiled code they are computed once, not again for each neighbour that is read."""
    backend = xs[0].backend
    if not all(type(x) is Dense for x in xs):
        return list(xs)
    if not any(backend.is_traced(x.native_array) for x in xs):
        return list(xs)
    arrays = backend.barrier(tuple([x.native_array for x in xs]))
    return [Dense(a, x.spec) for a, x in zip(arrays, xs)]


def _planned(x: Dense, key: Any, make: Any) -> Dense:
    """Run a program kept with the spec of x: `make(spec)` returns the program on arrays and the new spec."""
    spec = x.spec
    plan = spec._cache.get(key)
    if plan is None:
        program, out = make(spec)
        plan = spec._cache[key] = spec.backend.fuse(program, spec.wide), out
    return Dense(plan[0](x.native_array), plan[1])


def with_ends(x: Dense, dim: str, lower: int, upper: int) -> Dense:
    """x with `lower` zeros before and `upper` zeros after it along one dim."""
    if not lower and not upper:
        return x
    if type(x) is not Dense:
        return pad(x, {dim: (lower, upper)}, 0)

    def make(spec: Any) -> Any:
        pad, axis = spec.backend.bind(primitive.pad), spec.axes[dim]
        widths = tuple((lower, upper) if a == axis else (0, 0) for a in range(len(spec.axes)))
        return (lambda array: pad(array, widths, "constant", 0)), spec.resized(
            dim, spec.shape.get_size(dim) + lower + upper
        )

    return _planned(x, ("ends", dim, lower, upper), make)


def difference(x: Dense, dim: str) -> Dense:
    """Each value minus the one before it along one dim; one value less than x has."""
    if type(x) is not Dense:
        return x[{dim: slice(1, None)}] - x[{dim: slice(None, -1)}]
    return _planned(x, ("difference", dim), lambda spec: _pairs(spec, dim, primitive.subtract))


def neighbour_sum(x: Dense, dim: str) -> Dense:
    """Each value plus the one before it along one dim; one value less than x has."""
    if type(x) is not Dense:
        return x[{dim: slice(1, None)}] + x[{dim: slice(None, -1)}]
    return _planned(x, ("sum", dim), lambda spec: _pairs(spec, dim, primitive.add))


def _pairs(spec: Any, dim: str, word: Any) -> Any:
    getitem, combine = spec.backend.bind(primitive.getitem), spec.backend.bind(word)
    axis = spec.axes[dim]
    upper, lower = ((*(slice(None),) * axis, part) for part in (slice(1, None), slice(None, -1)))
    return (lambda a: combine(getitem(a, upper), getitem(a, lower))), spec.resized(dim, spec.shape.get_size(dim) - 1)


def rolled(x: Dense, dim: str, shift: int) -> Dense:
    """x shifted cyclically by one cell along one dim: the value at i goes to i + shift, shift being 1 or -1."""
    if type(x) is not Dense:
        return roll(x, {dim: shift})

    def make(spec: Any) -> Any:
        getitem, concat = spec.backend.bind(primitive.getitem), spec.backend.bind(primitive.concat)
        axis = spec.axes[dim]
        cut = -1 if shift == 1 else 1
        first = (*(slice(None),) * axis, slice(cut, None))
        last = (*(slice(None),) * axis, slice(None, cut))
        return (lambda a: concat(getitem(a, first), (getitem(a, last),), axis)), spec

    return _planned(x, ("rolled", dim, shift), make)
