"""Real and imaginary parts, and conjugates, of complex numbers that are linear in real arguments."""

from typing import Any

from phiml_core.backend.precision import current
from phiml_core.math import conjugate, imag, real
from phiml_core.tensor.tensor import Tensor

from .errors import not_linear, not_traceable
from .linear import Linear, linear
from .term import Factor, Term

__all__ = ["conjugate_of", "part_of"]

MOST = 8
"""Complex factors of a term that are taken apart; each doubles the number of terms."""


def _check(value: Linear, operation: str) -> None:
    if not value.source.is_real:
        raise not_linear(operation, "which is not linear over complex numbers")


def conjugate_of(value: Linear) -> Linear:
    """The complex conjugate: that of all factors."""
    if value.dtype.kind is not complex:
        return value
    _check(value, "conj")
    source = value.source

    def of(f: Factor) -> Factor:
        return f if f.tensor.dtype.kind is not complex else _factor(f, conjugate, source)

    terms = [t._replace(number=_number(t.number, conjugate), factors=tuple(map(of, t.factors))) for t in value.terms]
    return value.with_(terms=terms, bias=None if value.bias is None else conjugate(value.bias))


def part_of(value: Linear, operation: str) -> Any:
    """The real or the imaginary part: Re(a b) = Re a Re b − Im a Im b, factor by factor."""
    if value.dtype.kind is not complex:
        return value if operation == "real" else value * 0.0
    _check(value, operation)
    terms: list[Term] = []
    for term in value.terms:
        terms += _parts(term, value.source)[operation == "imag"]
    bias = None if value.bias is None else {"real": real, "imag": imag}[operation](value.bias)
    return linear(value.source, value.shape, terms, bias, current().floating(float))


def _parts(term: Term, source: Any) -> tuple[list[Term], list[Term]]:
    """The terms of the real part, and those of the imaginary part."""
    if sum(f.tensor.dtype.kind is complex for f in term.factors) > MOST:
        raise not_traceable("the part of a complex number", f"it is a product of more than {MOST} complex factors")
    reals, imaginaries = ([term._replace(number=_number(term.number, part), factors=())] for part in (real, imag))
    for f in term.factors:
        if f.tensor.dtype.kind is not complex:
            reals, imaginaries = [t.times(f) for t in reals], [t.times(f) for t in imaginaries]
            continue
        a, b = _factor(f, real, source), _factor(f, imag, source)
        reals, imaginaries = (
            [t.times(a) for t in reals] + [t.times(b).scaled(-1) for t in imaginaries],
            [t.times(a) for t in imaginaries] + [t.times(b) for t in reals],
        )
    return reals, imaginaries


def _factor(f: Factor, part: Any, source: Any) -> Factor:
    """A part of a complex factor, the same tensor for the same factor."""
    return Factor(source.once((part, id(f.tensor)), f.tensor, lambda: part(f.tensor)), f.at)


def _number(number: Any, part: Any) -> Any:
    """A part of a Python number or a tensor."""
    if isinstance(number, Tensor):
        return part(number)
    number = complex(number)
    return {real: number.real, imag: number.imag, conjugate: number.conjugate()}[part]
