"""Derivatives: pull-backs by PyTorch's autograd, hand-written rules, and derivatives of recorded parts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from . import private
from .frame import STATE
from .opaque import Kernel, emit
from .substitution import Substitution, substituted

__all__ = ["Captured", "custom_vjp", "invoke", "is_differentiated", "pull_back_of", "vjp"]


class Captured(TypeError):
    """A function with a derivative of its own reads a value that is being differentiated and is none of its arguments."""

    def __init__(self) -> None:
        super().__init__(
            "A function with a hand-written derivative reads a value that is being differentiated and is none of its arguments.  "
            "Pass it as an argument."
        )


def is_differentiated(xs: Sequence[Any]) -> bool:
    """Whether operations on any of `xs` are followed by derivatives, of autograd or of `torch.func`."""
    grad, transforms = torch.is_grad_enabled(), private.transforms_active()
    for x in xs:
        if isinstance(x, torch.Tensor) and ((grad and x.requires_grad) or (transforms and private.is_wrapped(x))):
            return True
    return False


def moves(x: Any) -> bool:
    """Whether a tensor has derivatives: floats and complex numbers."""
    return x.is_floating_point() or x.is_complex()


def turned(x: Any) -> Any:
    """A cotangent between the convention of the words, ⟨x̄, dx⟩ without conjugation, and that of PyTorch."""
    return torch.conj_physical(x) if isinstance(x, torch.Tensor) and x.is_complex() else x


# --- pull-backs ---


def vjp(function: Callable[..., Any], args: Sequence[torch.Tensor]) -> tuple[tuple[Any, ...], Callable[..., Any], Any]:
    """For `function(*args) -> (outputs, auxiliary)`: the outputs, the pull-back of cotangents to `args`, the auxiliary."""
    args = substituted(args)
    if private.transforms_active():
        found: Any = torch.func.vjp(function, *args, has_aux=True)
        outputs, pull, auxiliary = found
        return outputs, lambda cts: tuple(map(turned, pull(tuple(map(turned, cts))))), auxiliary
    with torch.enable_grad():
        inner = tuple([x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in args])
        outputs, auxiliary = function(*inner)
        outer = any(x.requires_grad for x in args) or _reads_others((*outputs, *auxiliary), inner)

    def pull_back(cotangents: Sequence[Any]) -> tuple[torch.Tensor, ...]:
        follow = outer or is_differentiated(cotangents)  # it is linear in them, and may be differentiated by them
        return gradients(outputs, inner, tuple(map(turned, cotangents)), follow)

    if outer:
        return outputs, pull_back, auxiliary
    return _detached(outputs), pull_back, _detached(auxiliary)


def _detached(xs: Any) -> tuple[Any, ...]:
    return tuple([x.detach() if isinstance(x, torch.Tensor) and x.requires_grad else x for x in xs])


def _reads_others(outputs: Sequence[Any], inner: Sequence[torch.Tensor]) -> bool:
    """Whether outputs depend on differentiated values other than `inner`."""
    own = {id(x) for x in inner}
    stack = [o.grad_fn for o in outputs if isinstance(o, torch.Tensor) and o.grad_fn is not None]
    if any(isinstance(o, torch.Tensor) and o.requires_grad and o.is_leaf and id(o) not in own for o in outputs):
        return True
    seen = set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None and id(leaf) not in own:
            return True
        stack += [n for n, _ in node.next_functions if n is not None]
    return False


def gradients(
    outputs: Sequence[Any], inputs: Sequence[Any], cotangents: Sequence[Any], create: bool
) -> tuple[Any, ...]:
    """Gradients by `inputs` (zero where there is no dependence), turned into the convention of the words."""
    pairs = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if o.requires_grad and c is not None]
    found: Sequence[Any] = [None] * len(inputs)
    if pairs:
        found = torch.autograd.grad(
            [o for o, _ in pairs],
            inputs,
            [c.to(o.dtype) if c.dtype is not o.dtype else c for o, c in pairs],
            retain_graph=True,
            create_graph=create,
            allow_unused=True,
        )
    return tuple(
        [
            torch.zeros_like(x) if g is None or private.is_zero(g) else turned(g)
            for x, g in zip(inputs, found, strict=True)
        ]
    )


# --- hand-written rules ---


class _Rule:
    """Forward and backward of a hand-written derivative, and how residuals lie among inputs and outputs."""

    __slots__ = ("backward", "count", "forward", "layout")

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any]):
        self.forward, self.backward = forward, backward
        self.count = 0
        self.layout: Any = None


class _Custom(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(rule: _Rule, *xs: Any) -> tuple[torch.Tensor, ...]:
        # of values without derivatives only what is captured can bring one in
        with torch.enable_grad():
            own = [x.detach() for x in xs]
            outputs, residuals = rule.forward(*own)
        if any(o.requires_grad for o in outputs):
            raise Captured
        places = {id(x): ("input", i) for i, x in enumerate(own)}
        # of equal ones the first: later ones are statuses, whose cotangents are dropped
        places |= {id(o): ("output", i) for i, o in reversed(tuple(enumerate(outputs)))}
        extra: list[torch.Tensor] = []
        rule.count = len(outputs)
        rule.layout = _lay_out(residuals, places, extra, len(outputs))
        unique: list[torch.Tensor] = []
        for o in (*outputs, *extra):
            unique.append(o.view_as(o) if any(o is u for u in unique) else o)
        return tuple(unique)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        rule = inputs[0]
        ctx.rule, ctx.layout, ctx.count, ctx.inputs = rule, rule.layout, rule.count, len(inputs) - 1
        ctx.extra = len(output) - rule.count
        ctx.save_for_backward(*inputs[1:], *output)

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        saved = ctx.saved_tensors
        cotangents = tuple(map(turned, cotangents[: ctx.count]))
        if torch.is_grad_enabled():
            if ctx.extra:
                raise NotImplementedError(
                    "A second derivative of custom_vjp whose residuals are neither arguments nor results of the function is not "
                    "known on torch.  Return arguments and results as residuals."
                )
            grads = ctx.rule.backward(_take(ctx.layout, saved[: ctx.inputs], saved[ctx.inputs :]), cotangents)
        else:
            own = [x.detach() for x in saved]
            with torch.enable_grad():
                residuals = _take(ctx.layout, own[: ctx.inputs], own[ctx.inputs :])
                grads = ctx.rule.backward(residuals, tuple([c.detach() for c in cotangents]))
            if any(isinstance(g, torch.Tensor) and g.requires_grad for g in grads):
                raise Captured
        return None, *map(turned, grads)


def _lay_out(residuals: Any, places: dict[int, tuple[str, int]], extra: list[torch.Tensor], count: int) -> Any:
    if isinstance(residuals, torch.Tensor):
        place = places.get(id(residuals))
        if place is None:
            place = places[id(residuals)] = ("output", count + len(extra))
            extra.append(residuals)
        return place
    if isinstance(residuals, (tuple, list)):
        return [_lay_out(r, places, extra, count) for r in residuals]
    return ("constant", residuals)


def _take(layout: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
    if isinstance(layout, list):
        return tuple([_take(part, inputs, outputs) for part in layout])
    kind, at = layout
    if kind == "constant":
        return at
    return inputs[at] if kind == "input" else outputs[at]


def custom_vjp(
    forward: Callable[..., Any], backward: Callable[..., Any], plain: Callable[..., Any]
) -> Callable[..., Any]:
    """`plain`, differentiated by `forward(*args) -> (outputs, residuals)` and `backward(residuals, cotangents) -> gradients`."""

    def call(*xs: Any) -> tuple[Any, ...]:
        xs = substituted(xs)
        if not is_differentiated(xs):
            return plain(*xs)
        rule = _Rule(forward, backward)
        return tuple(_Custom.apply(rule, *xs)[: rule.count])

    return call


# --- parts of recorded functions ---


class _Opaque(torch.autograd.Function):
    @staticmethod
    def forward(kernel: Kernel, *xs: Any) -> tuple[torch.Tensor, ...]:
        return emit(kernel, xs)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.kernel, ctx.count = inputs[0], len(inputs) - 1
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs[1:], *output)

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        saved = ctx.saved_tensors
        xs, outputs = saved[: ctx.count], saved[ctx.count :]
        needs = [n and moves(x) for n, x in zip(ctx.needs_input_grad[1:], xs, strict=True)]
        given = tuple([turned(c) for c in cotangents])
        return None, *map(turned, ctx.kernel.pull_back(xs, outputs, given, needs))


def invoke(kernel: Kernel, xs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Record a call of a part, with its derivative if one is being taken."""
    xs = substituted(xs)
    if is_differentiated(xs):
        return tuple(_Opaque.apply(kernel, *xs))
    return emit(kernel, xs)


