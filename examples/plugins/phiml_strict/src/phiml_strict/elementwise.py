"""Element-wise words."""

import math
from collections.abc import Callable
from typing import Any

import array_api_strict as xp
from phiml_core.backend import DType, primitive

from .trait import ARRAY, STRICT, native_dtype

SAME_NAME = (
    "abs", "negative", "positive", "sign", "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan",
    "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "ceil", "round", "logical_not",
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "pow", "atan2", "maximum", "minimum", "equal",
    "not_equal", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "clip",
)  # fmt: skip
for _name in SAME_NAME:
    getattr(primitive, _name).register((ARRAY,), getattr(xp, _name))

for _name, _standard in {
    "invert": xp.bitwise_invert,
    "left_shift": xp.bitwise_left_shift,
    "right_shift": xp.bitwise_right_shift,
}.items():
    getattr(primitive, _name).register((ARRAY,), _standard)


def numeric(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of numbers also for truth values, as 0 and 1, which the standard does not allow."""

    def as_number(x: Any) -> Any:
        if isinstance(x, bool):
            return int(x)
        return xp.astype(x, xp.int8) if isinstance(x, ARRAY) and x.dtype == xp.bool else x

    return lambda *xs: function(*map(as_number, xs))


for _name in ("less", "less_equal", "greater", "greater_equal", "isfinite", "isnan", "isinf"):
    getattr(primitive, _name).register((ARRAY,), numeric(getattr(xp, _name)))


def is_complex(x: Any) -> bool:
    """Whether the elements are complex numbers."""
    return xp.isdtype(x.dtype, "complex floating")


@primitive.real.dispatch
def _(x: ARRAY) -> Any:
    return xp.real(x) if is_complex(x) else x


@primitive.imag.dispatch
def _(x: ARRAY) -> Any:
    return xp.imag(x) if is_complex(x) else xp.zeros_like(x)


@primitive.conj.dispatch
def _(x: ARRAY) -> Any:
    return xp.conj(x) if is_complex(x) else x


@primitive.angle.dispatch
def _(x: ARRAY) -> Any:
    if is_complex(x):
        return xp.atan2(xp.imag(x), xp.real(x))
    if not xp.isdtype(x.dtype, "real floating"):
        x = xp.astype(x, xp.float64)
    return xp.where(x < 0, math.pi, xp.zeros_like(x))


@primitive.sigmoid.dispatch
def _(x: ARRAY) -> Any:
    e = xp.exp(-xp.abs(x))  # of the magnitude, so that nothing overflows
    return xp.where(x >= 0, 1 / (1 + e), e / (1 + e))


@primitive.erf.dispatch
def _(x: ARRAY) -> Any:
    from scipy.special import erf  # the standard has none

    return STRICT.as_array(erf(STRICT.to_numpy(x)), STRICT.dtype(x))


primitive.where.register((ARRAY,), xp.where)


@primitive.astype.dispatch
def _(x: ARRAY, dtype: DType) -> Any:
    if is_complex(x) and dtype.kind is not complex:  # the standard asks to say what becomes of the imaginary part
        x = x != 0 if dtype.kind is bool else xp.real(x)
    return xp.astype(x, native_dtype(dtype), copy=False)
