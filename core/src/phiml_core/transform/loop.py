"""Loops whose number of steps or condition may be known only when compiled code runs."""

import functools
from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.dtype import dtype_named
from phiml_core.ops.join import stack
from phiml_core.shape import EMPTY, Shape, concat_shapes, merge_shapes
from phiml_core.tensor.dense import dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Leaf, Node, StackedNode, Structure
from phiml_core.tree.tree import tree_leaves

from . import status
from .boundary import backend_for, conform, entering, join_structures, prepare, wide
from .branch import predicate
from .checkpoint import checkpoint as again
from .outputs import Outputs, record

__all__ = ["fori_loop", "is_known", "scan", "while_loop"]

State = tuple[Any, ...]
_INDEX = dtype_named("int32")


def is_known(state: Any) -> bool:
    """Whether all values of a tree can be read: no transform is tracing them."""
    return all(t.available for t in tree_leaves(state))


class _Loop:
    """A loop over flat native arrays: a body whose state keeps one structure, and the status that it carries along."""

    def __init__(self, body: Callable[..., Any], state: State, what: str, indexed: bool):
        leaves: list[Any] = []
        given = flatten(tuple(state), leaves)
        self.body, self.what, self.indexed = body, what, indexed
        self.backend = backend_for(given)
        self.structure = entering(given, self.backend)
        self.natives = tuple(prepare(leaves, given, self.structure, self.backend))
        self.outputs: Outputs | None = None
        self.hidden = self._settle()

    def _settle(self) -> tuple[Any, ...]:
        """Find the structure that the body keeps; returns blank status leaves."""
        lead = (self.backend.as_array(0, _INDEX),) if self.indexed else ()
        for _ in range(4):
            with self.context():
                results = self.backend.eval_shape(self._record, (*lead, *self.natives))
            assert self.outputs is not None
            joined = join_structures(self.structure, self.outputs.structure, self.what, "state")
            if joined == self.structure:
                return tuple([primitive.zeros(self.backend, *r) for r in results[self.outputs.values :]])
            self.natives = tuple(conform(self.natives, self.structure, joined))
            self.structure = joined
        raise TypeError(f"{self.what} changes the structure of its state in every step.")

    def context(self) -> Any:
        """What surrounds the loop if it handles 64-bit numbers."""
        return self.backend.context(wide(self.structure))

    def _record(self, *natives: Any) -> tuple[Any, ...]:
        lead: State = ()
        if self.indexed:
            lead, natives = (dense(natives[0], EMPTY, backend=self.backend),), natives[1:]
        state = self.structure.build(iter(natives))
        out, self.outputs, _ = record(lambda: _checked(self.body(*lead, *state), self.what), self.backend, False)
        return out

    def start(self) -> tuple[Any, ...]:
        """State and blank status before the first step."""
        return (*self.natives, *self.hidden)

    def step(self, *args: Any) -> tuple[Any, ...]:
        """One step on state and status: of each report the first failure is kept."""
        lead, args = (args[:1], args[1:]) if self.indexed else ((), args)
        count = len(self.natives)
        out = self._record(*lead, *args[:count])
        assert self.outputs is not None
        state = conform(out[:count], self.outputs.structure, self.structure)
        if len(out) - count < len(self.hidden):  # values are known here, and what was reported has been passed on
            return (*state, *args[count:])
        return (*state, *self._merge(self.outputs.templates, args[count:], out[count:]))

    def _merge(self, templates: Any, old: tuple[Any, ...], new: tuple[Any, ...]) -> list[Any]:
        merged: list[Any] = []
        where, any_ = self.backend.bind(primitive.where), self.backend.bind(primitive.any)
        for t in templates:
            here = slice(len(merged), len(merged) + len(t.structure.leaf_structures()))
            failed = old[here][0]
            keep = any_(failed, tuple(range(len(self.backend.sizes(failed)))))
            merged += [where(keep, a, b) for a, b in zip(old[here], new[here], strict=True)]
        return merged

    def state(self, natives: tuple[Any, ...]) -> State:
        """The state as trees."""
        return self.structure.build(iter(natives))

    def finish(self, results: tuple[Any, ...]) -> State:
        """The last state; reports go on to whoever collects them."""
        assert self.outputs is not None
        return Outputs(self.structure, len(self.natives), self.outputs.templates).build(results)


def _checked(state: Any, what: str) -> State:
    if not isinstance(state, (tuple, list)):
        raise TypeError(f"{what} must return a tuple of the new state, not a {type(state).__name__}.")
    return tuple(state)


def _try(step: Callable[[], Any], what: str) -> tuple[State, bool]:
    """One step on known values, and whether its result is known; if not, a transform is tracing what the step reads besides.

    What such a step reported is forgotten, for it is going to be repeated in a loop.
    """
    with status.collect() as collected:
        state = _checked(step(), what)
    known = is_known(state)
    if known:
        status.emit(collected.reports)
    return state, known


