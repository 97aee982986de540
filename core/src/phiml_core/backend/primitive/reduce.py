"""Reductions of arrays."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "sum",
    "prod",
    "mean",
    "max",
    "min",
    "any",
    "all",
    "argmax",
    "argmin",
    "cumsum",
    "sort",
    "argsort",
]

Array = Any


@generic(on="x")
def sum(x: Array, axes: tuple[int, ...]) -> Array:
    """Sum over axes, which disappear."""


@generic(on="x")
def prod(x: Array, axes: tuple[int, ...]) -> Array:
    """Product over axes, which disappear."""


@generic(on="x")
def mean(x: Array, axes: tuple[int, ...]) -> Array:
    """Mean over axes, which disappear."""


@generic(on="x")
def max(x: Array, axes: tuple[int, ...]) -> Array:
    """Largest value over axes, which disappear."""


@generic(on="x")
def min(x: Array, axes: tuple[int, ...]) -> Array:
    """Smallest value over axes, which disappear."""


@generic(on="x")
def any(x: Array, axes: tuple[int, ...]) -> Array:
    """Whether any is true over axes, which disappear."""


@generic(on="x")
def all(x: Array, axes: tuple[int, ...]) -> Array:
    """Whether all are true over axes, which disappear."""


@generic(on="x")
def argmax(x: Array, axis: int) -> Array:
    """Position of the (first) largest value along an axis."""


@generic(on="x")
def argmin(x: Array, axis: int) -> Array:
    """Position of the (first) smallest value along an axis."""


@generic(on="x")
def cumsum(x: Array, axis: int) -> Array:
    """Running sum along an axis."""


@generic(on="x")
def sort(x: Array, axis: int) -> Array:
    """x in ascending order along an axis."""


@generic(on="x")
def argsort(x: Array, axis: int) -> Array:
    """Positions that sort x along an axis, stable."""
