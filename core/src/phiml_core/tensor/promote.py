"""Element types of results: kinds promote, precision comes from the context."""

from typing import Any

from phiml_core.backend.dtype import BOOL, KINDS, DType, dtype_named
from phiml_core.backend.precision import Precision, warn_narrowing

from .spec import Spec

__all__ = ["common_type", "operand_type", "result_types"]

Operand = Spec | type  # a Python number counts by its class


def operand_type(operand: Operand, precision: Precision) -> DType | None:
    """The element type of an operand; None for an integer or boolean Python number, which takes the type of the others."""
    if isinstance(operand, Spec):
        return operand.dtype
    if issubclass(operand, (bool, int)):
        return None
    return precision.floating(complex if issubclass(operand, complex) else float)


def common_type(operands: tuple[Operand, ...], precision: Precision, operation: str, at_least: type = bool) -> DType:
    """The type that operands are converted to: the widest kind; floats at the precision of the context.

    Warns once if strong data is narrowed.
    """
    kinds, ints = [at_least], []
    for o in operands:
        dtype = operand_type(o, precision)
        if dtype is None:
            kinds.append(bool if isinstance(o, type) and issubclass(o, bool) else int)
        else:
            kinds.append(dtype.kind)
            if dtype.kind is int and not (isinstance(o, Spec) and o.weak):
                ints.append(dtype)
    kind = KINDS[max(KINDS.index(k) for k in kinds)]
    if kind is bool:
        return BOOL
    if kind is int:
        return _common_int(ints, precision)
    result = precision.floating(kind)
    for o in operands:
        if (
            isinstance(o, Spec)
            and not o.weak
            and o.dtype.kind in (float, complex)
            and o.dtype.precision > result.precision
        ):
            warn_narrowing(o.dtype, result, operation)
    return result


def _common_int(ints: list[DType], precision: Precision) -> DType:
    if not ints:
        return precision.int
    signed = [t for t in ints if not t.name.startswith("u")]
    unsigned = [t for t in ints if t.name.startswith("u")]
    bits = max(t.bits for t in ints)
    if signed and unsigned and max(t.bits for t in unsigned) >= max(t.bits for t in signed):
        bits = min(64, 2 * max(t.bits for t in unsigned))
    return dtype_named(f"int{bits}" if signed else f"uint{bits}")


def result_types(rule: str, operands: tuple[Any, ...], precision: Precision, name: str) -> tuple[DType, DType]:
    """Type computed in and type of the result, by the rule of an element-wise operation (see `Elementwise`).

    Raises:
        TypeError: the operation is not defined for these types.
    """
    if rule == "logical":
        return BOOL, BOOL
    if rule == "float":
        t = common_type(operands, precision, name, float)
        return t, t
    t = common_type(operands, precision, name)
    if rule == "bool" or rule == "test":
        return t, BOOL
    if rule == "real":
        if name == "angle" and t.kind in (bool, int):
            t = precision.float
        return t, (precision.floating(float) if t.kind is complex else t)
    if rule == "int" and t.kind in (float, complex):
        raise TypeError(f"{name} is defined for integers and booleans, not for {t}.  Convert first: cast(t, int).")
    if rule == "round" and t.kind is complex:
        raise TypeError(f"{name} is not defined for complex numbers.  Take real() or abs() first.")
    return t, t
