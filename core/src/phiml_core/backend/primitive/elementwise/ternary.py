"""Element-wise array words of three arrays, of which the first decides."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "where", "clip",
]  # fmt: skip

Array = Any


@generic(on="condition")
def where(condition: Array, x: Array, y: Array) -> Array:
    """x where the condition holds, y elsewhere."""


@generic(on="x")
def clip(x: Array, lower: Array, upper: Array) -> Array:
    """x limited to [lower, upper]."""
