"""The trait of a backend: what is true of an array library as a whole."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from .capability import inability
from .dtype import DType
from .errors import LeakedTensor, NoGradient
from .library import ArrayLibrary

__all__ = ["Backend", "LeakedTensor", "NoGradient"]


class Backend(ArrayLibrary):
    """One array library: its array classes, devices, and transforms of functions of native arrays.

    The array operations are not here but methods of the words in `phiml_core.backend.primitive`, registered for the first of
    `array_types` (and its tracers).  A plugin makes one instance and passes it to `register_backend`.
    Functions given to the transforms take and return flat tuples of native arrays.
    """

    can_jit: bool = False
    can_differentiate: bool = False
    differentiates_forward: bool = False
    """Whether second derivatives differentiate the `forward` of `custom_vjp`, which then has to call the rule again."""
    cannot: Mapping[str, str] = MappingProxyType({})
    """What it lacks and why, by the names in `capability.CAPABILITIES`, e.g. {"float16": "…", "gradient of sort": "…"}."""

    def inability(self, capability: str, word: str = "") -> str | None:
        """Why it lacks a capability, at all or for one word; None if it has it."""
        if not self.can_differentiate and capability.endswith("gradient"):
            return self.cannot.get("gradient", f"{self.name} does not record operations")
        return inability(self.cannot, capability, word)

    # --- compilation ---

    def is_compiling(self) -> bool:
        """Whether a function is being compiled now, so that what is computed from constants alone becomes a constant."""
        return False

    def is_deriving(self) -> bool:
        """Whether a function that was compiled already is traced once more, for its derivative."""
        return False

    def fuse(self, function: Callable[..., Any], wide: bool = False) -> Callable[..., Any]:
        """`function` of native arrays as one call, where the library is faster so; `wide`: it handles 64-bit numbers."""
        return function

    # --- transforms of functions of flat native arrays ---

    def jit(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        """A compiled version of `function`; a backend without compiler returns it unchanged."""
        return function

    def vjp(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], Callable[..., Any], Any]:
        """For `function(*args) -> (outputs, auxiliary)`: the outputs, the pull-back of their cotangents to `args`, the auxiliary."""
        raise self.no_gradient("vjp")

    def jvp(
        self, function: Callable[..., Any], args: tuple[Any, ...], tangents: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...], Any]:
        """For `function(*args) -> (outputs, auxiliary)`: the outputs, their derivatives in the direction `tangents`, the auxiliary.

        Here as the derivative of the pull-back, which is linear in its cotangents; by forward differentiation where there is one.
        """
        from . import primitive

        outputs, pull_back, auxiliary = self.vjp(function, args)
        blank = tuple([primitive.zeros(self, self.sizes(o), self.dtype(o)) for o in outputs])
        if not blank:
            return outputs, (), auxiliary
        _, push_forward, _ = self.vjp(lambda *cotangents: (pull_back(cotangents), ()), blank)
        return outputs, push_forward(tangents), auxiliary

    def jacobian(
        self, function: Callable[..., Any], args: tuple[Any, ...], examples: tuple[tuple[int, ...], ...]
    ) -> tuple[Any, list[tuple[Any, ...]]]:
        """For `function(*args) -> (outputs, auxiliary)` the auxiliary, and for each output, of sizes (n, *examples), the derivatives of
        its n values by each of `args`, of sizes (n, *sizes of the argument).

        Args:
            examples: for each argument its axes that are examples, as those of the outputs are: none depends on another one.
        """
        from . import primitive

        outputs, pull_back, auxiliary = self.vjp(function, args)
        stack = self.bind(primitive.stack)
        found = []
        for i, output in enumerate(outputs):
            rows = []
            for n in range(self.sizes(output)[0]):
                cotangents = [primitive.zeros(self, self.sizes(o), self.dtype(o)) for o in outputs]
                unit = np.zeros(tuple(self.sizes(output)))
                unit[n] = 1
                cotangents[i] = self.as_array(unit, self.dtype(output))
                rows.append(pull_back(tuple(cotangents)))
            if rows:
                found.append(tuple([stack(first, tuple(others), 0) for first, *others in zip(*rows, strict=True)]))
            else:
                found.append(tuple([primitive.zeros(self, (0, *self.sizes(x)), self.dtype(x)) for x in args]))
        return auxiliary, found

    def custom_vjp(
        self, forward: Callable[..., Any], backward: Callable[..., Any], plain: Callable[..., Any]
    ) -> Callable[..., Any]:
        """`plain`, differentiated by `forward(*args) -> (outputs, residuals)` and `backward(residuals, cotangents) -> gradients`."""
        return plain

    def differentiated_as(
        self, function: Callable[..., tuple[Any, ...]], alternative: Callable[..., tuple[Any, ...]]
    ) -> Callable[..., tuple[Any, ...]]:
        """`function` where no derivative is taken, else `alternative`, which has the same values; the latter where that is not known."""
        return alternative

    def checkpoint(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        """`function`, of which derivatives keep arguments and captured values only and compute it again; by default they keep all."""
        return function

    def checkpointed_loop(self, count: int, body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
        """`fori_loop`, of which derivatives keep about 2 √count states: one per segment, and within one segment one per step."""
        size = math.isqrt(count - 1) + 1
        step = self.checkpoint(lambda i, *s: tuple(body(i, *s)))

        def segment(first: Any, steps: int, state: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(self.fori_loop(steps, lambda i, *s: step(first + i, *s), state))

        whole = self.checkpoint(lambda k, *s: segment(k * size, size, s))
        state = self.fori_loop(count // size, whole, state)
        return segment(count - count % size, count % size, state) if count % size else tuple(state)

    def cause(self, error: Exception) -> str:
        """What an error of a transform is about: 'capture', a traced value used outside of the function that it was traced in;
        'while', the reverse derivative of a loop with unknown number of steps; '', anything else."""
        return ""

    def vmap(
        self, function: Callable[..., tuple[Any, ...]], in_axes: tuple[int | None, ...]
    ) -> Callable[..., tuple[Any, ...]]:
        """`function` for each item along an axis of its arguments."""
        raise NotImplementedError(f"{self.name} does not vectorise functions.")

    def stop_gradient(self, x: Any) -> Any:
        """`x` as a constant of any derivative."""
        return x

    def cond(
        self, predicate: Any, on_true: Callable[..., Any], on_false: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """`on_true(*args)` or `on_false(*args)`; inside compiled code only the branch taken is computed."""
        return on_true(*args) if bool(predicate) else on_false(*args)

    def while_loop(
        self, condition: Callable[..., Any], body: Callable[..., Any], state: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """Repeat `body` on the state while `condition(*state)` holds."""
        while bool(condition(*state)):
            state = tuple(body(*state))
        return state

    def fori_loop(self, count: Any, body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
        """`state = body(i, *state)` for i = 0 … count-1; differentiable where `count` is a Python int."""
        for i in range(int(count)):
            state = tuple(body(i, *state))
        return state

    def scan(
        self, body: Callable[..., Any], state: tuple[Any, ...], count: int
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """`state, out = body(i, *state)` for i = 0 … count-1; the outs stacked along a new first axis; differentiable."""
        from . import primitive

        outs: list[tuple[Any, ...]] = []
        for i in range(count):
            state, out = body(i, *state)
            outs.append(out)
        stack = self.bind(primitive.stack)
        return tuple(state), tuple(stack(first, tuple(others), 0) for first, *others in zip(*outs, strict=True))

    def eval_shape(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[tuple[int, ...], DType], ...]:
        """Sizes and types of `function(*args)` without computing it, where the library can."""
        return tuple((self.sizes(o), self.dtype(o)) for o in function(*args))

    def barrier(self, xs: tuple[Any, ...]) -> tuple[Any, ...]:
        """`xs`, computed before anything that uses them: keeps a compiler from computing them several times."""
        return xs

    def callback(
        self, function: Callable[..., Any], like: tuple[tuple[tuple[int, ...], DType], ...], args: tuple[Any, ...]
    ) -> Any:
        """`function` of NumPy arrays called from (possibly compiled) code; `like`: sizes and types of the results."""
        return tuple(self.as_array(o) for o in function(*[self.to_numpy(a) for a in args]))

    def no_gradient(self, what: str) -> NoGradient:
        """The error for a derivative that this backend cannot compute."""
        return NoGradient(
            f"{what} needs derivatives, which {self.name} does not have.  Use a backend that has them, e.g. "
            "`pip install phiml-jax` and use('jax'), or pass arrays of one."
        )
