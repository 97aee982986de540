"""When a system counts as solved: norms and tolerances, one value per example of the batch."""

from typing import Any

from phiml_core.backend.precision import current
from phiml_core.math import abs_, any_, conjugate, is_finite, max_, maximum, real, sqrt, sum_, where
from phiml_core.shape import Shape
from phiml_core.solve import Solve
from phiml_core.tensor.tensor import Tensor

from .operator.linear import LinearOperator

__all__ = [
    "Allowance",
    "anywhere",
    "curvature",
    "default_rel_tol",
    "epsilon",
    "has_diverged",
    "inner",
    "least",
    "norm",
    "size_of",
    "system_dims",
    "target",
    "zeros_of",
]


class Allowance:
    """An absolute tolerance that takes as long to compute as a part of the solve, with a lower bound that does not.

    `Solve.abs_tol` may be one: a solve that meets the bound need not compute the tolerance.  Its value attributes are leaves.
    """

    def exact(self) -> Tensor:
        """The tolerance."""
        raise NotImplementedError

    def least(self) -> Tensor:
        """A lower bound of it, as close as can be had for next to nothing."""
        return self.exact()

    def __truediv__(self, size: Any) -> Tensor:
        return self.exact() / size


def system_dims(operator: LinearOperator, y: Tensor) -> Shape:
    """The dims of y that belong to one system; all others are batch dims."""
    names = operator.dims
    return y.shape.non_batch if names is None else y.shape.cached(("of a system", names), Shape.only, names)


def anywhere(condition: Tensor) -> Tensor:
    """Whether a condition holds for any example."""
    return any_(condition, condition.shape)


def norm(x: Tensor, dims: Shape, kind: str) -> Tensor:
    """The 2-norm or the largest magnitude over `dims`."""
    if kind == "max":
        return max_(abs_(x), dims)
    size = abs_(x) if x.dtype.kind is complex else x
    return sqrt(sum_(size * size, dims))


def inner(a: Tensor, b: Tensor, dims: Shape) -> Tensor:
    """⟨a, b⟩ over `dims`, conjugate in a."""
    return sum_((conjugate(a) if a.dtype.kind is complex else a) * b, dims)


def curvature(a: Tensor, b: Tensor, dims: Shape) -> Tensor:
    """The real part of ⟨a, b⟩, which is all of it where b is the image of a under a Hermitian operator."""
    product = inner(a, b, dims)
    return real(product) if product.dtype.kind is complex else product


def epsilon() -> float:
    """The distance from 1 to the next number of the precision of the context."""
    return 2.0 ** (-52 if current().bits == 64 else -23)


def default_rel_tol() -> float:
    """1e-5 in single and 1e-10 in double precision."""
    return 1e-10 if current().bits == 64 else 1e-5


def target(settings: Solve, y: Tensor, dims: Shape, size: Tensor | None = None) -> Tensor:
    """What the norm of the residual has to reach: max(rel_tol norm(y), abs_tol).

    Args:
        size: the norm of y, if it is known.
    """
    absolute = settings.abs_tol.exact() if isinstance(settings.abs_tol, Allowance) else settings.abs_tol
    rel = settings.rel_tol
    if rel is None:
        if isinstance(absolute, Tensor):
            return absolute
        rel = default_rel_tol() if absolute is None else 0.0
    tolerance = (norm(y, dims, settings.norm) if size is None else size) * rel
    return tolerance if absolute is None else maximum(tolerance, absolute)


def least(settings: Solve, y: Tensor, dims: Shape) -> Tensor:
    """A lower bound of `target`, which takes no time to compute where the absolute tolerance has one."""
    if settings.rel_tol is None and isinstance(settings.abs_tol, Allowance):
        return settings.abs_tol.least()
    return target(settings, y, dims)


def has_diverged(residual: Tensor, start: Tensor) -> Tensor:
    """Whether a residual is not a number or has grown a millionfold."""
    return ~is_finite(residual) | (residual > start * 1e6)


def zeros_of(like: Tensor) -> Tensor:
    """Zeros also where `like` is not a number."""
    return where(like == like, 0.0, 0.0)


def size_of(y: Tensor, dims: Shape) -> Tensor:
    """The largest magnitude of each right-hand side, to divide by so that squares neither overflow nor vanish; 1 if it is 0 or infinite."""
    size = max_(abs_(y), dims)
    return where(is_finite(size) & (size > 0), size, 1.0)
