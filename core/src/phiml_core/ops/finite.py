"""Reductions over the values that are finite numbers."""

from typing import Any

from phiml_core.shape import non_batch
from phiml_core.tensor.tensor import Tensor

from .elementwise import is_finite, is_nan, where
from .reduce import any_, max_, min_, sum_

__all__ = ["finite_max", "finite_mean", "finite_min", "finite_std", "finite_sum", "nan_to_0"]


def nan_to_0(x: Tensor) -> Tensor:
    """`x` with 0 in the place of NaN; the derivative is 0 there."""
    return where(is_nan(x), 0, x)


def _only(value: Tensor, dim: Any, default: Any, reduced: Any) -> Tensor:
    """What `reduced` makes of the finite values, `default` where there are none."""
    good = is_finite(value)
    return where(any_(good, dim), reduced(good), default)


def finite_sum(value: Tensor, dim: Any = non_batch, default: Any = float("nan")) -> Tensor:
    """Sum of the finite values over the dims that `dim` selects, `default` if there are none."""
    return _only(value, dim, default, lambda good: sum_(where(good, value, 0), dim))


def finite_mean(value: Tensor, dim: Any = non_batch, default: Any = float("nan")) -> Tensor:
    """Mean of the finite values, see `finite_sum`."""
    return _only(value, dim, default, lambda good: _mean(good, value, dim))


def _mean(good: Tensor, value: Tensor, dim: Any) -> Tensor:
    count = sum_(good, dim)
    return sum_(where(good, value, 0), dim) / where(count > 0, count, 1)


def finite_std(value: Tensor, dim: Any = non_batch, default: Any = float("nan")) -> Tensor:
    """Standard deviation of the finite values, see `finite_sum`; its derivative is 0 where they are all the same."""

    def deviation(good: Tensor) -> Tensor:
        known = where(good, value, 0)
        squared = _mean(good, (known - _mean(good, value, dim)) ** 2, dim)
        zero = squared == 0
        return where(zero, 0.0, where(zero, 1.0, squared) ** 0.5)

    return _only(value, dim, default, deviation)


def finite_max(value: Tensor, dim: Any = non_batch, default: Any = float("nan")) -> Tensor:
    """Largest finite value, see `finite_sum`."""
    return _only(value, dim, default, lambda good: max_(where(good, value, -float("inf")), dim))


def finite_min(value: Tensor, dim: Any = non_batch, default: Any = float("nan")) -> Tensor:
    """Smallest finite value, see `finite_sum`."""
    return _only(value, dim, default, lambda good: min_(where(good, value, float("inf")), dim))
