"""Element-wise words for TensorFlow tensors.

Raw operations, since the functions of the public names spend two thirds of an eager call on converting what is a tensor
already.  Python numbers take the element type of the tensor beside them.
"""

import math as numbers
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

from .derivative import custom_vjp
from .tensors import ARRAY, dtype_of, is_number, native_dtype

raw = tf.raw_ops
Word = Callable[..., Any]


def unary(operation: Word) -> Word:
    """The operation of one tensor, which a raw operation takes by name."""
    return lambda x: operation(x=x)


def binary(operation: Word) -> Word:
    """The operation of two tensors, or of a tensor and a number."""

    def word(x: Any, y: Any) -> Any:
        if is_number(x):
            x = tf.constant(x, y.dtype)
        return operation(x=x, y=y)

    return word


def widened(word: Word, *types: str) -> Word:
    """`word`, computed with 64-bit integers (booleans: 8-bit) for element types that the operation lacks."""
    wide = {tf.as_dtype(t): tf.uint8 if t == "bool" else tf.int64 for t in types}

    def cast(x: Any, dtype: Any) -> Any:
        return x if is_number(x) else raw.Cast(x=x, DstT=dtype)

    def call(x: Any, *others: Any) -> Any:
        dtype = (others[0] if is_number(x) else x).dtype
        if dtype not in wide:
            return word(x, *others)
        result = word(*[cast(a, wide[dtype]) for a in (x, *others)])
        return result if result.dtype == tf.bool else raw.Cast(x=result, DstT=dtype)

    return call


def of_floats(word: Word, otherwise: Word) -> Word:
    """`word` for floating point and complex numbers, `otherwise` for integers and booleans."""
    return lambda x: word(x) if x.dtype.is_floating or x.dtype.is_complex else otherwise(x)


def same(x: Any) -> Any:
    """x itself: what rounding does to integers, for example."""
    return x


UNARY = {
    "negative": raw.Neg, "sign": raw.Sign, "exp": raw.Exp, "expm1": raw.Expm1, "log": raw.Log, "log1p": raw.Log1p,
    "sin": raw.Sin, "cos": raw.Cos, "tan": raw.Tan, "asin": raw.Asin, "acos": raw.Acos, "atan": raw.Atan, "sinh": raw.Sinh,
    "cosh": raw.Cosh, "tanh": raw.Tanh, "asinh": raw.Asinh, "acosh": raw.Acosh, "atanh": raw.Atanh, "logical_not": raw.LogicalNot,
    "invert": raw.Invert, "sigmoid": raw.Sigmoid,
}  # fmt: skip
BINARY = {
    "add": raw.AddV2, "subtract": raw.Sub, "multiply": raw.Mul, "divide": raw.RealDiv,     "logical_and": raw.LogicalAnd, "logical_or": raw.LogicalOr,
    "bitwise_and": raw.BitwiseAnd, "bitwise_or": raw.BitwiseOr, "bitwise_xor": raw.BitwiseXor, "left_shift": raw.LeftShift,
    "right_shift": raw.RightShift, "equal": raw.Equal, "not_equal": raw.NotEqual, "remainder": raw.FloorMod,
}  # fmt: skip
ORDER = {"less": raw.Less, "less_equal": raw.LessEqual, "greater": raw.Greater, "greater_equal": raw.GreaterEqual}
TESTS = {"isfinite": (raw.IsFinite, True), "isnan": (raw.IsNan, False), "isinf": (raw.IsInf, False)}

for _name, _operation in UNARY.items():
    getattr(primitive, _name).register((ARRAY,), unary(_operation))
for _name, _operation in BINARY.items():
    getattr(primitive, _name).register((ARRAY,), binary(_operation))
for _name, _operation in ORDER.items():
    getattr(primitive, _name).register((ARRAY,), widened(binary(_operation), "bool"))
for _name, _operation in {"floor": raw.Floor, "ceil": raw.Ceil, "round": raw.Rint}.items():
    getattr(primitive, _name).register((ARRAY,), of_floats(unary(_operation), same))
primitive.positive.register((ARRAY,), same)
primitive.log2.register((ARRAY,), lambda x: raw.Mul(x=raw.Log(x=x), y=1 / numbers.log(2)))
primitive.log10.register((ARRAY,), lambda x: raw.Mul(x=raw.Log(x=x), y=1 / numbers.log(10)))
primitive.logical_xor.register((ARRAY,), binary(raw.NotEqual))


