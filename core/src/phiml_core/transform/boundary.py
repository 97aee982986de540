"""What happens to values at the boundary of a transformed function: which backend runs it, and what its leaves become."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import default_backend, join
from phiml_core.backend.dtype import DType, as_dtype
from phiml_core.backend.precision import Precision, current, warn_narrowing
from phiml_core.ops.native import full_array
from phiml_core.shape import ShapeError, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tree.structure import Leaf, Node, StackedNode, Static, Structure
from phiml_core.tree.tree import value_attributes

__all__ = [
    "backend_for", "conform", "converters", "describe", "entering", "join_structures", "leaving", "part_names",
    "prepare", "wide",
]  # fmt: skip


def backend_for(structure: Structure) -> Backend:
    """The backend that runs a function of these arguments: that of its arrays; for constants and NumPy arrays the default one.

    Raises:
        MixedBackends: two frameworks meet.
    """
    found = join(*[leaf.spec.backend for leaf in structure.leaf_structures()] or [default_backend()])
    return default_backend() if found.rank == 0 else found


def _target(spec: Spec, kind: Any, backend: Backend, precision: Precision) -> DType:
    dtype = spec.dtype
    if spec.weak or isinstance(kind, type):
        return as_dtype(dtype.kind, precision.bits)
    if dtype.kind in (float, complex) and spec.backend is not backend and dtype.precision > precision.bits:
        narrowed = precision.floating(dtype.kind)
        warn_narrowing(dtype, narrowed, "transformed function")
        return narrowed
    return dtype


def entering(structure: Structure, backend: Backend) -> Structure:
    """The structure that the function sees: the same with all leaves as arrays of `backend`, numbers as tensors."""
    precision = current()
    if isinstance(structure, Leaf):
        spec = structure.spec
        dtype = _target(spec, structure.kind, backend, precision)
        new = make_spec(spec.stored, spec.shape, backend, dtype)
        return Leaf(new, structure.kind if isinstance(structure.kind, str) else None)
    if isinstance(structure, StackedNode):
        return StackedNode(structure.dim, tuple(entering(i, backend) for i in structure.items))
    if isinstance(structure, Node):
        return Node(structure.cls, structure.static, tuple(entering(p, backend) for p in structure.parts))
    return structure


def prepare(leaves: Sequence[Any], given: Structure, seen: Structure, backend: Backend) -> list[Any]:
    """The native leaves as the function sees them."""
    result = []
    for x, g, s in zip(leaves, given.leaf_structures(), seen.leaf_structures(), strict=True):
        if g.spec.backend is not backend or g.spec.dtype is not s.spec.dtype or isinstance(g.kind, type):
            x = backend.as_array(x, s.spec.dtype)
        result.append(x)
    return result


def converters(given: Structure, seen: Structure, backend: Backend) -> list[tuple[int, Callable[[Any], Any]]]:
    """What must be done to leaves before a compiled program of `backend` takes them: positions and functions."""
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for i, (g, s) in enumerate(zip(given.leaf_structures(), seen.leaf_structures(), strict=True)):
        if g.spec.backend is not backend or g.spec.dtype is not s.spec.dtype or isinstance(g.kind, type):
            dtype = s.spec.dtype
            if g.spec.stored or g.spec.backend is backend:
                found.append((i, functools.partial(backend.as_array, dtype=dtype)))
            else:
                scalar = backend.scalar(dtype)
                found.append((i, _remembering(scalar, backend, dtype) if g.spec.weak else scalar))
    return found


def _remembering(scalar: Callable[[Any], Any], backend: Backend, dtype: DType) -> Callable[[Any], Any]:
    """A converter of numbers that keeps the last one as an array on the device, for numbers that rarely change.

    Only for what came from Python numbers: nobody else holds their memory, so that the same object has the same value.
    """
    memory: tuple[Any, Any, bool] = (None, None, False)  # one object, so that threads see its parts together

    def convert(x: Any) -> Any:
        nonlocal memory
        last, kept, on_device = memory
        if x is not last:
            kept = scalar(x)
            memory = (x, kept, False)
        elif not on_device:  # given again: worth an array, which costs more to make and less to pass
            kept = backend.as_array(kept, dtype)
            memory = (x, kept, True)
        return kept

    return convert


def leaving(structure: Structure, leaves: Sequence[Any], backend: Backend) -> tuple[Structure, list[Any]]:
    """The outputs of a traced function: numbers are part of the structure, all other leaves arrays of `backend`."""
    arrays: list[Any] = []
    stream = iter(leaves)

    def one(s: Structure) -> Structure:
        if isinstance(s, Leaf):
            x = next(stream)
            if isinstance(s.kind, type):
                return Static(s.kind, x)
            new = entering(s, backend)
            assert isinstance(new, Leaf)
            arrays.append(backend.as_array(x, new.spec.dtype))
            return new
        if isinstance(s, StackedNode):
            return StackedNode(s.dim, tuple([one(i) for i in s.items]))
        return Node(s.cls, s.static, tuple([one(p) for p in s.parts])) if isinstance(s, Node) else s

    return one(structure), arrays


def wide(structure: Structure) -> bool:
    """Whether a transform of values of this structure must be surrounded by the backend's context for 64-bit numbers."""
    return current().bits == 64 or any(leaf.spec.wide for leaf in structure.leaf_structures())


