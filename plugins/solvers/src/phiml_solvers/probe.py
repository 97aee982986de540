"""Looking at an operator from outside: what a few applications tell of one whose structure says nothing."""

from functools import lru_cache
from typing import Any

import numpy as np
from phiml_core.math import abs_, maximum, where
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import cond

from .criterion import anywhere, epsilon, inner, norm, zeros_of
from .operator.constant import constant

__all__ = ["allowing_for_rounding", "excused", "is_asymmetric", "noise", "rounding", "size_estimate"]


def noise(dims: Shape, seed: int) -> Any:
    """Fixed numbers without structure that the common operators share: a product of random vectors, one per dim."""
    total: Any = 1.0
    for dim in dims:
        total = total * constant(_numbers(int(dim.size), seed), dim)  # type: ignore[arg-type]
        seed += 1
    return total


@lru_cache(maxsize=64)
def _numbers(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, count) * rng.choice([-1.0, 1.0], count)


def is_asymmetric(operator: Any, zero: Tensor, dims: Shape) -> Tensor:
    """Whether ⟨A u, v⟩ differs from ⟨u, A v⟩ by more than rounding, for two fixed vectors: enough to find any but a contrived operator.

    Args:
        zero: zeros like a right-hand side.
        dims: those of one system.
    """
    u, v = zero + noise(dims, 11), zero + noise(dims, 23)
    image, other = operator(u), operator(v)
    size = norm(image, dims, "2") * norm(v, dims, "2") + norm(other, dims, "2") * norm(u, dims, "2")
    return abs_(inner(image, v, dims) - inner(u, other, dims)) > size * (100 * epsilon())


def size_estimate(operator: Any, zero: Tensor, dims: Shape, codomain: Shape) -> Tensor:
    """About the root mean square of the singular values of an operator, from below, by one application."""
    u = zero + noise(dims, 37)
    return norm(operator(u), codomain, "2") / maximum(norm(u, dims, "2"), 1e-30)


def rounding(operator: Any, x: Tensor, dims: Shape, kind: str) -> Tensor:
    """The residual that rounding x to the precision of the context can leave, for a square operator.

    Args:
        dims: those of the equations of one system.
        kind: the norm.
    """
    unknowns = dims if operator.domain is None else operator.domain
    size = getattr(operator, "largest", None)
    if size is None:
        size = size_estimate(operator, zeros_of(x), unknowns, dims)
    return norm(x, unknowns, kind) * (size * epsilon())


def excused(operator: Any, x: Tensor, y: Tensor, dims: Shape, kind: str, sound: bool = False) -> Tensor:
    """The residual that rounding excuses: that of the residual itself, and what that of x can leave.

    A solution whose rounding can leave 3 % of the right-hand side y is excused by nothing: it may have grown along what the operator
    maps to nearly zero.

    Args:
        sound: whether x is known not to have, as where eigenvalues are known.
    """
    size, of_x = norm(y, dims, kind), rounding(operator, x, dims, kind)
    return 16 * epsilon() * size + (of_x if sound else where(of_x <= 0.03 * size, of_x, 0.0))


def allowing_for_rounding(
    tolerance: Tensor, residual: Tensor, operator: Any, x: Tensor, y: Tensor, dims: Shape, kind: str
) -> Tensor:
    """A tolerance, or what rounding x excuses if that is more; looked at where a residual exceeds the tolerance."""
    tolerance = tolerance + zeros_of(residual)

    def larger() -> Tensor:
        return maximum(tolerance, excused(operator, x, y, dims, kind))

    return cond(anywhere(residual > tolerance), larger, lambda: tolerance)
