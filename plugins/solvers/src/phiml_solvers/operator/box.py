"""The Laplace operator on a box of cells: constant, separable, diagonal in a transform per axis."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from phiml_core.backend.precision import current
from phiml_core.backend.spectral_kinds import second_difference
from phiml_core.math import mean, wrap
from phiml_core.shape import Shape, spatial
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from .boundary import ABSENT, DIRICHLET, NEUMANN, OPEN_ENDS, PERIODIC, free_faces, transform_kind
from .constant import constant
from .laplacian import laplacian
from .linear import LinearOperator
from .shift import barrier, difference, neighbour_sum, rolled, stored, stored_on, with_ends

__all__ = ["BoxLaplace", "sign_of", "transform_inverse"]


def sign_of(factor: Any, sign: int) -> str | None:
    """Which definite operator `factor` makes of one with this sign; None if the factor is a tensor, or zero."""
    factor = 1 if factor is None else factor
    if not isinstance(factor, (int, float)) or not factor:
        return None
    return "positive" if factor * sign > 0 else "negative"


@dataclass(frozen=True, eq=False)
class BoxLaplace(LinearOperator):
    """shift · x + scale · ∇²x for values at the centers of the cells of a box, with second-order differences.

    The faces that something can flow through are called free: the inner ones, and outer ones where x is zero (Dirichlet; half a
    cell from the center, or a whole one: absent) or periodic (the lower face of each cell).  ∇²x is the divergence of the gradient on free faces.

    Attributes:
        resolution: number of cells per dim.
        spacing: size of a cell per dim, in length.
        boundary: (lower, upper) per dim: 'periodic', 'neumann', 'dirichlet', 'absent'.
        scale: factor of the Laplacian, number or tensor without dims of the grid, or None for 1.
        shift: factor of the identity, likewise, or None for 0.
    """

    resolution: Shape
    spacing: tuple[float, ...]
    boundary: tuple[tuple[str, str], ...]
    scale: Any = None
    shift: Any = None

    order: tuple[str, ...] = field(init=False)  # shapes are equal whatever their order, operators are not

    __value_attrs__ = ("scale", "shift")
    symmetric = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", self.resolution.names)

    @property
    def dims(self) -> tuple[str, ...]:
        return self.order

    @property
    def domain(self) -> Shape:
        return self.resolution

    @property
    def singular(self) -> bool:  # type: ignore[override]
        return self.shift is None and not any([side in OPEN_ENDS for pair in self.boundary for side in pair])

    @property
    def definite(self) -> str | None:  # type: ignore[override]
        """Known where scale and shift are left out or numbers that do not oppose each other."""
        signs = [sign_of(self.scale, -1), *([] if self.shift is None else [sign_of(self.shift, 1)])]
        return signs[0] if len(set(signs)) == 1 else None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The transform per dim that diagonalises the operator."""
        return tuple(transform_kind(pair) for pair in self.boundary)

    def face_resolution(self, dim: str) -> Shape:
        """Number of free faces that are normal to `dim`, by dim."""
        i = self.resolution.index(dim)
        return self.resolution.with_size(free_faces(self.boundary[i], self.resolution.sizes[i]), dim)  # type: ignore[arg-type]

    def gradient(self, x: Any, dim: str) -> Dense:
        """∂x/∂dim on the free faces normal to `dim`, of a tensor or of another part of a solution (see `solve_increments`)."""
        if not isinstance(x, Tensor):
            return x.gradient(dim)
        i = self.resolution.index(dim)
        pair, h = self.boundary[i], self.spacing[i]
        x = stored(x, self.dims)
        if pair[0] == PERIODIC:
            return (x - rolled(x, dim, 1)) * (1 / h)
        slope = difference(with_ends(x, dim, *(int(side in OPEN_ENDS) for side in pair)), dim)
        lower, upper = (int(side == DIRICHLET) for side in pair)
        if lower or upper:  # zero lies at the face, half a cell away
            return slope * _end_factors(dim, slope.shape.get_size(dim), lower, upper, h, current().float.name)
        return slope * (1 / h)

    def divergence(self, fluxes: Sequence[Tensor]) -> Dense:
        """Sum of outflows per volume of each cell, of components on the free faces normal to each dim; none flows through others."""
        ready = []
        for dim, pair, flux in zip(self.dims, self.boundary, fluxes):
            flux = stored(flux, self.dims)
            if pair[0] != PERIODIC:
                flux = with_ends(flux, dim, *(int(side == NEUMANN) for side in pair))
            ready.append(flux)
        total = None
        for dim, pair, h, flux in zip(self.dims, self.boundary, self.spacing, barrier(*ready)):
            change = rolled(flux, dim, -1) - flux if pair[0] == PERIODIC else difference(flux, dim)
            change = change * (1 / h)
            total = change if total is None else total + change
        return total  # type: ignore[return-value]

    def __call__(self, x: Tensor) -> Dense:
        x = stored_on(x, self.resolution)
        laplace = laplacian(x, self.dims, self.boundary, self.spacing)
        if laplace is None:
            laplace = self.divergence([self.gradient(x, dim) for dim in self.dims])
        return self.combine(x, laplace)

    def combine(self, x: Tensor, laplace: Any) -> Any:
        """shift · x + scale · laplace."""
        if self.scale is not None:
            laplace = laplace * self.scale
        return laplace if self.shift is None else laplace + x * self.shift

    def face_sum(self, weights: Sequence[Dense]) -> Dense:
        """Sum over the faces of each cell of weights on free faces, divided by the squared distance to where x is known beyond."""
        total: Any = None
        for dim, pair, h, w in zip(self.dims, self.boundary, self.spacing, weights):
            if pair[0] == PERIODIC:
                part = w + rolled(w, dim, -1)
            else:
                lower, upper = (int(side == DIRICHLET) for side in pair)
                if lower or upper:
                    w = w * _end_factors(dim, w.shape.get_size(dim), lower, upper, 1.0, current().float.name)
                w = with_ends(stored(w, self.dims), dim, *(int(side == NEUMANN) for side in pair))
                part = neighbour_sum(w, dim)
            part = part * (1 / h**2)
            total = part if total is None else total + part
        return total

    def diagonal(self) -> Tensor:
        total = None
        for dim, pair, n, h in zip(self.dims, self.boundary, self.resolution.sizes, self.spacing):
            entries = np.full(n, -2.0)
            if pair[0] != PERIODIC:
                for end, side in zip((0, -1), pair):
                    entries[end] += {NEUMANN: 1, DIRICHLET: -1, ABSENT: 0}[side]
            part = constant(entries / h**2, spatial(dim))
            total = part if total is None else total + part
        return self.combine(wrap(1.0), total)

    @property
    def largest(self) -> Any:
        """An upper bound of the magnitude of the eigenvalues."""
        bound: Any = sum(4 / h**2 for h in self.spacing)
        if self.scale is not None:
            bound = abs(self.scale) * bound
        return bound if self.shift is None else abs(self.shift) + bound

    def without_null_space(self, x: Tensor) -> Tensor:
        return x - mean(x, self.resolution) if self.singular else x

    def eigenvalues(self, laplace_only: bool = False) -> Any:
        """All eigenvalues in the order of the transforms, dims as `resolution`: NumPy float64, or a tensor if scaled or shifted."""
        symbol = _symbol(self.kinds, self.resolution.sizes, self.spacing)
        if laplace_only or (self.scale is None and self.shift is None):
            return symbol
        return self.combine(wrap(1.0), constant(symbol, self.resolution))

    def with_coefficients(self, scale: Any, shift: Any) -> "BoxLaplace":
        """The same box with another scale and shift."""
        return replace(self, scale=scale, shift=shift)