def while_loop(condition: Callable[..., Any], body: Callable[..., Any], state: State) -> State:
    """Repeat `state = body(*state)` while `condition(*state)` holds.

    Args:
        condition: returns a bool or a boolean tensor without dims.
        body: returns a tuple like `state`; shapes must not change, and types only as far as numbers widen.
        state: tuple of trees of tensors and numbers.

    Returns:
        The state after the last step.  Compiled code computes it in one loop; it has no reverse derivative there (use
        `custom_gradient` around it, or `fori_loop` or `iterate` with a fixed number of steps).

    Raises:
        TypeError: the body changes the structure of the state; the message names both.
    """
    what = "The body of while_loop"
    state = tuple(state)
    while is_known(state):
        holds = predicate(condition(*state))
        if not isinstance(holds, bool):
            break
        if not holds:
            return state
        new, known = _try(functools.partial(body, *state), what)
        if not known:
            break
        state = new
    loop = _Loop(body, state, what, indexed=False)

    def holds_native(*xs: Any) -> Any:
        with status.collect():
            value = predicate(condition(*loop.state(xs)))
        return loop.backend.as_array(value) if isinstance(value, bool) else value.native_array

    with loop.context():
        return loop.finish(loop.backend.while_loop(holds_native, loop.step, loop.start()))


def fori_loop(count: Any, body: Callable[..., Any], state: State, checkpoint: bool = False) -> State:
    """`state = body(i, *state)` for i = 0 … count-1; compiled code computes it in one loop.

    Args:
        count: number of steps; with a Python int the loop can be differentiated.
        body: takes the index (an integer tensor; a Python int where values are known) and the state; returns a tuple like it.
        state: tuple of trees of tensors and numbers.
        checkpoint: keep about 2 √count states for a reverse derivative, instead of all and what each step computes on the way; steps
            are computed up to three times.  Only where `count` is a Python int.

    Raises:
        TypeError: the body changes the structure of the state; the message names both.
    """
    what = "The body of fori_loop"
    state = tuple(state)
    if checkpoint and not isinstance(count, int):
        raise TypeError(f"fori_loop can checkpoint a number of steps that is a Python int, not {count!r}.")
    done = 0
    if is_known((count, state)):
        for done in range(int(count)):
            if checkpoint and _is_followed(state):
                break
            new, known = _try(functools.partial(body, done, *state), what)
            if not known:
                if done:
                    raise TypeError(f"{what} must not become traced in step {done}: pass the values it reads as state.")
                break
            state = new
        else:
            return state
    if done:
        body, count = _later(body, done), count - done
    loop = _Loop(body, state, what, indexed=True)
    with loop.context():
        if checkpoint:
            return loop.finish(loop.backend.checkpointed_loop(count, loop.step, loop.start()))
        steps = as_dense(count).native_array if isinstance(count, Tensor) and not count.available else int(count)
        return loop.finish(loop.backend.fori_loop(steps, loop.step, loop.start()))


def _is_followed(state: State) -> bool:
    """Whether derivatives of known values are being taken."""
    leaves: list[Any] = []
    backend = backend_for(flatten(state, leaves))
    return backend.can_differentiate and backend.any_traced(leaves)


def _later(body: Callable[..., Any], start: int) -> Callable[..., Any]:
    return lambda i, *state: body(i + start, *state)


def scan(
    body: Callable[..., Any], state: State, count: int, dim: Shape, checkpoint: bool = False
) -> tuple[State, State]:
    """`state = body(i, *state)` for i = 0 … count-1, keeping all states; compiled code computes it in one differentiable loop.

    Args:
        body, state: as for `fori_loop`.
        count: number of steps, at least 1.
        dim: name and type of the dim along which states are stacked, e.g. `batch('time')`.
        checkpoint: keep nothing but the states for a reverse derivative, and compute each step again.  `fori_loop` keeps less, for
            it has no trajectory to return.

    Returns:
        The last state, and the states after each step stacked along `dim`.
    """
    if count < 1:
        raise ValueError(f"scan needs at least one step, not {count}: otherwise there is no state to stack.")
    what = "The body of scan"
    dim, state = dim.with_size(count), tuple(state)
    if checkpoint:
        body = again(body)
    if is_known(state):
        states: list[State] = []
        for i in range(count):
            new, known = _try(functools.partial(body, i, *state), what)
            if not known:
                break
            states.append(new)
            state = new
        else:
            return state, tuple([stack(list(column), dim) for column in zip(*states, strict=True)])
        if i:
            raise TypeError(f"{what} must not become traced in step {i}: pass the values it reads as state.")
    loop = _Loop(body, state, what, indexed=True)

    def step(i: Any, *xs: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        new = loop.step(i, *xs)
        return new, new[: len(loop.natives)]

    with loop.context():
        last, stacked = loop.backend.scan(step, loop.start(), count)
    return loop.finish(last), _along(loop.structure, dim).build(iter(stacked))


def _along(structure: Structure, dim: Shape) -> Structure:
    """The structure of values of `structure` stacked along `dim`, which comes first."""
    if isinstance(structure, Leaf):
        spec = structure.spec
        return Leaf(spec.with_dims(concat_shapes(dim, spec.stored), merge_shapes(dim, spec.shape)))
    if isinstance(structure, StackedNode):
        return StackedNode(structure.dim, tuple([_along(i, dim) for i in structure.items]))
    if isinstance(structure, Node):
        return Node(structure.cls, structure.static, tuple([_along(p, dim) for p in structure.parts]))
    return structure