def _test(operation: Word, of_integers: bool) -> Word:
    def word(x: Any) -> Any:
        if x.dtype.is_complex:
            both = raw.LogicalAnd if of_integers else raw.LogicalOr
            return both(x=operation(x=tf.math.real(x)), y=operation(x=tf.math.imag(x)))
        return operation(x=x)

    return of_floats(word, lambda x: tf.fill(tf.shape(x), of_integers))


for _name, (_operation, _of_integers) in TESTS.items():
    getattr(primitive, _name).register((ARRAY,), _test(_operation, _of_integers))


_root = custom_vjp(
    lambda x: ((y := raw.Sqrt(x=x),), y), lambda y, slopes: (0.5 * slopes[0] / y,), lambda x: (raw.Sqrt(x=x),)
)


@primitive.sqrt.dispatch
def _(x: ARRAY) -> Any:
    return _root(x)[0] if x.dtype.is_complex else raw.Sqrt(x=x)  # XLA's derivative of complex roots is wrong


@primitive.abs.dispatch
def _(x: ARRAY) -> Any:
    if x.dtype.is_complex:
        return raw.ComplexAbs(x=x, Tout=x.dtype.real_dtype)
    return x if x.dtype.is_unsigned or x.dtype == tf.bool else raw.Abs(x=x)


@primitive.real.dispatch
def _(x: ARRAY) -> Any:
    return raw.Real(input=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else x


@primitive.imag.dispatch
def _(x: ARRAY) -> Any:
    return raw.Imag(input=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else raw.ZerosLike(x=x)


@primitive.conj.dispatch
def _(x: ARRAY) -> Any:
    return raw.Conj(input=x) if x.dtype.is_complex else x


@primitive.angle.dispatch
def _(x: ARRAY) -> Any:
    if x.dtype.is_complex:
        return raw.Angle(input=x, Tout=x.dtype.real_dtype)
    return raw.Atan2(y=raw.ZerosLike(x=x), x=x)


def _inverse(x: Any) -> Any:
    return raw.RealDiv(x=tf.constant(1, x.dtype), y=x)


POWERS = {
    0: lambda x: raw.OnesLike(x=x), 1: same, 2: unary(raw.Square), 0.5: lambda x: primitive.sqrt(x), -0.5: lambda x: _inverse(primitive.sqrt(x)) if x.dtype.is_complex else raw.Rsqrt(x=x), -1: lambda x: _inverse(x),
}  # fmt: skip
_power = binary(raw.Pow)


@primitive.pow.dispatch
def _(x: ARRAY, y: Any) -> Any:
    found = POWERS.get(y) if is_number(y) else None  # also since the derivative of x**0 at 0 would be NaN
    return _power(x, y) if found is None else found(x)


primitive.atan2.register((ARRAY,), binary(lambda x, y: raw.Atan2(y=x, x=y)))


@primitive.floor_divide.dispatch
def _(x: ARRAY, y: Any) -> Any:
    if is_number(x):
        x = tf.constant(x, y.dtype)
    if not x.dtype.is_floating:
        return raw.FloorDiv(x=x, y=y)
    # floor(x / y) is one too large where the quotient was rounded up to a whole number
    return raw.Rint(x=raw.RealDiv(x=raw.Sub(x=x, y=raw.FloorMod(x=x, y=y)), y=y))


@primitive.where.dispatch
def _(condition: ARRAY, x: Any, y: Any) -> Any:
    if is_number(x):
        x = tf.constant(x, y.dtype)
    return raw.SelectV2(condition=condition, t=x, e=y)


@primitive.astype.dispatch
def _(x: ARRAY, dtype: DType) -> Any:
    if dtype_of(x) is dtype:
        return x
    if x.dtype.is_complex and dtype.kind is not complex and dtype.kind is not bool:
        x = raw.Real(input=x, Tout=x.dtype.real_dtype)  # said, since Cast warns of what it drops
    if dtype.kind is complex and x.dtype.is_floating:  # so does the derivative of Cast
        real = raw.Cast(x=x, DstT=native_dtype(dtype).real_dtype)
        return raw.Complex(real=real, imag=raw.ZerosLike(x=real), Tout=native_dtype(dtype))
    return raw.Cast(x=x, DstT=native_dtype(dtype))
