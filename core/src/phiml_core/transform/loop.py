"""Branches and loops whose condition is a value."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.dtype import BOOL
from phiml_core.shape import ShapeError
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.structure import Leaf, Structure, flatten

from . import status
from .boundary import backend_for, conform, entering, is_traced, join_structures, prepare

__all__ = ["cond", "fori_loop", "scan", "while_loop"]


class _Flat:
    """A function of a tree as one of native arrays: outputs, then status leaves; structures are known after a call."""

    def __init__(
        self,
        function: Callable[..., Any],
        seen: Structure,
        backend: Any,
        extra: Callable[[Any], tuple[Any, ...]] | None = None,
    ):
        self.function, self.seen, self.backend, self.extra = function, seen, backend, extra
        self.output: Any = None
        self.templates: list[Any] = []
        self.target: Structure | None = None
        self.values = 0

    def __call__(self, *natives: Any) -> tuple[Any, ...]:
        first: tuple[Any, ...] = ()
        if self.extra is not None:
            first, natives = self.extra(natives[0]), natives[1:]
        args = self.seen.build(iter(natives))
        with status.collect() as collected:
            result = self.function(*first, *args)
        out: list[Any] = []
        structure = flatten(result, out)
        self.output = entering(structure, self.backend)
        out = prepare(out, structure, self.output, self.backend)
        if self.target is not None:
            out = conform(out, self.output, self.target)
        self.values = len(out)
        hidden, self.templates = collected.flatten()
        return (*out, *hidden)

    def abstract(self, natives: tuple[Any, ...]) -> tuple[tuple[tuple[int, ...], Any], ...]:
        """Run without computing, to learn the structures; returns sizes and types of the outputs."""
        return self.backend.eval_shape(self, natives)


def predicate(value: Any) -> Dense | bool:
    """A condition as a Python bool where its value is known, else as a tensor without dims."""
    if isinstance(value, Tensor):
        if value.shape.volume != 1:
            raise ShapeError(
                f"A condition must be a single value, but has shape {value.shape}.  Use .any or .all, or where() for element-wise choice."
            )
        block = as_dense(value)
        return bool(value) if value.available else block
    return bool(value)


def cond(condition: Any, on_true: Callable[..., Any], on_false: Callable[..., Any], *args: Any) -> Any:
    """`on_true(*args)` or `on_false(*args)`, by a condition that may be known only when compiled code runs.

    Args:
        condition: bool or boolean tensor without dims.
        on_true, on_false: functions of the arguments that return trees of the same structure; only one is computed.
        args: trees of tensors.  What the functions read besides is captured.

    Raises:
        TypeError: the branches return different structures or shapes.
    """
    choice = predicate(condition)
    if isinstance(choice, bool):
        return on_true(*args) if choice else on_false(*args)
    leaves: list[Any] = []
    given = flatten(args, leaves)
    backend = choice.backend
    seen = entering(given, backend)
    natives = tuple(prepare(leaves, given, seen, backend))
    flats = [_Flat(f, seen, backend) for f in (on_true, on_false)]
    avals = [f.abstract(natives) for f in flats]
    target = join_structures(flats[0].output, flats[1].output, "The branches of cond")
    counts = [f.values for f in flats]
    templates = [list(f.templates) for f in flats]
    hidden = [a[n:] for a, n in zip(avals, counts, strict=True)]
    for f in flats:
        f.target = target

    def branch(i: int) -> Callable[..., tuple[Any, ...]]:
        def run(*xs: Any) -> tuple[Any, ...]:
            out = flats[i](*xs)
            n = flats[i].values
            blank = tuple(_blank(sizes, dtype, backend) for sizes, dtype in hidden[1 - i])
            return (*out[:n], *out[n:], *blank) if i == 0 else (*out[:n], *blank, *out[n:])

        return run

    outputs = backend.cond(choice.native_array, branch(0), branch(1), natives)
    n = flats[0].values
    stream = iter(outputs[n:])
    status.emit([t.build(stream) for ts in templates for t in ts])
    return target.build(iter(outputs[:n]))


def _blank(sizes: tuple[int, ...], dtype: Any, backend: Any) -> Any:
    """Zeros (false) in the place of a status that was not reported."""
    return primitive.zeros(backend, sizes, dtype)


def _fixed_point(
    flat: _Flat, structure: Structure, natives: tuple[Any, ...], lead: tuple[Any, ...], what: str
) -> Structure:
    """The structure that a loop keeps its state in: joined with that of the body until it no longer changes."""
    for _ in range(4):
        flat.seen, flat.target = structure, None
        flat.abstract((*lead, *natives))
        joined = join_structures(structure, flat.output, what)
        if joined == structure:
            return structure
        natives = tuple(conform(natives, structure, joined))
        structure = joined
    raise TypeError(f"{what} changes the structure of its state in every step.")


class _Loop:
    """A loop body over flat arrays whose structure is fixed, with status carried along."""

    def __init__(self, body: Callable[..., Any], state: tuple[Any, ...], what: str, indexed: bool):
        leaves: list[Any] = []
        given = flatten(state, leaves)
        self.backend = backend_for(given)
        seen = entering(given, self.backend)
        natives = prepare(leaves, given, seen, self.backend)
        self.indexed = indexed
        self.flat = _Flat(body, seen, self.backend, self._index if indexed else None)
        lead = (self.backend.as_array(0, _int32()),) if indexed else ()
        structure = _fixed_point(self.flat, seen, tuple(natives), lead, what)
        self.structure = structure
        self.natives = tuple(conform(natives, seen, structure))
        self.flat.seen = self.flat.target = structure
        avals = self.flat.abstract((*lead, *self.natives))
        self.count = self.flat.values
        self.templates = list(self.flat.templates)
        self.hidden = tuple(_blank(sizes, dtype, self.backend) for sizes, dtype in avals[self.count :])

    def _index(self, i: Any) -> tuple[Any, ...]:
        from phiml_core.shape import EMPTY
        from phiml_core.tensor.dense import dense

        return (dense(i, EMPTY, backend=self.backend),)

    def start(self) -> tuple[Any, ...]:
        """State and blank status before the first step."""
        return (*self.natives, *self.hidden)

    def step(self, *args: Any) -> tuple[Any, ...]:
        """One step on state and status: the first failure of each report is kept."""
        lead, args = (args[:1], args[1:]) if self.indexed else ((), args)
        state, old = args[: self.count], args[self.count :]
        out = self.flat(*lead, *state)
        new = out[self.count :]
        return (*out[: self.count], *self._merge(old, new))

    def _merge(self, old: tuple[Any, ...], new: tuple[Any, ...]) -> list[Any]:
        merged: list[Any] = []
        where, any_ = self.backend.bind(primitive.where), self.backend.bind(primitive.any)
        for t in self.templates:
            leaves = list(t.structure.leaf_structures())
            n = len(leaves)
            mine, fresh = old[len(merged) : len(merged) + n], new[len(merged) : len(merged) + n]
            rank = len(self.backend.sizes(mine[0]))
            keep = any_(mine[0], tuple(range(rank)))
            merged += [where(keep, a, b) for a, b in zip(mine, fresh, strict=True)]
        return merged

    def finish(self, outputs: tuple[Any, ...]) -> Any:
        """The state as a tree; reports go on to whoever collects them."""
        stream = iter(outputs[self.count :])
        status.emit([t.build(stream) for t in self.templates])
        return self.structure.build(iter(outputs[: self.count]))


def _int32() -> Any:
    from phiml_core.backend.dtype import dtype_named

    return dtype_named("int32")


def _traced(state: tuple[Any, ...]) -> bool:
    leaves: list[Any] = []
    return is_traced(leaves, flatten(state, leaves))


def while_loop(condition: Callable[..., Any], body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Repeat `state = body(*state)` while `condition(*state)` holds.

    Args:
        condition: returns a bool or a boolean tensor without dims.
        body: returns a tuple like `state`; shapes and types must not change.
        state: tuple of trees of tensors and numbers.

    Returns:
        The state after the last step.  Compiled code computes it in one loop; it has no reverse derivative there (use
        `custom_gradient` around it, or `iterate` with a fixed number of steps).

    Raises:
        TypeError: the body changes the structure of the state.
    """
    start = condition(*state)
    choice = predicate(start)
    if isinstance(choice, bool) and not _traced(state):
        while predicate(start):
            state = tuple(body(*state))
            start = condition(*state)
        return state
    loop = _Loop(body, tuple(state), "The body of while_loop", indexed=False)
    test = _Flat(condition, loop.structure, loop.backend)

    def holds(*xs: Any) -> Any:
        with status.collect():
            value = condition(*loop.structure.build(iter(xs[: loop.count])))
        if isinstance(value, Tensor):
            return as_dense(value).native_array
        return loop.backend.as_array(bool(value), BOOL)

    del test
    return loop.finish(loop.backend.while_loop(holds, loop.step, loop.start()))


