"""The Laplace operator on a box with obstacles: faces may be closed, or open in part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from phiml_core.math import max_, maximum, sum_, where, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from .box import BoxLaplace
from .laplacian import laplacian
from .linear import LinearOperator
from .shift import stored, stored_on

__all__ = ["MaskedLaplace"]


@dataclass(frozen=True, eq=False)
class MaskedLaplace(LinearOperator):
    """shift · x + scale · ∇ · (w ∇x) with the open fraction w of each free face of a box, see `BoxLaplace`.

    A cell all of whose faces are closed is inactive: without shift its row is zero, and so is x there.

    Attributes:
        box: the same operator with all faces open.
        weights: per dim the open fraction of the free faces normal to it, or any other non-negative coefficient, such as a diffusivity.
        fractions: whether the weights are known to be open fractions, from 0 to 1; what they are worth may be traced.
    """

    box: BoxLaplace
    weights: tuple[Any, ...]
    fractions: bool = False

    __value_attrs__ = ("box", "weights")
    symmetric = True

    @property
    def dims(self) -> tuple[str, ...]:
        return self.box.dims

    @property
    def resolution(self) -> Shape:
        """Number of cells per dim."""
        return self.box.resolution

    @property
    def domain(self) -> Shape:
        return self.box.resolution

    @property
    def definite(self) -> str | None:  # type: ignore[override]
        """As the box; weights are taken to be non-negative."""
        return self.box.definite

    @property
    def singular(self) -> bool:  # type: ignore[override]
        return self.box.singular

    @property
    def largest(self) -> Any:
        """An upper bound of the magnitude of the eigenvalues (Gershgorin), per example."""
        bound = 2 * max_(abs(self.weighted_faces()), self.resolution)
        if self.box.scale is not None:
            bound = abs(self.box.scale) * bound
        return bound if self.box.shift is None else abs(self.box.shift) + bound

    def gradient(self, x: Any, dim: str) -> Dense:
        """∂x/∂dim on the free faces normal to `dim`, open or not; see `BoxLaplace.gradient`."""
        return self.box.gradient(x, dim)

    def divergence(self, fluxes: Sequence[Tensor]) -> Dense:
        """Sum of outflows per volume of each cell, of components already weighted by the open fraction of their faces."""
        return self.box.divergence(fluxes)

    def __call__(self, x: Tensor) -> Dense:
        x, box = stored_on(x, self.resolution), self.box
        laplace = laplacian(x, self.dims, box.boundary, box.spacing, self.weights)
        if laplace is None:
            laplace = box.divergence([box.gradient(x, dim) * w for dim, w in zip(self.dims, self.weights)])
        return box.combine(x, laplace)

    def diagonal(self) -> Tensor:
        return self.box.combine(wrap(1.0), self.weighted_faces())

    def weighted_faces(self) -> Dense:
        """The diagonal of ∇ · (w ∇): minus the sum of open faces over squared distances."""
        return -self.box.face_sum([stored(w, self.dims) for w in self.weights])

    @property
    def active(self) -> Tensor:
        """1 for cells that anything can flow into, 0 for others; traced if the weights are."""
        return where(self.weighted_faces() == 0, 0.0, 1.0)

    def without_null_space(self, x: Tensor) -> Tensor:
        """x without what cannot be solved for: on inactive cells, and if nothing fixes the level, the mean over active ones."""
        return self.null_space_projection()(x)

    def null_space_projection(self) -> Callable[[Tensor], Tensor]:
        if self.box.shift is not None:
            return lambda x: x
        active = self.active
        if not self.singular:
            return lambda x: x * active
        level = active / maximum(sum_(active, self.resolution), 1.0)
        return lambda x: x * active - level * sum_(x * active, self.resolution)
