"""Functions with a hand-written derivative, and values without one."""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from phiml_core.backend.backend import Backend, LeakedTensor, NoGradient
from phiml_core.backend.choose import backend as choose_backend
from phiml_core.backend.choose import default_backend
from phiml_core.backend.precision import current, precision
from phiml_core.ops.elementwise import where
from phiml_core.ops.native import full_array
from phiml_core.ops.reduce import any_
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure
from phiml_core.tree.flatten import Recording, flatten
from phiml_core.tree.structure import Leaf, Structure
from phiml_core.tree.tree import tree_map

from . import status
from .boundary import backend_for, entering, prepare, wide
from .flat import fitted, moves, zero
from .named import Inputs, by_position, parameters
from .outputs import Outputs, record

__all__ = ["CapturedGradient", "barrier", "explained", "custom_gradient", "stop_gradient"]


class CapturedGradient(LeakedTensor, TypeError):
    """A function with a hand-written derivative reads a value that is being differentiated but is none of its arguments."""


@contextlib.contextmanager
def explained(backend: Backend, name: str) -> Iterator[None]:
    """Turn errors of a backend in a transform of the function `name` into ours, where they have a known cause.

    Raises:
        CapturedGradient: a traced value was used outside of the function that it belongs to.
        NoGradient: a loop with unknown number of steps was differentiated.
    """
    try:
        yield
    except (CapturedGradient, NoGradient):
        raise
    except Exception as error:
        cause = "capture" if isinstance(error, LeakedTensor) else backend.cause(error)
        if cause == "capture":
            raise CapturedGradient(
                f"{name} reads a value that is being differentiated or compiled and is none of its arguments, so that its "
                "derivative is not known (or keeps one beyond the function it belongs to).  With custom_gradient, pass the "
                "value as an argument (its gradient may be None), or stop_gradient(value) before."
            ) from error
        if cause == "while":
            raise NoGradient(
                f"{name} contains a loop whose number of steps depends on values; such loops have no reverse derivative in "
                "compiled code.  Use fori_loop or iterate with a fixed number of steps, or custom_gradient around the loop."
            ) from error
        raise


def custom_gradient(
    function: Callable[..., Any], gradient: Callable[..., Any], auxiliary_args: str | Sequence[str] = ""
) -> Callable[..., Any]:
    """`function` with a derivative of its own, to any order, nested, eager and compiled.

    Args:
        function: takes and returns trees of tensors (positional arguments).  What it reads besides its arguments is a constant of
            the derivative.
        gradient: `gradient(inputs, output, output_gradient)` returns the gradients of the inputs: a tuple of one tree per argument,
            shaped like it, where None (also for parts of a tree) stands for zero, or a dict of gradients by the names of
            parameters.  `inputs` is the tuple of arguments that were given, which can be asked by name, too: `inputs['x']`.  It
            runs under the precision and the default backend that `function` ran under.
        auxiliary_args: names of parameters, separated by commas, that have no derivative.  Their arguments may be of any kind.

    Returns:
        A function of the same arguments.  On backends without derivatives it is `function` itself.

    Raises (when called or differentiated):
        CapturedGradient: `function` or `gradient` reads a value that is being differentiated and is none of the arguments.
        TypeError: `gradient` returns something else than one gradient per argument, shaped like it, or names another one;
            `auxiliary_args` names no parameter of `function`.

    Where something fails in `gradient` (see `status.report`) inside compiled code, the gradients are NaN.

    >>> from phiml_core import math
    >>> clipped = math.custom_gradient(lambda x: math.clip(x, 0, 1), lambda inputs, y, dy: {'x': dy})  # as if nothing was clipped
    >>> clipped(math.wrap(7.0))
    1.0
    """
    for f in (function, gradient):
        if not callable(f):
            raise TypeError(f"custom_gradient needs two functions, not a {type(f).__name__}.")
    if auxiliary_args:
        return _with_auxiliary(function, gradient, auxiliary_args)
    name = getattr(function, "__name__", type(function).__name__)

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if kwargs:  # into the places of their parameters
            args = inspect.signature(function).bind(*args, **kwargs).args
        leaves: list[Any] = []
        try:
            given = flatten(args, leaves)
        except Recording:
            return function(*args)
        backend = backend_for(given)
        if not backend.can_differentiate or not backend.any_traced(leaves):
            return function(*args)  # no derivative is being taken
        seen = entering(given, backend)
        trace = _Trace(function, gradient, seen, backend, name)
        again = backend.differentiates_forward
        rule: Callable[..., Any] = backend.custom_vjp(
            lambda *xs: (outs := rule(*xs) if again else _distinct(trace.run(*xs), xs, backend), (xs, outs)),
            lambda residuals, cotangents: trace.pull_back(residuals[0], residuals[1], cotangents),
            trace.run,
        )
        with explained(backend, name):
            outputs = rule(*prepare(leaves, given, seen, backend))
        assert trace.outputs is not None
        return trace.outputs.build(outputs)

    return wrapped