@contextlib.contextmanager
def _computing_again() -> Iterator[None]:
    STATE.again += 1
    try:
        yield
    finally:
        STATE.again -= 1


def pull_back_of(
    function: Callable[..., Any], captured: Sequence[torch.Tensor], count: int, needs: Sequence[bool], before: Any
) -> Callable[..., tuple[torch.Tensor, ...]]:
    """The pull-back of a function as a function of its arguments, captured values and cotangents.

    Args:
        count: number of arguments.
        needs: for each argument and captured value whether its gradient is returned.
        before: see `Substitution`.
    """
    total = count + len(captured)

    def transformed(args: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """Inside of `torch.func`, which does not let autograd start anew."""
        moving = [x for x, need in zip(args[:total], needs, strict=True) if need]

        def call(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
            stream = iter(values)
            inner = [next(stream) if need else x for x, need in zip(args[:total], needs, strict=True)]
            with Substitution(captured, inner[count:], before), _computing_again():
                return tuple([o for o in function(*inner[:count]) if moves(o)])

        found: Any = torch.func.vjp(call, *moving)
        pull = found[1]
        return tuple(map(turned, pull(tuple(map(turned, args[total:])))))

    def run(*args: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if private.transforms_active():
            return transformed(args)
        with torch.enable_grad():
            inner = [
                (x.view_as(x) if x.requires_grad else x.detach().requires_grad_()) if need else x
                for x, need in zip(args[:total], needs, strict=True)
            ]
            with Substitution(captured, inner[count:], before):
                with _computing_again():
                    outputs = function(*inner[:count])
                create = any(x.requires_grad for x in args)
                given = [turned(c) for c in args[total:]]
                outputs = [o for o in outputs if moves(o)]
                return gradients(outputs, [x for x, n in zip(inner, needs, strict=True) if n], given, create)

    return run
