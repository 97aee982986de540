"""Reductions over named dims and dim types."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.dtype import BOOL, DType
from phiml_core.backend.precision import Precision, current
from phiml_core.shape import Shape, UnknownDim, Varying, non_batch, select
from phiml_core.tensor.align import chain
from phiml_core.tensor.arithmetic import OPS
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import reduce

from .create import wrap
from .repeat import expand

__all__ = [
    "all_", "any_", "l1_loss", "l2_loss", "max_", "mean", "min_", "prod", "std", "sum_", "variance",
]  # fmt: skip


class Reduction:
    """A reduction: its array word, how results of parts combine, and what a dim does along which the value is constant."""

    __slots__ = ("combine", "constant", "name", "primitive")

    def __init__(self, name: str, combine: str, constant: Callable[[Any, Any, int], Any] | None = None):
        self.name, self.primitive = name, getattr(primitive, name)
        self.combine, self.constant = OPS[combine], constant

    def __call__(self, value: Any, dims: Any = non_batch) -> Any:
        return reduce(value, self, dims)

    def __repr__(self) -> str:
        return self.name


SUM = Reduction("sum", "add", lambda backend, x, n: backend.bind(primitive.multiply)(x, n))
PROD = Reduction("prod", "multiply", lambda backend, x, n: backend.bind(primitive.pow)(x, n))
MEAN = Reduction("mean", "add")
MAX, MIN = Reduction("max", "maximum"), Reduction("min", "minimum")
ANY, ALL = Reduction("any", "logical_or"), Reduction("all", "logical_and")


def _plan(op: Reduction, spec: Spec, dims: Any, precision: Precision) -> Callable[[Any], Dense]:
    try:
        gone = select(spec.shape, dims)
    except UnknownDim as error:
        raise UnknownDim(f"{op.name}: {error}") from None
    axes = tuple(sorted(spec.axes[n] for n in gone.names if n in spec.axes))
    repeats = gone.without(spec.stored).volume
    backend = spec.backend
    dtype = spec.dtype
    if op in (ANY, ALL):
        dtype = BOOL
    elif op is MEAN:
        dtype = common_type((spec,), precision, op.name, float)
    elif dtype.kind is float:
        dtype = common_type((spec,), precision, op.name)
    elif op in (SUM, PROD):
        dtype = total_type(dtype, precision)
    bound, astype = backend.bind(op.primitive), backend.bind(primitive.astype)
    steps: list[Any] = []
    if dtype is not spec.dtype:
        steps.append(lambda x: astype(x, dtype))
    if axes:
        steps.append(lambda x: bound(x, axes))
        if dtype.kind is int:
            steps.append(lambda x: astype(x, dtype))  # libraries choose types of their own for sums of integers
    if repeats != 1 and op.constant is not None:
        constant = op.constant
        steps.append(lambda x: constant(backend, x, repeats))
    if gone.volume == 0 and op in (MAX, MIN, MEAN) and axes:
        raise ValueError(f"{op.name} over {gone} has no values.  Check that the dims are not empty.")
    program = chain(steps)
    out = make_spec(spec.stored.without(gone), spec.shape.without(gone), backend, dtype)
    if program is None:
        return lambda x: Dense(x, out)
    run = backend.fuse(program, spec.wide or dtype.precision == 64)
    return lambda x: Dense(run(x), out)


def total_type(dtype: DType, precision: Precision) -> DType:
    """The type that numbers are added up in: that of the context for booleans and integers smaller than its."""
    small = dtype.kind is int and dtype.bits < precision.int.bits
    return precision.int if dtype is BOOL or small else dtype


@reduce.dispatch
def _(lead: Dense, op, dims):
    precision = current()
    spec = lead.spec
    key = (op, spec, dims.columns if isinstance(dims, Shape) else tuple(dims) if isinstance(dims, list) else dims)
    try:
        plan = precision.plans[key]
    except KeyError:
        plan = precision.keep(key, _plan(op, spec, dims, precision))
    return plan(lead.native_array)


@reduce.dispatch
def _(lead: Stacked, op, dims):
    gone = select(lead.shape, dims)
    name = lead.dim.name
    inner = gone.without(name)
    if name not in gone.names:
        if any(isinstance(s, Varying) and s.along == name for s in lead.shape.sizes) or len(lead.components) < 9:
            return Stacked(tuple(_over(c, op, inner.names) for c in lead.components), lead.dim)
        return reduce(as_dense(lead), op, dims)
    if op is MEAN:
        if all(
            c.shape.only(inner.names).volume == lead.components[0].shape.only(inner.names).volume
            for c in lead.components
        ):
            return _combine([_over(c, MEAN, inner.names) for c in lead.components], MEAN) / float(len(lead.components))
        count = sum(c.shape.only(inner.names).volume for c in lead.components)
        return _combine([_over(c, SUM, inner.names) for c in lead.components], SUM) / float(count)
    if lead.shape.is_uniform and len(lead.components) >= 9:
        return reduce(as_dense(lead), op, dims)
    return _combine([_over(c, op, inner.names) for c in lead.components], op)


def _over(component: Tensor, op: Reduction, names: tuple[str, ...]) -> Any:
    return reduce(component, op, component.shape.only(names)) if names or op in (ANY, ALL) else component


def _combine(parts: list[Any], op: Reduction) -> Any:
    result = parts[0]
    for part in parts[1:]:
        result = op.combine(result, part)
    return result


def _reduce_other(lead: Any, op: Reduction, dims: Any) -> Any:
    """Numbers and sequences of tensors: as a tensor; trees: each of their tensors."""
    from phiml_core.tree import is_tree, tree_map

    if isinstance(lead, (tuple, list)) and all(isinstance(v, (Tensor, int, float, complex)) for v in lead):
        from phiml_core.shape import batch

        from .join import stack

        return reduce(stack([wrap(v) for v in lead], batch("_stack")), op, "_stack")
    if is_tree(lead):
        return tree_map(lambda t: reduce(t, op, t.shape.only(dims)), lead)
    return reduce(wrap(lead), op, dims)


reduce.register((object,), _reduce_other)


def sum_(value: Any, dim: Any = non_batch) -> Any:
    """Sum over the dims that `dim` selects (names, shape, filter; by default all but batch dims).

    >>> from phiml_core import math
    >>> math.sum_(math.wrap([1, 2, 3]), 'vector')
    6
    """
    return reduce(value, SUM, dim)


def prod(value: Any, dim: Any = non_batch) -> Any:
    """Product over the dims that `dim` selects."""
    return reduce(value, PROD, dim)


def mean(value: Any, dim: Any = non_batch, weight: Any = None) -> Any:
    """Mean over the dims that `dim` selects; with `weight` w, a tensor or number, Σ w value / Σ w."""
    if weight is None:
        return reduce(value, MEAN, dim)
    total = value * weight
    weight = expand(weight if isinstance(weight, Tensor) else wrap(weight), total.shape)
    return reduce(total, SUM, dim) / reduce(weight, SUM, dim)


def max_(value: Any, dim: Any = non_batch) -> Any:
    """Largest value over the dims that `dim` selects."""
    return reduce(value, MAX, dim)


def min_(value: Any, dim: Any = non_batch) -> Any:
    """Smallest value over the dims that `dim` selects."""
    return reduce(value, MIN, dim)


def any_(value: Any, dim: Any = non_batch) -> Any:
    """Whether any value is true over the dims that `dim` selects."""
    return reduce(value, ANY, dim)


def all_(value: Any, dim: Any = non_batch) -> Any:
    """Whether all values are true over the dims that `dim` selects."""
    return reduce(value, ALL, dim)


def variance(value: Any, dim: Any = non_batch) -> Any:
    """Mean squared deviation from the mean over the dims that `dim` selects."""
    deviation = value - mean(value, dim)
    return mean(abs(deviation) ** 2, dim)


def std(value: Any, dim: Any = non_batch) -> Any:
    """Standard deviation over the dims that `dim` selects; its gradient where all values are equal is 0."""
    from .elementwise import where

    squared = variance(value, dim)
    zero = squared == 0  # the derivative of the root is infinite there
    return where(zero, 0.0, where(zero, 1.0, squared) ** 0.5)


def l1_loss(value: Any, dim: Any = non_batch) -> Any:
    """Sum of magnitudes over the dims that `dim` selects, of a tensor or of all tensors of a tree."""
    return _loss(value, dim, abs)


def l2_loss(value: Any, dim: Any = non_batch) -> Any:
    """Half the sum of squares over the dims that `dim` selects, of a tensor or of all tensors of a tree."""
    return _loss(value, dim, lambda t: 0.5 * abs(t) ** 2 if t.dtype.kind is complex else 0.5 * t**2)


def _loss(value: Any, dim: Any, function: Callable[[Any], Any]) -> Any:
    from phiml_core.tree import tree_leaves

    return _combine([reduce(function(t), SUM, t.shape.only(dim)) for t in tree_leaves(value)], SUM)