def join_structures(a: Structure, b: Structure, what: str, place: str = "value") -> Structure:
    """The one structure that values of two structures are brought to at a branch or in a loop.

    Raises:
        TypeError: the trees differ in more than layout and element type.
    """
    if a == b:
        return a
    if isinstance(a, Leaf) and isinstance(b, Leaf):
        return Leaf(_join_specs(a.spec, b.spec, what, place), a.kind if a.kind == b.kind else None)
    if isinstance(a, StackedNode) and isinstance(b, StackedNode) and len(a.items) == len(b.items) and a.dim == b.dim:
        pairs = enumerate(zip(a.items, b.items, strict=True))
        name = a.dim.name
        return StackedNode(a.dim, tuple([join_structures(x, y, what, f"{place}.{name}[{i}]") for i, (x, y) in pairs]))
    if isinstance(a, Node) and isinstance(b, Node) and a[:2] == b[:2] and len(a.parts) == len(b.parts):
        rows = zip(part_names(a), a.parts, b.parts, strict=True)
        return Node(a.cls, a.static, tuple([join_structures(x, y, what, place + n) for n, x, y in rows]))
    raise TypeError(f"{what} must keep the structure of values, but {place} goes from {describe(a)} to {describe(b)}.")


def part_names(node: Node) -> list[str]:
    """How the parts of a node are written after its name: `['key']`, `[0]`, `.attribute`."""
    if node.cls is dict:
        return [f"[{k!r}]" for k in node.static]
    if issubclass(node.cls, (tuple, list)):
        return [f"[{i}]" for i in range(len(node.parts))]
    return [f".{n}" for n in value_attributes(node.cls) or ()]


def describe(s: Structure) -> str:
    """A structure in words."""
    if isinstance(s, Leaf):
        return f"a tensor {s.spec.shape} of {s.spec.dtype}"
    if isinstance(s, Static):
        return f"the static value {s.value!r}"
    if isinstance(s, StackedNode):
        return f"a non-uniform tensor along {s.dim}"
    assert isinstance(s, Node)
    static = "" if s.static is None or s.cls is dict else f" with {dict(zip(*s.static[:2], strict=True))}"
    keys = [f"{key}: " for key in s.static or ()] if s.cls is dict else [""] * len(s.parts)
    parts = [key + describe(p) for key, p in zip(keys, s.parts, strict=True)]
    return f"{s.cls.__name__}({', '.join(parts)}){static}"


def _join_specs(a: Spec, b: Spec, what: str, place: str) -> Spec:
    try:
        shape = a.shape if a.shape == b.shape else merge_shapes(a.shape, b.shape)  # constant along what only one has
    except ShapeError:
        raise TypeError(
            f"{what} must keep shapes, but {place} goes from {a.shape} to {b.shape}.  Slice or resample it before."
        ) from None
    dtype = a.dtype if a.dtype is b.dtype else common_type((a, b), current(), what)
    stored = a.stored if b.stored in a.stored else merge_shapes(a.stored, b.stored)
    return make_spec(stored, shape, join(a.backend, b.backend), dtype)


def conform(leaves: Sequence[Any], given: Structure, target: Structure) -> list[Any]:
    """Native leaves of one structure as those of the joined structure `target`: expanded, transposed, cast."""
    result = []
    for x, g, t in zip(leaves, given.leaf_structures(), target.leaf_structures(), strict=True):
        spec, wanted = g.spec, t.spec
        if spec is not wanted:
            backend = wanted.backend
            if isinstance(g.kind, type) or spec.backend is not backend:
                x = backend.as_array(x, wanted.dtype)
            elif spec.dtype is not wanted.dtype:
                x = backend.bind(primitive.astype)(x, wanted.dtype)
            if spec.stored is not wanted.stored:
                x = full_array(Dense(x, make_spec(spec.stored, spec.shape, backend, wanted.dtype)), wanted.stored)
        result.append(x)
    return result