@lru_cache(maxsize=256)
def _end_factors(dim: str, faces: int, lower: int, upper: int, h: float, dtype: str) -> Tensor:
    """1/h for each face along a dim, twice that at open ends, where zero lies half a cell away."""
    factors = np.full(faces, 1 / h, dtype)
    if lower:
        factors[0] *= 2
    if upper:
        factors[-1] *= 2
    return wrap(factors, spatial(dim))


@lru_cache(maxsize=64)
def transform_inverse(kinds: tuple[str, ...], sizes: tuple[Any, ...], spacing: tuple[float, ...]) -> np.ndarray:
    """1/eigenvalues of the Laplacian in the order of the transforms, one axis per dim; 0 where an eigenvalue is 0."""
    values = _symbol(kinds, sizes, spacing)
    inverse = np.zeros_like(values)
    np.divide(1.0, values, out=inverse, where=np.abs(values) > 1e-13 * np.abs(values).max())
    return inverse


@lru_cache(maxsize=64)
def _symbol(kinds: tuple[str, ...], sizes: tuple[int, ...], spacing: tuple[float, ...]) -> np.ndarray:
    total: Any = 0.0
    for axis, (kind, n, h) in enumerate(zip(kinds, sizes, spacing)):
        total = total + (second_difference(kind, n) / h**2).reshape([-1 if a == axis else 1 for a in range(len(sizes))])
    return total
