"""Element-wise array words of one array."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "abs", "negative", "positive", "sign", "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos",
    "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "ceil", "round",
    "isfinite", "isnan", "isinf", "logical_not", "invert", "real", "imag", "conj", "angle", "sigmoid", "erf",
    "astype",
]  # fmt: skip

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
def astype(x: Array, dtype: Any) -> Array:
    """x converted to another element type."""
