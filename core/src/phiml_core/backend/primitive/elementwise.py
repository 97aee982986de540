"""Element-wise array words."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "abs",
    "negative",
    "positive",
    "sign",
    "sqrt",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "floor",
    "ceil",
    "round",
    "isfinite",
    "isnan",
    "isinf",
    "logical_not",
    "invert",
    "real",
    "imag",
    "conj",
    "angle",
    "sigmoid",
    "erf",
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "pow",
    "atan2",
    "maximum",
    "minimum",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "left_shift",
    "right_shift",
    "where",
    "clip",
    "astype",
]

Array = Any


@generic
def abs(x: Array) -> Array:
    """|x|."""


@generic
def negative(x: Array) -> Array:
    """-x."""


@generic
def positive(x: Array) -> Array:
    """x."""


@generic
def sign(x: Array) -> Array:
    """Sign of x: -1, 0 or 1."""


@generic
def sqrt(x: Array) -> Array:
    """Square root."""


@generic
def exp(x: Array) -> Array:
    """e^x."""


@generic
def expm1(x: Array) -> Array:
    """e^x - 1."""


@generic
def log(x: Array) -> Array:
    """Natural logarithm."""


@generic
def log1p(x: Array) -> Array:
    """log(1 + x)."""


@generic
def log2(x: Array) -> Array:
    """Logarithm to base 2."""


@generic
def log10(x: Array) -> Array:
    """Logarithm to base 10."""


@generic
def sin(x: Array) -> Array:
    """Sine of radians."""


@generic
def cos(x: Array) -> Array:
    """Cosine of radians."""


@generic
def tan(x: Array) -> Array:
    """Tangent of radians."""


@generic
def asin(x: Array) -> Array:
    """Inverse sine."""


@generic
def acos(x: Array) -> Array:
    """Inverse cosine."""


@generic
def atan(x: Array) -> Array:
    """Inverse tangent."""


@generic
def sinh(x: Array) -> Array:
    """Hyperbolic sine."""


@generic
def cosh(x: Array) -> Array:
    """Hyperbolic cosine."""


@generic
def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""


@generic
def asinh(x: Array) -> Array:
    """Inverse hyperbolic sine."""


@generic
def acosh(x: Array) -> Array:
    """Inverse hyperbolic cosine."""


@generic
def atanh(x: Array) -> Array:
    """Inverse hyperbolic tangent."""


@generic
def floor(x: Array) -> Array:
    """Largest integer not above x."""


@generic
def ceil(x: Array) -> Array:
    """Smallest integer not below x."""


@generic
def round(x: Array) -> Array:
    """Nearest integer, half to even."""


@generic
def isfinite(x: Array) -> Array:
    """Whether x is neither infinite nor NaN."""


@generic
def isnan(x: Array) -> Array:
    """Whether x is NaN."""


@generic
def isinf(x: Array) -> Array:
    """Whether x is infinite."""


@generic
def logical_not(x: Array) -> Array:
    """Not x, of booleans."""


@generic
def invert(x: Array) -> Array:
    """Bitwise complement."""


@generic
def real(x: Array) -> Array:
    """Real part."""


@generic
def imag(x: Array) -> Array:
    """Imaginary part."""


@generic
def conj(x: Array) -> Array:
    """Complex conjugate."""


@generic
def angle(x: Array) -> Array:
    """Argument of a complex number."""


@generic
def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""


@generic
def erf(x: Array) -> Array:
    """Error function."""


@generic(on="x")
def add(x: Array, y: Array) -> Array:
    """x + y."""


@generic(on="x")
def subtract(x: Array, y: Array) -> Array:
    """x - y."""


@generic(on="x")
def multiply(x: Array, y: Array) -> Array:
    """x y."""


@generic(on="x")
def divide(x: Array, y: Array) -> Array:
    """x / y."""


@generic(on="x")
def floor_divide(x: Array, y: Array) -> Array:
    """Largest integer not above x / y."""


@generic(on="x")
def remainder(x: Array, y: Array) -> Array:
    """x - y floor(x / y)."""


@generic(on="x")
def pow(x: Array, y: Array) -> Array:
    """x to the power y."""


@generic(on="x")
def atan2(x: Array, y: Array) -> Array:
    """Angle of the point (y, x)."""


@generic(on="x")
def maximum(x: Array, y: Array) -> Array:
    """The larger of x and y."""


@generic(on="x")
def minimum(x: Array, y: Array) -> Array:
    """The smaller of x and y."""


@generic(on="x")
def equal(x: Array, y: Array) -> Array:
    """x = y."""


@generic(on="x")
def not_equal(x: Array, y: Array) -> Array:
    """x ≠ y."""


@generic(on="x")
def less(x: Array, y: Array) -> Array:
    """x < y."""


@generic(on="x")
def less_equal(x: Array, y: Array) -> Array:
    """x ≤ y."""


@generic(on="x")
def greater(x: Array, y: Array) -> Array:
    """x > y."""


@generic(on="x")
def greater_equal(x: Array, y: Array) -> Array:
    """x ≥ y."""


@generic(on="x")
def logical_and(x: Array, y: Array) -> Array:
    """x and y, of booleans."""


@generic(on="x")
def logical_or(x: Array, y: Array) -> Array:
    """x or y, of booleans."""


@generic(on="x")
def logical_xor(x: Array, y: Array) -> Array:
    """Either x or y, of booleans."""


@generic(on="x")
def bitwise_and(x: Array, y: Array) -> Array:
    """Bitwise and."""


@generic(on="x")
def bitwise_or(x: Array, y: Array) -> Array:
    """Bitwise or."""


@generic(on="x")
def bitwise_xor(x: Array, y: Array) -> Array:
    """Bitwise exclusive or."""


@generic(on="x")
def left_shift(x: Array, y: Array) -> Array:
    """x shifted left by y bits."""


@generic(on="x")
def right_shift(x: Array, y: Array) -> Array:
    """x shifted right by y bits."""


@generic(on="condition")
def where(condition: Array, x: Array, y: Array) -> Array:
    """x where the condition holds, y elsewhere."""


@generic(on="x")
def clip(x: Array, lower: Array, upper: Array) -> Array:
    """x limited to [lower, upper]."""


@generic(on="x")
def astype(x: Array, dtype: Any) -> Array:
    """x converted to another element type."""
