"""Operators without coupling: identity, zero, diagonal."""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import expand, sum_, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from .linear import LinearOperator

__all__ = ["Diagonal", "Identity", "Zero"]


@dataclass(frozen=True, eq=False)
class Identity(LinearOperator):
    """x ↦ x.

    Attributes:
        shape: dims of x, or None for any.
    """

    shape: Shape | None = None

    __value_attrs__ = ()
    symmetric = True
    definite = "positive"

    @property
    def dims(self) -> Any:
        return None if self.shape is None else self.shape.names

    @property
    def domain(self) -> Shape | None:
        return self.shape

    largest = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return x

    def diagonal(self) -> Tensor:
        return wrap(1.0)


@dataclass(frozen=True, eq=False)
class Zero(LinearOperator):
    """x ↦ 0.

    Attributes:
        shape: dims of x, or None for any.
        to: dims of the result; None: those of x.
    """

    shape: Shape | None = None
    to: Shape | None = None

    __value_attrs__ = ()
    symmetric = property(lambda self: self.to is None or self.to == self.shape)  # type: ignore[assignment]
    singular = True
    largest = 0.0

    @property
    def dims(self) -> Any:
        return None if self.shape is None else self.shape.names

    @property
    def domain(self) -> Shape | None:
        return self.shape

    @property
    def range(self) -> Shape | None:
        return self.shape if self.to is None else self.to

    def __call__(self, x: Tensor) -> Tensor:
        if self.to is None or self.to == self.shape:
            return x * 0
        assert self.shape is not None
        return expand(sum_(x, x.shape.only(self.shape)) * 0, self.to)

    def adjoint(self) -> LinearOperator:
        return self if self.symmetric else Zero(self.range, self.domain)

    def diagonal(self) -> Tensor:
        return wrap(0.0)

    def without_null_space(self, x: Tensor) -> Tensor:
        return x * 0


@dataclass(frozen=True, eq=False)
class Diagonal(LinearOperator):
    """x ↦ values · x.

    Attributes:
        values: number or tensor; dims that x lacks are added to the result.
        shape: dims of x that belong to the system; None: all non-batch dims of `values`.
    """

    values: Any
    shape: Shape | None = None

    __value_attrs__ = ("values",)
    symmetric = True

    @property
    def dims(self) -> Any:
        return None if self.domain is None else self.domain.names

    @property
    def domain(self) -> Shape | None:
        if self.shape is not None:
            return self.shape
        return self.values.shape.non_batch if isinstance(self.values, Tensor) else None

    @property
    def definite(self) -> str | None:  # type: ignore[override]
        if isinstance(self.values, (bool, int, float)) and self.values:
            return "positive" if self.values > 0 else "negative"
        return None

    @property
    def largest(self) -> Any:
        """The magnitude of the largest entry."""
        from phiml_core.math import max_

        return max_(abs(self.values)) if isinstance(self.values, Tensor) else abs(self.values)

    def __call__(self, x: Tensor) -> Tensor:
        return x * self.values

    def diagonal(self) -> Tensor:
        return self.values if isinstance(self.values, Tensor) else wrap(self.values)
