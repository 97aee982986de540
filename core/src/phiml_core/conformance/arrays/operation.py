"""Functions of tensors applied to shared inputs, and how their results are compared."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phiml_core import math
from phiml_core.backend import Backend, backend
from phiml_core.math import batch, channel, spatial
from phiml_core.shape import Shape
from phiml_core.tensor import Tensor
from phiml_core.tensor.stacked import Stacked
from phiml_core.tree import tree_leaves

from ..bounds import bound
from .case import narrowed
from .data import exact

__all__ = ["INPUTS", "Operation", "arrays_of", "families", "inputs", "leaves", "limits", "operation"]

RNG = np.random.default_rng(7)
INPUTS: dict[str, tuple[np.ndarray, tuple[Shape, ...]]] = {
    "s": (exact(RNG.uniform(0.1, 0.9, (4, 5))), (spatial("x,y"),)),
    "w": (exact(RNG.permutation(np.linspace(-2.1, 2.3, 20)).reshape(4, 5)), (spatial("x,y"),)),
    "t": (exact(RNG.uniform(0.1, 0.9, (5, 4, 2))), (spatial("y,x"), channel(vector="x,y"))),
    "b": (exact(RNG.uniform(0.2, 1, (3, 4))), (batch("b"), spatial("x"))),
    "n": (RNG.permutation(np.arange(-10, 10)).reshape(4, 5).astype(np.int32), (spatial("x,y"),)),
    "m": (RNG.uniform(size=(4, 5)) > 0.5, (spatial("x,y"),)),
    "z": (exact(RNG.uniform(0.2, 1, (4, 5)) + 1j * RNG.uniform(-0.9, 0.9, (4, 5))), (spatial("x,y"),)),
    "u": (exact(RNG.uniform(-1, 1, (3, 3))), (batch("b"), channel(vector="x,y,z"))),
    "p": (exact(RNG.uniform(0.1, 3.4, (6, 2))), (math.instance("p"), channel(vector="x,y"))),
}
"""Names of parameters of operations → array and dims: s and t between 0 and 1, w of both signs, b a batch, n integers,
m a mask, z complex, u vectors in space, p positions inside of the grid x=4, y=5."""


@dataclass(frozen=True)
class Operation:
    """A function of some of the inputs, chosen by the names of its parameters.

    Attributes:
        run: returns a tree of tensors.
        functions: names in `phiml_core.math` that it proves.
        moving: inputs that it has derivatives by.
        second: whether derivatives of derivatives are claimed.
        fixed: sizes do not depend on values, so that it can be compiled.
        batched: inputs may have further batch dims.
        stepwise: double precision gives other numbers, e.g. draws, so that NumPy has to compute in the same precision.
    """

    run: Callable[..., Any]
    functions: tuple[str, ...]
    moving: tuple[str, ...]
    second: bool = True
    fixed: bool = True
    batched: bool = True
    stepwise: bool = False

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs it takes."""
        return tuple(inspect.signature(self.run).parameters)

    @property
    def family(self) -> str:
        return self.run.__module__.rpartition(".operations_")[2]

    def __call__(self, given: dict[str, Any]) -> Any:
        return self.run(*[given[n] for n in self.names])

    def __repr__(self) -> str:
        return self.name


OPERATIONS: list[Operation] = []


def operation(functions: str = "", moving: str = "", **options: Any) -> Callable[[Any], Any]:
    """Register a function of inputs as proof of `functions`, with derivatives by the inputs `moving`."""

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        OPERATIONS.append(Operation(run, tuple(functions.split()), tuple(moving.split()), **options))
        return run

    return register


def families(operations: Sequence[Operation]) -> dict[str, list[Operation]]:
    """Operations by the file that they are in."""
    found: dict[str, list[Operation]] = {}
    for o in operations:
        found.setdefault(o.family, []).append(o)
    return found


def inputs(names: Sequence[str], place: Backend, arrays: dict[str, np.ndarray] | None = None) -> dict[str, Tensor]:
    """Tensors of a backend in the precision of the context, from the shared arrays or others."""
    bits = math.get_precision()
    with backend(place):
        given = {}
        for n in names:
            array = (arrays or {}).get(n, INPUTS[n][0])
            x = math.tensor(narrowed(array, bits), *INPUTS[n][1])
            given[n] = math.cast(x, int) if array.dtype.kind == "i" else x
    return given


def leaves(value: Any) -> list[Tensor]:
    """All tensors of a result, the parts of non-uniform ones one by one."""
    found: list[Tensor] = []
    for t in tree_leaves(value):
        found += [t] if t.shape.is_uniform or not isinstance(t, Stacked) else leaves(list(t.components))
    return found


def arrays_of(value: Any, like: Sequence[Tensor] | None = None) -> list[np.ndarray]:
    """All tensors of a result as NumPy arrays, with dims ordered as in `like`."""
    found = leaves(value)
    order = found if like is None else like
    return [t.numpy(o.shape.names) for t, o in zip(found, order, strict=True)]


def limits(o: Operation, bits: int) -> tuple[list[np.ndarray], list[np.ndarray], list[Tensor]]:
    """What an operation has to give, how far it may be off, and tensors with the shapes and types that it has to have."""
    from phiml_core.backend import backend_named

    numpy = backend_named("numpy")

    def function(*arrays: np.ndarray) -> list[np.ndarray]:
        with backend(numpy), math.precision(bits if o.stepwise else 64):
            return arrays_of(o(inputs(o.names, numpy, dict(zip(o.names, arrays)))), template)

    with backend(numpy), math.precision(bits), np.errstate(all="ignore"):
        template = leaves(o(inputs(o.names, numpy)))
    given = [INPUTS[n][0] for n in o.names]
    with np.errstate(all="ignore"):
        return function(*given), bound(function, given, bits), template
