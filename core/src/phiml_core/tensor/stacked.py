"""The lazy, possibly non-uniform layout: tensors along a new dim, joined into one array only when needed."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import join
from phiml_core.backend.dtype import DType
from phiml_core.backend.precision import current
from phiml_core.shape import EMPTY, Shape, ShapeError, Varying, concat_shapes, merge_shapes

from .align import joint_order
from .dense import Dense
from .dense_elementwise import preparation
from .promote import common_type
from .spec import make_spec
from .tensor import Tensor
from .words import elementwise

__all__ = ["BLOCK_FROM", "Stacked", "as_dense", "stacked_shape"]

BLOCK_FROM = 9  # with this many uniform components one array is faster than a loop over them


_SHAPES: dict[Any, tuple[Shape, Any]] = {}  # the shapes are kept alive, so that their identities stay their own


def stacked_shape(dim: Shape, shapes: tuple[Shape, ...]) -> Shape:
    """The shape of tensors of `shapes` along the new one-dim shape `dim`; sizes that differ become `Varying`.

    Raises:
        ShapeError: a component already has the dim.
        DimTypeConflict, IncompatibleShapes: item names or types of components disagree.
    """
    key = (id(dim), *map(id, shapes))  # there is one object per shape and order; equal ones may differ in their order
    found = _SHAPES.get(key)
    if found is None:
        if len(_SHAPES) > 1024:
            _SHAPES.clear()
        found = _SHAPES[key] = (_stacked_shape(dim, shapes), (dim, shapes))
    return found[0]


def _stacked_shape(dim: Shape, shapes: tuple[Shape, ...]) -> Shape:
    name = dim.name
    if all(s is shapes[0] for s in shapes) and name not in shapes[0]:
        return merge_shapes(dim, shapes[0])
    columns: dict[str, list[Any]] = {}
    for s in shapes:
        if name in s.names:
            raise ShapeError(
                f"Cannot stack along {name!r}: a component {s} already has that dim.  Use concat, or another name."
            )
        for n in s.names:
            columns.setdefault(n, [])
    uniform = EMPTY
    for s in shapes:  # merge without sizes, to check types and collect dims
        uniform = merge_shapes(
            uniform,
            s.with_sizes((None,) * s.rank) if not _same_items(shapes, s) else _without_sizes(s),
            operation="stack",
        )
    sizes = []
    for n in uniform.names:
        per_item = [s.get_size(n) if n in s.names else None for s in shapes]
        known = {p for p in per_item if p is not None}
        sizes.append(known.pop() if len(known) == 1 else Varying([1 if p is None else p for p in per_item], name))
    return merge_shapes(
        dim, uniform.with_sizes(sizes) if not any(uniform.item_names_of) else _keep_items(uniform, sizes)
    )


def _same_items(shapes: tuple[Shape, ...], shape: Shape) -> bool:
    return all(s.get_item_names(n) == shape.get_item_names(n) for s in shapes for n in s.names if n in shape.names)


def _without_sizes(shape: Shape) -> Shape:
    from phiml_core.shape import make_shape

    return make_shape(shape.names, (None,) * shape.rank, shape.types, shape.item_names_of)


def _keep_items(shape: Shape, sizes: list[Any]) -> Shape:
    from phiml_core.shape import make_shape

    items = tuple(i if i and len(i) == s else None for i, s in zip(shape.item_names_of, sizes, strict=True))
    return make_shape(shape.names, tuple(sizes), shape.types, items)


class Stacked(Tensor):
    """Tensors along a new dim.  Operations go component by component; `block` joins them into one `Dense`."""

    __slots__ = ("_block", "_shape", "components", "dim")
    layout_rank = 1

    def __init__(self, components: tuple[Tensor, ...], dim: Shape, shape: Shape | None = None):
        self.components = components
        self.dim = dim
        self._shape = shape
        self._block: Dense | None = None

    @property
    def shape(self) -> Shape:
        if self._shape is None:
            self._shape = stacked_shape(self.dim, tuple([c.shape for c in self.components]))
        return self._shape

    @property
    def dtype(self) -> DType:
        dtypes = {c.dtype for c in self.components}
        return (
            dtypes.pop()
            if len(dtypes) == 1
            else common_type(tuple(_spec(c) for c in self.components), current(), "stack")
        )

    @property
    def backend(self) -> Backend:
        return join(*(c.backend for c in self.components))

    def block(self) -> Dense:
        """All components as one `Dense`.  Raises ShapeError for a non-uniform shape."""
        if self._block is not None:
            return self._block
        if not self.shape.is_uniform:
            raise ShapeError(
                f"A tensor of the non-uniform shape {self.shape} has no single native array.  "
                f"Go over its items: for item in t.{self.dim.name}: …"
            )
        parts = [as_dense(c) for c in self.components]
        result = _join(parts, self.dim, self.shape)
        if not result.backend.is_traced(result.native_array):  # a traced value must not outlive its trace
            self._block = result
        return result

    def items(self, value: Any) -> tuple[Any, ...]:
        """The parts of another operand that go with the components."""
        name = self.dim.name
        if isinstance(value, Tensor) and name in value.shape.names:
            from phiml_core.ops.unstack import unstack

            merge_shapes(self.dim, value.shape[name])  # same type, size, item names
            return unstack(value, name)
        return (value,) * len(self.components)

    def map(self, function: Any, *others: Any) -> "Stacked":
        """`function(component, other…)` for each component."""
        columns = [self.items(o) for o in others]
        return Stacked(tuple(function(c, *o) for c, *o in zip(self.components, *columns, strict=True)), self.dim)

    def __reduce__(self) -> Any:
        return Stacked, (self.components, self.dim)


def _spec(t: Tensor) -> Any:
    return t.spec if isinstance(t, Dense) else make_spec(EMPTY, EMPTY, t.backend, t.dtype)


def _join(parts: list[Dense], dim: Shape, shape: Shape) -> Dense:
    precision = current()
    key = ("block", dim.columns, *(p.spec for p in parts))
    plan = precision.plans.get(key)
    if plan is None:
        specs = [p.spec for p in parts]
        backend = join(*(s.backend for s in specs))
        dtypes = {s.dtype for s in specs}
        dtype = dtypes.pop() if len(dtypes) == 1 else common_type(tuple(specs), precision, "stack")
        order = joint_order([s.stored for s in specs], "stack")
        stack, expand = backend.bind(primitive.stack), backend.bind(primitive.broadcast_to)
        steps = [preparation(backend, s, dtype, order, full_rank=True) for s in specs]
        sizes = tuple(order.sizes)
        full = [all(n in s.axes for n in order.names) for s in specs]
        stored = concat_shapes(order, dim)

        def program(*xs: Any) -> Any:
            ready = [x if s is None else s(x) for s, x in zip(steps, xs, strict=True)]
            ready = [x if f else expand(x, sizes) for x, f in zip(ready, full, strict=True)]
            return stack(ready[0], tuple(ready[1:]), len(sizes))

        wide = dtype.precision == 64 or any(s.wide for s in specs)
        plan = precision.keep(
            key, (backend.fuse(program, wide), make_spec(stored, shape, backend, dtype, all(s.weak for s in specs)))
        )
    run, spec = plan
    return Dense(run(*[p.native_array for p in parts]), spec)


def as_dense(value: Tensor) -> Dense:
    """The value as one `Dense`.  Raises ShapeError for non-uniform shapes, TypeError for layouts that cannot."""
    if isinstance(value, Dense):
        return value
    block = getattr(value, "block", None)
    if block is None:
        if value.is_recording:
            from phiml_core.tree.flatten import Recording

            raise Recording(f"A tensor {value.shape} that records a linear function is no native array.")
        raise TypeError(f"A {type(value).__name__} tensor is no single native array.  Take its values first.")
    return block()


@elementwise.dispatch
def _(lead: Stacked, op, values):
    if len(lead.components) >= BLOCK_FROM and lead.shape.is_uniform:
        return op(*[as_dense(v) if isinstance(v, Stacked) and v.shape.is_uniform else v for v in values])
    columns = [lead.items(v) for v in values]
    return Stacked(tuple(op(*row) for row in zip(*columns, strict=True)), lead.dim)
