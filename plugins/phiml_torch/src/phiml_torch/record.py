"""Recording the operations of a function on flat tensors as a graph.

PyTorch reports each operation, below its derivatives, to a dispatch mode.  A tensor that the function reads but was not given
(a constant, a parameter, or a value of a surrounding recording) becomes a further input of the graph, so that graphs hold no
tensors and nothing is frozen unseen.  What would be frozen silently is refused: reading a value, drawing random numbers,
results whose size depends on values.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from phiml_core.backend import LeakedTensor
from torch.fx import Graph, Node
from torch.overrides import TorchFunctionMode

from . import private
from .refusal import NotRecordable, refuse

__all__ = [
    "Frame",
    "Substitution",
    "Recorded",
    "is_leaked",
    "is_recorded",
    "paused",
    "recorder",
    "recording",
    "constant",
    "record_function",
    "seal",
    "substituted",
    "substitutions",
]

MARK = "_phiml_recorded"


class Frame:
    """One recording: its graph, the tensors that it reads besides its arguments, and the parts that its graph calls."""

    def __init__(self, parent: Frame | None):
        self.graph, self.parent = Graph(), parent
        self.inputs: list[Node] = []
        self.lifted: dict[int, tuple[torch.Tensor, Node]] = {}
        self.straight: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self.parts: list[Any] = []
        self.refused: dict[int, torch.Tensor] = {}
        self._last_input: Node | None = None

    def add_input(self, name: str) -> Node:
        if self._last_input is None:
            first = next(iter(self.graph.nodes), None)
            with self.graph.inserting_before(first) if first is not None else contextlib.nullcontext():
                node = self.graph.placeholder(name)
        else:
            with self.graph.inserting_after(self._last_input):
                node = self.graph.placeholder(name)
        self._last_input = node
        self.inputs.append(node)
        return node

    def node(self, x: torch.Tensor) -> Node:
        """The node of a tensor; one that the recording does not know becomes an input."""
        mark = getattr(x, MARK, None)
        if mark is not None and mark[0] is self:
            return mark[1]
        found = self.lifted.get(id(x))
        if found is None:
            found = self.lifted[id(x)] = (x, self.add_input(f"lifted{len(self.lifted)}"))
        return found[1]

    def row_major(self, x: torch.Tensor) -> torch.Tensor:
        """A tensor that is or becomes an input, as the program gets it; one made in this recording as it is."""
        mark = getattr(x, MARK, None)
        if (mark is not None and mark[0] is self) or x.layout is not torch.strided or x.is_contiguous():
            return x
        found = self.straight.get(id(x))
        if found is None:
            found = self.straight[id(x)] = (x, x.contiguous())
        return found[1]

    def bind(self, x: torch.Tensor, node: Node) -> None:
        setattr(x, MARK, (self, node))
        if _STATE.recorder is not None:
            _STATE.recorder.bound.append(weakref.ref(x))

    def knows(self, x: torch.Tensor) -> bool:
        mark = getattr(x, MARK, None)
        frame: Frame | None = self
        while mark is not None and frame is not None:
            if mark[0] is frame:
                return True
            frame = frame.parent
        return False

    @property
    def captured(self) -> list[torch.Tensor]:
        """What the function read besides its arguments, in the order of the further inputs."""
        return [x for x, _ in self.lifted.values()]


class Recorder(private.TorchDispatchMode):  # type: ignore[misc]
    """Appends operations to the graph of the innermost recording."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: Frame | None = None
        self.bound: list[weakref.ref[torch.Tensor]] = []
        self.constants: dict[Any, tuple[Any, torch.Tensor]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        frame = self.frame
        if frame is None:
            return func(*args, **kwargs)
        name = func._schema.name
        if name == "aten::lift_fresh" or (name in _ALIASES and not frame.knows(args[0])):
            return func(*args, **kwargs)
        refuse(func, name, args, frame)
        out = func(*_row_major(args, frame), **_row_major(kwargs, frame))
        if name in _ALIASES:
            frame.bind(out, frame.node(args[0]))
            return out
        node = frame.graph.call_function(func, _nodes(args, frame), _nodes(kwargs, frame))
        _bind(out, node, frame)
        return out


_ALIASES = ("aten::detach", "aten::alias")


def _nodes(value: Any, frame: Frame) -> Any:
    if isinstance(value, torch.Tensor):
        return frame.node(value)
    if isinstance(value, (tuple, list)):
        return type(value)([_nodes(v, frame) for v in value])
    if isinstance(value, dict):
        return {k: _nodes(v, frame) for k, v in value.items()}
    return value


def _row_major(value: Any, frame: Frame) -> Any:
    """The same operands in the order in which programs are given them: which views of them there are depends on it."""
    if isinstance(value, torch.Tensor):
        return frame.row_major(value)
    if isinstance(value, (tuple, list)):
        return type(value)([_row_major(v, frame) for v in value])
    if isinstance(value, dict):
        return {k: _row_major(v, frame) for k, v in value.items()}
    return value


def _bind(out: Any, node: Node, frame: Frame) -> None:
    if isinstance(out, torch.Tensor):
        frame.bind(out, node)
    elif isinstance(out, (tuple, list)):
        import operator

        for i, x in enumerate(out):
            if isinstance(x, torch.Tensor):
                frame.bind(x, frame.graph.call_function(operator.getitem, (node, i)))


class _State(threading.local):
    recorder: Recorder | None = None
    substitutions: tuple[Substitution, ...] = ()
    bound: Sequence[weakref.ref[torch.Tensor]] = ()


_STATE = _State()


class _Leaked(torch.Tensor):
    """What becomes of a tensor that outlives the recording it was made in: it holds a value of the examples."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise LeakedTensor


def seal(keep: Sequence[torch.Tensor]) -> None:
    """After a recording: tensors made in it that somebody keeps can no longer be used, except for those in `keep`."""
    if _STATE.recorder is not None:
        return
    kept, bound, _STATE.bound = {id(x) for x in keep}, _STATE.bound, ()
    for ref in bound:
        x = ref()
        if x is not None and id(x) not in kept:
            x.__class__ = _Leaked


def is_leaked(x: Any) -> bool:
    """Whether a tensor has outlived its recording."""
    return type(x) is _Leaked


def recorder() -> Recorder | None:
    """The recorder of this thread if a function is being recorded and recording is not paused."""
    found = _STATE.recorder
    return found if found is not None and found.frame is not None else None


def is_recorded(x: torch.Tensor) -> bool:
    """Whether the value of `x` is computed only when a recorded function runs."""
    found = _STATE.recorder
    if found is not None:
        return found.frame is not None and found.frame.knows(private.unwrap(x) if private.transforms_active() else x)
    return private.is_foreign_trace()


@contextlib.contextmanager
def recording() -> Iterator[Frame]:
    """Record operations in this thread: in a graph of its own if a recording is going on."""
    outer = _STATE.recorder
    if outer is not None:
        frame, parent = Frame(outer.frame), outer.frame
        outer.frame = frame
        try:
            yield frame
        finally:
            outer.frame = parent
        return
    mine = Recorder()
    mine.frame = Frame(None)
    _STATE.recorder = mine
    try:
        with mine, _Guard():
            yield mine.frame
    finally:
        _STATE.recorder, _STATE.bound = None, mine.bound


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Compute without recording."""
    found = _STATE.recorder
    if found is None:
        yield
        return
    frame, found.frame = found.frame, None
    try:
        yield
    finally:
        found.frame = frame


class _Guard(TorchFunctionMode):
    """Refuses what hands out the example values of a recording without PyTorch noticing."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if (
            getattr(func, "__name__", "") in _ESCAPES
            and args
            and isinstance(args[0], torch.Tensor)
            and is_recorded(args[0])
        ):
            raise NotRecordable(
                f"{func.__name__}() of a tensor that is computed only when the compiled function runs.  "
                "Compute with tensors, or call NumPy code by a callback."
            )
        return func(*args, **(kwargs or {}))


_ESCAPES = ("numpy", "tolist", "__array__", "__dlpack__", "data_ptr", "storage", "untyped_storage")


class Substitution(TorchFunctionMode):
    """Puts other tensors in the place of tensors that a function has captured."""

    def __init__(self, old: Sequence[torch.Tensor], new: Sequence[torch.Tensor], before: Sequence[Substitution] = ()):
        """`before`: those that were in force when `old` was captured, so that what they had replaced is replaced as well."""
        super().__init__()
        table = {id(a): b for a, b in zip(old, new, strict=True)}
        self.kept: list[Any] = [list(old)]
        for other in (*before, *_STATE.substitutions):
            self.kept.append(other)  # identities stay taken while they are keys
            for key, value in other.table.items():
                if id(value) in table:
                    table.setdefault(key, table[id(value)])
        self.table: dict[int, torch.Tensor] = table

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*self.replace(args), **self.replace(kwargs or {}))

    def replace(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self.table.get(id(value), value)
        if type(value) in (tuple, list):
            return type(value)([self.replace(v) for v in value])
        if type(value) is dict:
            return {k: self.replace(v) for k, v in value.items()}
        return value

    def __enter__(self) -> Any:
        _STATE.substitutions = (*_STATE.substitutions, self)
        return super().__enter__()

    def __exit__(self, *args: Any) -> Any:
        _STATE.substitutions = _STATE.substitutions[:-1]
        return super().__exit__(*args)


def substitutions() -> tuple[Substitution, ...]:
    """Those in force now, the innermost last."""
    return _STATE.substitutions


def substituted(xs: Sequence[Any]) -> tuple[Any, ...]:
    """Tensors as operations of this moment would take them: for calls that PyTorch does not report."""
    result = tuple(xs)
    for s in reversed(_STATE.substitutions):
        result = s.replace(result)
    return result


def constant(array: Any, dtype: Any, make: Callable[[], torch.Tensor]) -> torch.Tensor:
    """The tensor of a NumPy array: one for all its uses in a recording."""
    found = _STATE.recorder
    if found is None:
        return make()
    key = id(array), dtype
    kept = found.constants.get(key)
    if kept is None:
        with paused():
            kept = found.constants[key] = (array, make())
    return kept[1]


class Recorded:
    """A recorded function: a graph whose inputs are the arguments and then what it read besides them.

    Attributes:
        captured: what it read, tensors of the caller.
        sizes: shapes and element types of the results.
        parts: what its graph calls by number, see `opaque`.
    """

    def __init__(self, frame: Frame, outputs: Sequence[torch.Tensor], before: tuple[Substitution, ...]):
        self.graph, self.captured, self.parts = frame.graph, frame.captured, frame.parts
        self.sizes = [(tuple(o.shape), o.dtype) for o in outputs]
        self.device = outputs[0].device if outputs else torch.device("cpu")
        self.before = before
        self.program: Any = None

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The results for arguments and captured values."""
        program = self.program
        if program is None:
            from .compile import build

            program = self.program = build(self, xs)
        return program(*xs)


def record_function(function: Callable[..., Any], examples: Sequence[torch.Tensor], fresh: bool = False) -> Recorded:
    """Record a function of flat tensors.

    Args:
        examples: arguments; only their sizes, types and devices matter.
        fresh: the results must not share memory with arguments or each other.
    """
    before = substitutions()
    with recording() as frame, torch.no_grad():
        with paused():
            inputs = [x.detach().contiguous() for x in examples]  # as programs run: views depend on it
        for i, x in enumerate(inputs):
            frame.bind(x, frame.add_input(f"x{i}"))
        outputs = [o for o in function(*inputs)]
        nodes = [frame.node(o) for o in outputs]
        if fresh:
            with paused():
                taken = {x.untyped_storage().data_ptr() for x in (*inputs, *frame.captured)}
                for i, o in enumerate(outputs):
                    where = o.untyped_storage().data_ptr()
                    if where in taken or not o.is_contiguous():
                        node = frame.graph.call_function(
                            torch.ops.aten.clone.default, (nodes[i],), {"memory_format": torch.contiguous_format}
                        )
                        nodes[i] = node
                    taken.add(where)
        frame.graph.output(tuple(nodes))
    return Recorded(frame, outputs, before)
