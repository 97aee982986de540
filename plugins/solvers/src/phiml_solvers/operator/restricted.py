"""Operators on a coarser grid."""

from dataclasses import dataclass
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import expand, stack, wrap
from phiml_core.shape import Shape, instance
from phiml_core.tensor.tensor import Tensor

from .boundary import NEUMANN
from .box import BoxLaplace
from .linear import Derived, LinearOperator
from .masked import MaskedLaplace

__all__ = ["Injection", "Means", "Restricted", "restricted"]


@dataclass(frozen=True, eq=False)
class Blocks(LinearOperator):
    """What is known of operators between a grid and one whose cells are blocks of `by` cells along each dim of its `shape`."""

    shape: Shape
    by: int = 2

    __value_attrs__ = ()

    @property
    def dims(self) -> tuple[str, ...]:
        return self.shape.names

    @property
    def domain(self) -> Shape:
        return self.shape


@dataclass(frozen=True, eq=False)
class Means(Blocks):
    """Means over blocks of `by` cells along each dim.

    Attributes:
        shape: number of cells per dim, multiples of `by`.
        by: cells per block along each dim.
    """

    @property
    def range(self) -> Shape:
        return self.domain.with_sizes(tuple(n // self.by for n in self.domain.sizes))  # type: ignore[operator]

    def __call__(self, x: Tensor) -> Tensor:
        for name in self.domain.names:
            part = x[{name: slice(0, None, self.by)}]
            for i in range(1, self.by):
                part = part + x[{name: slice(i, None, self.by)}]
            x = part
        return x * (1 / self.by**self.domain.rank)

    def adjoint(self) -> LinearOperator:
        from .algebra import scaled

        return scaled(Injection(self.range, self.by), 1 / self.by**self.domain.rank)


@dataclass(frozen=True, eq=False)
class Injection(Blocks):
    """Each value repeated `by` times along each dim.

    Attributes:
        shape: number of values per dim.
        by: repetitions along each dim.
    """

    @property
    def range(self) -> Shape:
        return self.domain.with_sizes(tuple(n * self.by for n in self.domain.sizes))  # type: ignore[operator]

    def __call__(self, x: Tensor) -> Tensor:
        from phiml_core.math import pack_dims

        for name in self.domain.names:
            dim = x.shape[name]
            x = pack_dims(stack([x] * self.by, instance("_copy")), f"{name},_copy", dim.with_size(None))
        return x

    def adjoint(self) -> LinearOperator:
        from .algebra import scaled

        return scaled(Means(self.range, self.by), float(self.by**self.domain.rank))


@dataclass(frozen=True, eq=False)
class Restricted(Derived):
    """An operator on a grid `by` times coarser: repeat values, apply the operator, take means (Galerkin with constant cells).

    Attributes:
        operator: the operator of the fine grid.
        by: ratio of the number of cells along each dim.
    """

    by: int = 2

    __value_attrs__ = ("operator",)

    @property
    def domain(self) -> Shape:
        return self._means.range

    @property
    def range(self) -> Shape:
        return self.domain

    @property
    def _means(self) -> Means:
        fine = self.operator.domain
        assert fine is not None
        return Means(fine, self.by)

    def __call__(self, x: Tensor) -> Tensor:
        return self._means(self.operator(Injection(self.domain, self.by)(x)))

    def adjoint(self) -> LinearOperator:
        return self if self.symmetric else Restricted(self.operator.adjoint(), self.by)

    def diagonal(self) -> Any:
        from ..trace import as_one

        return as_one(self).diagonal()


@generic(on="operator")
def restricted(operator: Any, by: int = 2) -> Any:
    """The operator on a grid `by` times coarser along each dim.

    Raises:
        ValueError: a number of cells is no multiple of `by`.
    """
    _check(operator, by)
    return Restricted(operator, by)


@restricted.dispatch
def _(operator: BoxLaplace, by):
    """The Laplacian of the coarser box itself."""
    from dataclasses import replace

    _check(operator, by)
    coarse = operator.resolution.with_sizes(tuple(n // by for n in operator.resolution.sizes))
    return replace(operator, resolution=coarse, spacing=tuple(h * by for h in operator.spacing))


@restricted.dispatch
def _(operator: MaskedLaplace, by):
    """Fluxes through the faces of the coarser cells, whose coefficients are means."""
    box = restricted(operator.box, by)
    weights = []
    for i, (dim, w) in enumerate(zip(box.dims, operator.weights)):
        w = expand(w if isinstance(w, Tensor) else wrap(w), operator.box.face_resolution(dim))
        first = by - 1 if box.boundary[i][0] == NEUMANN else 0
        w = w[{dim: slice(first, None, by)}]
        weights.append(Means(operator.resolution.without(dim), by)(w))
    return MaskedLaplace(box, tuple(weights))


def _check(operator: Any, by: int) -> None:
    if operator.domain is None or any(n % by for n in operator.domain.sizes):
        raise ValueError(
            f"The grid {operator.domain} is no multiple of {by} cells along each dim.  Choose another ratio."
        )