def fori_loop(count: Any, body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
    """`state = body(i, *state)` for i = 0 … count-1; compiled code computes it in one loop.

    Args:
        count: number of steps; with a Python int the loop can be differentiated.
        body: takes the index (an integer tensor) and the state; returns a tuple like the state.
        state: tuple of trees of tensors and numbers.
    """
    if not _traced(state) and not (isinstance(count, Tensor) and not count.available):
        for i in range(int(count)):
            state = tuple(body(i, *state))
        return state
    loop = _Loop(body, tuple(state), "The body of fori_loop", indexed=True)
    steps = as_dense(count).native_array if isinstance(count, Tensor) else int(count)
    return loop.finish(loop.backend.fori_loop(steps, loop.step, loop.start()))


def scan(
    body: Callable[..., Any], state: tuple[Any, ...], count: int, dim: Any
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """`state = body(i, *state)` for i = 0 … count-1, keeping all states; compiled code computes it in one differentiable loop.

    Returns:
        The last state, and the states after each step stacked along `dim`.
    """
    from phiml_core.ops.join import stack

    if not _traced(state):
        states = []
        for i in range(count):
            state = tuple(body(i, *state))
            states.append(state)
        return state, tuple(stack(column, dim) for column in zip(*states, strict=True))
    loop = _Loop(body, tuple(state), "The body of scan", indexed=True)

    def step(i: Any, *xs: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        new = loop.step(i, *xs)
        return new, new[: loop.count]

    last, stacked = loop.backend.scan(step, loop.start(), count)
    return loop.finish(last), _stacked_structure(loop.structure, dim.with_size(count)).build(iter(stacked))


def _stacked_structure(structure: Structure, dim: Any) -> Any:
    from phiml_core.shape import concat_shapes, merge_shapes
    from phiml_core.tree.structure import Node, StackedNode

    if isinstance(structure, Leaf):
        spec = structure.spec
        return Leaf(spec.with_dims(concat_shapes(dim, spec.stored), merge_shapes(dim, spec.shape)))
    if isinstance(structure, StackedNode):
        return StackedNode(structure.dim, tuple(_stacked_structure(i, dim) for i in structure.items))
    if isinstance(structure, Node):
        return Node(structure.cls, structure.static, tuple(_stacked_structure(p, dim) for p in structure.parts))
    return structure