def _with_auxiliary(function: Any, gradient: Any, auxiliary: str | Sequence[str]) -> Callable[..., Any]:
    """The same with arguments that have no derivative: constants that the function and its derivative read."""
    names = [n.strip() for n in auxiliary.split(",")] if isinstance(auxiliary, str) else auxiliary
    places = {by_position({n: True}, function, len(parameters(function))).index(True) for n in names}

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            args = inspect.signature(function).bind(*args, **kwargs).args
        fixed = {i: stop_gradient(a) for i, a in enumerate(args) if i in places}

        def whole(rest: Sequence[Any]) -> Inputs:
            others = iter(rest)
            return Inputs.of(function, [fixed[i] if i in fixed else next(others) for i in range(len(args))])

        @functools.wraps(function)
        def run(*rest: Any) -> Any:
            return function(*whole(rest))

        def rule(inputs: Any, output: Any, slope: Any) -> Any:
            found = gradient(whole(inputs), output, slope)
            if isinstance(found, dict):
                found = by_position(found, function, len(args))
            return tuple([g for i, g in enumerate(found) if i not in fixed]) if len(found) == len(args) else found

        return custom_gradient(run, rule)(*[a for i, a in enumerate(args) if i not in fixed])

    return wrapped


class _Trace:
    """The flat form of a function and its gradient: native arrays in, native arrays and status leaves out."""

    def __init__(self, function: Any, gradient: Any, seen: Structure, backend: Backend, name: str):
        self.function, self.gradient, self.name = function, gradient, name
        self.seen, self.backend = seen, backend
        self.precision, self.default = current().bits, default_backend()
        self.outputs: Outputs | None = None

    def run(self, *natives: Any) -> tuple[Any, ...]:
        args = self.seen.build(iter(natives))
        out, self.outputs, _ = record(lambda: self.function(*args), self.backend)
        return out

    def pull_back(self, inputs: Any, outputs: Any, cotangents: Any) -> tuple[Any, ...]:
        assert self.outputs is not None
        structure = self.outputs.structure
        with (
            precision(self.precision),
            choose_backend(self.default),
            self.backend.context(wide(self.seen) or wide(structure)),
        ):
            return self._pull_back(structure, inputs, outputs, cotangents)

    def _pull_back(self, structure: Structure, inputs: Any, outputs: Any, cotangents: Any) -> tuple[Any, ...]:
        args, output = self.seen.build(iter(inputs)), structure.build(iter(outputs))
        leaves = structure.leaf_structures()
        slopes = [
            _shared(c, s) if moves(s) else zero(s, self.backend) for s, c in zip(leaves, cotangents, strict=False)
        ]
        with status.collect() as collected:  # an adjoint cannot return a status: where it failed, its gradient is NaN
            grads = self.gradient(Inputs.of(self.function, args), output, structure.build(iter(slopes)))
        if isinstance(grads, dict):
            grads = by_position(grads, self.function, len(args))
        if not isinstance(grads, (tuple, list)) or len(grads) != len(args):
            raise TypeError(
                f"The gradient of {self.name} must return a tuple of {len(args)} gradients, one per argument, not {_short(grads)}."
            )
        result = fitted(tuple(grads), self.seen, self.backend, f"The gradient of {self.name}")
        failed = [r.failed for r in collected.reports if r.raise_with is not None]
        if failed:
            result = self._spoil(result, functools.reduce(lambda a, b: a | b, failed))
        return tuple([x if moves(s) else None for s, x in zip(self.seen.leaf_structures(), result, strict=True)])

    def _spoil(self, grads: list[Any], bad: Tensor) -> list[Any]:
        """The gradients, NaN where the adjoint failed."""
        result = []
        for x, leaf in zip(grads, self.seen.leaf_structures(), strict=True):
            if moves(leaf):
                stored = leaf.spec.stored
                here = any_(bad, bad.shape.without(stored))  # an item of a batch may fail alone
                x = full_array(where(here, float("nan"), Dense(x, leaf.spec.with_dims(stored))), stored)
            result.append(x)
        return result


def _distinct(outputs: tuple[Any, ...], inputs: tuple[Any, ...], backend: Backend) -> tuple[Any, ...]:
    """The outputs as arrays that are none of the inputs and not each other, for backends that tell residuals by identity."""
    seen = {id(x) for x in inputs}
    result = []
    for o in outputs:
        if id(o) in seen:
            o = backend.stop_gradient(o)
        seen.add(id(o))
        result.append(o)
    return tuple(result)


def _shared(cotangent: Any, leaf: Leaf) -> Any:
    """The cotangent of each item of a result that is constant along dims: they share that of the one number stored."""
    items = leaf.spec.shape.without(leaf.spec.stored).volume
    return cotangent if items == 1 else (Dense(cotangent, leaf.spec) / items).native_array  # type: ignore[attr-defined]


def _short(value: Any) -> str:
    return f"{len(value)}" if isinstance(value, (tuple, list)) else type(value).__name__


def stop_gradient(x: Any) -> Any:
    """The same tree of tensors, whose derivatives are zero."""

    def one(t: Any) -> Any:
        if isinstance(t, Stacked):
            return t.map(one)
        if not isinstance(t, Dense):
            return restructure(t, stop_gradient, (t,), ())
        return Dense(t.backend.stop_gradient(t.native_array), t.spec)

    return tree_map(one, x)


def barrier(tree: Any) -> Any:
    """The same tree, computed before anything that uses it: keeps a compiler from computing it anew for each use."""
    leaves: list[Any] = []
    try:
        structure = flatten(tree, leaves)
    except Recording:
        return tree
    backend = backend_for(structure)
    if not backend.can_jit or not leaves:
        return tree
    seen = entering(structure, backend)
    return seen.build(iter(backend.barrier(tuple(prepare(leaves, structure, seen, backend)))))
