"""Functions with a hand-written derivative, and values without one."""

from collections.abc import Callable
from typing import Any

from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked
from phiml_core.tree.structure import Leaf, Structure, flatten
from phiml_core.tree.tree import tree_map

from . import status
from .boundary import backend_for, conform, entering, join_structures, prepare

__all__ = ["barrier", "custom_gradient", "stop_gradient"]


def custom_gradient(function: Callable[..., Any], gradient: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with a derivative of its own, to any order, nested, eager and compiled.

    Args:
        function: takes and returns trees of tensors (positional arguments).  What it reads besides its arguments is a constant of
            the derivative.
        gradient: `gradient(inputs, output, output_gradient)` returns the gradients of the inputs: a tuple of one tree per input, shaped
            like it, where None stands for zero.  `inputs` is the tuple of arguments.

    Returns:
        A function of the same arguments.  On backends without derivatives it is `function` itself.
    """

    def wrapped(*args: Any) -> Any:
        leaves: list[Any] = []
        given = flatten(args, leaves)
        backend = backend_for(given)
        if not backend.can_differentiate or not leaves:
            return function(*args)
        seen = entering(given, backend)
        trace = _Trace(function, seen, backend)
        rule = backend.custom_vjp(
            lambda *xs: (outs := trace.run(*xs), (xs, outs)),
            lambda residuals, cotangents: trace.pull_back(gradient, *residuals, cotangents),
            trace.run,
        )
        outputs = rule(*prepare(leaves, given, seen, backend))
        result = trace.output.build(iter(outputs[: trace.values]))
        stream = iter(outputs[trace.values :])
        status.emit([t.build(stream) for t in trace.templates])
        return result

    return wrapped


class _Trace:
    """The flat form of a function: native arrays in, native arrays and status leaves out."""

    def __init__(self, function: Callable[..., Any], seen: Structure, backend: Any):
        self.function, self.seen, self.backend = function, seen, backend
        self.output: Any = None
        self.values = 0
        self.templates: list[Any] = []

    def run(self, *natives: Any) -> tuple[Any, ...]:
        args = self.seen.build(iter(natives))
        with status.collect() as collected:
            result = self.function(*args)
        out: list[Any] = []
        structure = flatten(result, out)
        self.output = entering(structure, self.backend)
        out = prepare(out, structure, self.output, self.backend)
        self.values = len(out)
        hidden, self.templates = collected.flatten()
        return (*out, *hidden)

    def pull_back(self, gradient: Callable[..., Any], inputs: Any, outputs: Any, cotangents: Any) -> tuple[Any, ...]:
        args = self.seen.build(iter(inputs))
        output = self.output.build(iter(outputs[: self.values]))
        output_gradient = self.output.build(iter(cotangents[: self.values]))
        with status.collect() as collected:  # an adjoint cannot return a status: where it failed, its gradient is NaN
            grads = gradient(args, output, output_gradient)
        if not isinstance(grads, (tuple, list)) or len(grads) != len(args):
            raise TypeError(
                f"The gradient of {self.function.__name__} must return a tuple of {len(args)} gradients, one per argument."
            )
        failed = [r.failed.any for r in collected.reports if r.raise_with is not None]
        result: list[Any] = []
        stream = iter(inputs)
        for part, grad in zip(self.seen.parts, grads, strict=True):
            result += self._one(part, grad, stream)
        if failed:
            from phiml_core.ops.elementwise import where

            bad = failed[0]
            for f in failed[1:]:
                bad = bad | f
            specs = [leaf.spec for leaf in self.seen.leaf_structures()]
            result = [
                x if s.dtype.kind not in (float, complex) else where(bad, float("nan"), Dense(x, s)).native_array
                for x, s in zip(result, specs, strict=True)
            ]
        return tuple(result)

    def _one(self, part: Structure, grad: Any, inputs: Any) -> list[Any]:
        natives = [next(inputs) for _ in part.leaf_structures()]
        if grad is None:
            return [_zero(leaf, x, self.backend) for leaf, x in zip(part.leaf_structures(), natives, strict=True)]
        leaves: list[Any] = []
        structure = flatten(grad, leaves)
        structure = _like(structure, part)
        return conform(leaves, structure, join_or_part(structure, part))


def join_or_part(structure: Structure, part: Structure) -> Structure:
    """The structure of the argument, after checking that the gradient has the same tree and shapes."""
    join_structures(structure, part, "A custom gradient")
    return part


def _like(structure: Structure, part: Structure) -> Structure:
    """The structure of a gradient, number leaves read as tensors."""
    return structure


def _zero(leaf: Leaf, x: Any, backend: Any) -> Any:
    from phiml_core.backend import primitive

    if leaf.spec.dtype.kind in (float, complex):
        return backend.bind(primitive.multiply)(x, 0.0)
    return None


def stop_gradient(x: Any) -> Any:
    """The same tree of tensors, whose derivatives are zero."""

    def one(t: Any) -> Any:
        if isinstance(t, Stacked):
            return t.map(one)
        return Dense(t.backend.stop_gradient(t.native_array), t.spec) if isinstance(t, Dense) else t

    return tree_map(one, x)


def barrier(tree: Any) -> Any:
    """The same tree, computed before anything that uses it: keeps a compiler from computing it anew for each use."""
    leaves: list[Any] = []
    structure = flatten(tree, leaves)
    backend = backend_for(structure)
    if not backend.can_jit or not leaves:
        return tree
    seen = entering(structure, backend)
    return seen.build(iter(backend.barrier(tuple(prepare(leaves, structure, seen, backend)))))
