"""Functions that are made of elementary ones."""

import math
from typing import Any

import numpy as np
from phiml_core.shape import channel, non_batch
from phiml_core.tensor.arithmetic import OPS, unary
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .elementwise import abs_, cast, exp, log, log1p, maximum, round_, sin, where
from .reduce import max_, sum_

__all__ = [
    "abs_square", "angle", "arccosh", "arcsinh", "arctanh", "degrees_to_radians", "factorial", "log_gamma", "radians_to_degrees",
    "safe_mul", "soft_plus", "softmax",
]  # fmt: skip


def angle(x: Any) -> Any:
    """Angle of complex numbers in the plane, from -π to π."""
    return unary(x, OPS["angle"])


def arcsinh(x: Any) -> Any:
    """Inverse of the hyperbolic sine."""
    return unary(x, OPS["asinh"])


def arccosh(x: Any) -> Any:
    """Inverse of the hyperbolic cosine, from 0; NaN below 1."""
    return unary(x, OPS["acosh"])


def arctanh(x: Any) -> Any:
    """Inverse of the hyperbolic tangent; NaN beyond 1."""
    return unary(x, OPS["atanh"])


def abs_square(x: Any) -> Any:
    """Squared magnitude, real also of complex numbers."""
    x = x if isinstance(x, Tensor) else wrap(x)
    return x.real**2 + x.imag**2 if x.dtype.kind is complex else x**2


def degrees_to_radians(deg: Any) -> Any:
    """Angles in radians."""
    return deg * (math.pi / 180)


def radians_to_degrees(rad: Any) -> Any:
    """Angles in degrees."""
    return rad * (180 / math.pi)


def safe_mul(x: Any, y: Any) -> Any:
    """Product that is 0 where `x` is 0, also where `y` is infinite or NaN; its derivatives are 0 there, too."""
    zero = x == 0
    return where(zero, 0, x * where(zero, 1, y))


def soft_plus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    return maximum(x, 0) + log1p(exp(-abs_(x)))


def softmax(x: Tensor, reduce: Any = non_batch) -> Tensor:
    """Positive numbers in the proportion of exp(x) that add up to 1 along the dims `reduce` (names, shape or filter)."""
    from phiml_core.transform import stop_gradient

    grown = exp(x - stop_gradient(max_(x, reduce)))
    return grown / sum_(grown, reduce)


_LANCZOS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip


def log_gamma(x: Any) -> Any:
    """Logarithm of the magnitude of the gamma function, infinite at 0, -1, …

    Lanczos (1964) with g = 7 and 9 terms, below 1/2 by reflection; relative error 1e-15 in double precision.
    """
    x = cast(x if isinstance(x, Tensor) else wrap(x), float)
    low = x < 0.5
    z = where(low, 1 - x, x) - 1
    series = sum([c / (z + i) for i, c in enumerate(_LANCZOS[1:], 1)], start=wrap(_LANCZOS[0]))
    t = z + 7.5
    direct = 0.5 * math.log(2 * math.pi) + (z + 0.5) * log(t) - t + log(series)
    near = where(low, x, 0.5)
    sine = abs_(sin(math.pi * (near - round_(near))))  # |sin πx|, with as many digits
    return where(low, math.log(math.pi) - log(sine) - direct, direct)


def factorial(x: Any) -> Any:
    """x!, exactly for integers, as the gamma function of x + 1 for floating point numbers.

    Raises:
        OverflowError: the result for a known integer needs more bits than the type has.
    """
    x = x if isinstance(x, Tensor) else wrap(x)
    if x.dtype.kind is not int:
        return exp(log_gamma(x + 1))
    last = 12 if x.dtype.bits <= 32 else 20
    if x.available and x.shape.volume and int(max_(x, x.shape)) > last:
        raise OverflowError(f"{int(max_(x, x.shape))}! does not fit into {x.dtype}.  Pass floating point numbers.")
    from .slicing import slice_

    table = wrap(
        np.array([math.factorial(i) for i in range(last + 1)], np.int32 if last == 12 else np.int64), channel("_n")
    )
    return slice_(table, {"_n": x})
