"""Element-wise array words of two arrays, of which the first decides."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "pow", "atan2", "maximum", "minimum",
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or",
    "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift",
]  # fmt: skip

Array = Any


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
