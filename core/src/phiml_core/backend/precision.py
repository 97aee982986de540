"""Floating point precision: a property of the context, never of the operands."""

import builtins
import contextlib
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from .dtype import DType, as_dtype, float_type

__all__ = ["Precision", "PrecisionWarning", "current", "get_precision", "precision", "set_precision", "warn_narrowing"]

_PLAN_LIMIT = 16384


class PrecisionWarning(UserWarning):
    """Data of higher precision met an operation that runs at the lower precision of the context."""


class Precision:
    """One of the three precisions, with the plans of the operations made under it.

    A plan is what an operation has to do for inputs of known structure; it is kept here under (operation, structures).
    """

    __slots__ = ("bits", "complex", "float", "int", "plans")

    def __init__(self, bits: builtins.int):  # the names of the types below hide the built-in ones
        self.bits: builtins.int = bits
        kinds = (builtins.float, builtins.complex, builtins.int)
        self.float, self.complex, self.int = (as_dtype(k, bits) for k in kinds)
        self.plans: dict[Any, Any] = {}

    def keep(self, key: Any, plan: Any) -> Any:
        """Store `plan` under `key`, forgetting all plans when there are very many."""
        if len(self.plans) >= _PLAN_LIMIT:
            self.plans.clear()
        self.plans[key] = plan
        return plan

    def floating(self, kind: type) -> DType:
        """The float or complex type of this precision."""
        return float_type(self.bits, kind)


_PRECISIONS = {bits: Precision(bits) for bits in (16, 32, 64)}
_DEFAULT = _PRECISIONS[32]
_variable: ContextVar[Precision] = ContextVar("phiml_precision", default=_DEFAULT)
current = _variable.get
_warned = False


def get_precision() -> int:
    """Bits of floating point numbers in this context: 16, 32 (the default) or 64."""
    return current().bits


def _of(bits: int) -> Precision:
    if bits not in _PRECISIONS:
        raise ValueError(f"The precision must be 16, 32 or 64 bits, not {bits!r}.")
    return _PRECISIONS[bits]


def set_precision(bits: int) -> None:
    """Compute with floats of `bits` bits from here on, in this thread."""
    _variable.set(_of(bits))


@contextlib.contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with floats of `bits` (16, 32 or 64) bits inside a `with` block.

    >>> from phiml_core import math
    >>> with math.precision(64):
    ...     math.zeros(math.spatial(x=2)).dtype
    float64
    """
    token = _variable.set(_of(bits))
    try:
        yield
    finally:
        _variable.reset(token)


def forget_plans() -> None:
    """Drop all plans, e.g. after new methods were registered."""
    for p in _PRECISIONS.values():
        p.plans.clear()


def warn_narrowing(given: DType, used: DType, operation: str) -> None:
    """Say once a program that numbers lose digits because the context is narrower than the data."""
    global _warned
    if not _warned:
        warnings.warn(
            f"{operation}: {given} data is converted to {used}, the precision of the context.  "
            f"Compute inside `with precision({given.precision}):` to keep it.  (Said once.)",
            PrecisionWarning,
            stacklevel=4,
        )
        _warned = True
