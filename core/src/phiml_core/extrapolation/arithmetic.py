"""The boundary of a result: which rule holds when fields with boundaries are combined, element by element."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.ops.create import wrap
from phiml_core.tensor.arithmetic import Elementwise, binary, unary
from phiml_core.tensor.tensor import Tensor

from .antisymmetric import ANTISYMMETRIC, Antisymmetric
from .components import Components
from .constant import Constant
from .directional import Directional
from .extrapolation import Extrapolation, IncompatibleBoundaries
from .masked import Masked, masked
from .sides import Sides
from .symmetric import SYMMETRIC, Symmetric

__all__ = ["common"]

_ODD = {
    "negative",
    "positive",
    "sin",
    "tan",
    "asin",
    "atan",
    "sinh",
    "tanh",
    "asinh",
    "sign",
    "real",
    "imag",
    "conj",
    "erf",
}
_LINEAR = {"add", "subtract"}
_PRODUCT = {"multiply", "divide"}


@generic(on=("a", "b"))
def common(a: Extrapolation, b: Extrapolation, op: Elementwise) -> Extrapolation:
    """The boundary of `op` of two fields with the boundaries `a` and `b`, both for one side and component.

    Raises:
        IncompatibleBoundaries: no rule holds for the result.
    """
    if type(a) is type(b) and a == b:
        return a
    raise IncompatibleBoundaries(
        f"Cannot {op.name} fields with the boundaries {a} and {b}: the result has neither.  Give one of them "
        "the boundary of the other first, e.g. field.with_boundary(…)."
    )


@common.dispatch
def _(a: Constant, b: Constant, op):
    return Constant(op(a.value, b.value))


@common.dispatch
def _(a: Constant, b: Extrapolation, op):
    return masked(a.value, b) if op.name in _PRODUCT else b


@common.dispatch
def _(a: Extrapolation, b: Constant, op):
    return masked(b.value, a) if op.name == "multiply" else a


@common.dispatch
def _(a: Masked, b: Extrapolation, op):
    rule = common(a.rule, b, op)
    return masked(a.factor, rule) if op.name in _PRODUCT and not isinstance(rule, Constant) else rule


@common.dispatch
def _(a: Extrapolation, b: Masked, op):
    rule = common(a, b.rule, op)
    return masked(b.factor, rule) if op.name == "multiply" and not isinstance(rule, Constant) else rule


@common.dispatch
def _(a: Masked, b: Masked, op):
    rule = common(a.rule, b.rule, op)
    return masked(a.factor * b.factor, rule) if op.name == "multiply" else rule


def _fixed(a: Constant, b: Masked, op: Elementwise) -> Extrapolation:
    return masked(a.value * b.factor, b.rule) if op.name in _PRODUCT else b.rule


def _fixed_after(a: Masked, b: Constant, op: Elementwise) -> Extrapolation:
    return masked(a.factor * b.value, a.rule) if op.name == "multiply" else a if op.name == "divide" else a.rule


common.register((Constant, Masked), _fixed)
common.register((Masked, Constant), _fixed_after)


@common.dispatch
def _(a: Antisymmetric, b: Antisymmetric, op):
    if op.name in _LINEAR:
        return a
    if op.name in _PRODUCT:
        return SYMMETRIC
    raise IncompatibleBoundaries(f"{op.name} of antisymmetric fields is neither symmetric nor antisymmetric.")


def _mixed(a: Extrapolation, b: Extrapolation, op: Elementwise) -> Extrapolation:
    if op.name in _PRODUCT:
        return ANTISYMMETRIC
    raise IncompatibleBoundaries(f"{op.name} of a symmetric and an antisymmetric field is neither.")


common.register((Symmetric, Antisymmetric), _mixed)
common.register((Antisymmetric, Symmetric), _mixed)


def _parts(boundary: Extrapolation, like: Extrapolation) -> list[Extrapolation]:
    """The parts of `boundary` that go with the parts of a composite one."""
    if isinstance(like, Components):
        return [boundary[{like.dim: n}] for n in like.items]
    if isinstance(like, Directional):
        return [boundary.normal, boundary.tangential] if isinstance(boundary, Directional) else [boundary, boundary]
    assert isinstance(like, Sides)
    rest = boundary.rest if isinstance(boundary, Sides) else boundary
    sides = [boundary.side(d, upper) for d in like.sides for upper in (False, True)]
    return sides if like.rest is None else [*sides, rest]  # type: ignore[list-item]


_RANK = {Components: 3, Directional: 2, Sides: 1}


def _pair(a: Extrapolation, b: Extrapolation, op: Elementwise) -> Extrapolation:
    ranks = _RANK.get(type(a), 0), _RANK.get(type(b), 0)
    if ranks == (0, 0):
        return common(a, b, op)
    lead = a if ranks[0] >= ranks[1] else b
    parts = tuple(_pair(x, y, op) for x, y in zip(_parts(a, lead), _parts(b, lead), strict=True))
    return Directional(*parts) if isinstance(lead, Directional) else lead.with_parts(parts)  # type: ignore[attr-defined]


def _each(boundary: Any, function: Any) -> Any:
    """`function` of each elementary rule."""
    if isinstance(boundary, Sides):
        return boundary.with_parts(tuple(_each(p, function) for p in boundary.parts()))
    if isinstance(boundary, Components):
        return Components({n: _each(p, lambda q, n=n: function(q, n)) for n, p in boundary.items.items()}, boundary.dim)
    if isinstance(boundary, Directional):
        return Directional(_each(boundary.normal, function), _each(boundary.tangential, function))
    return function(boundary)


def _beside(boundary: Extrapolation, other: Any, op: Elementwise, swapped: bool) -> Extrapolation:
    """A field beside a number or tensor, which is the same everywhere."""
    other = other if isinstance(other, Tensor) else wrap(other)

    def one(part: Extrapolation, item: Any = None) -> Extrapolation:
        if isinstance(part, Constant):
            factor = other if item is None or "vector" not in other.shape.names else other[{"vector": item}]
            return Constant(op(factor, part.value) if swapped else op(part.value, factor))
        if isinstance(part, Masked) and op.name not in _PRODUCT:
            return part.rule
        if isinstance(part, Antisymmetric) and op.name not in _PRODUCT:
            raise IncompatibleBoundaries(
                f"{op.name} of an antisymmetric field and a number is not antisymmetric.  "
                "Give the field another boundary first."
            )
        return part

    return _each(boundary, one)


def _alone(boundary: Extrapolation, op: Elementwise) -> Extrapolation:
    def one(part: Extrapolation, item: Any = None) -> Extrapolation:
        if isinstance(part, Constant):
            return Constant(op(part.value))
        if isinstance(part, Masked) and op.name not in {*_ODD, "abs", "sqrt"}:
            return part.rule
        if isinstance(part, Antisymmetric) and op.name not in _ODD:
            if op.name in {"abs", "cos", "cosh"}:
                return SYMMETRIC
            raise IncompatibleBoundaries(f"{op.name} of an antisymmetric field is neither symmetric nor antisymmetric.")
        return part

    return _each(boundary, one)


unary.register((Extrapolation,), _alone)
binary.register((Extrapolation, Extrapolation), _pair)
for _other in (Tensor, object):
    binary.register((Extrapolation, _other), lambda a, b, op: _beside(a, b, op, False))
    binary.register((_other, Extrapolation), lambda a, b, op: _beside(b, a, op, True))
