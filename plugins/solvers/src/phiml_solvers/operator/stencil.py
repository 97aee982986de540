"""General local operators of a grid: a coefficient per offset."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from phiml_core.extrapolation import Extrapolation, as_extrapolation
from phiml_core.math import pad, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from .boundary import ABSENT, DIRICHLET, NEUMANN, PERIODIC, parse_boundary
from .constant import constant
from .linear import LinearOperator
from .shift import barrier, check_fits, exactly_stored

__all__ = ["Stencil"]

Offset = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Stencil(LinearOperator):
    """(A x)[i] = Σ over offsets o of  coefficient[o][i] · x[i + o],  with x continued beyond the sides by the boundary.

    Attributes:
        resolution: number of values per dim.
        offsets: one position relative to i per coefficient, by dim as `resolution`.
        coefficients: numbers or tensors, constant or varying along the grid, one per offset.
        boundary: (lower, upper) per dim: 'periodic'; 'neumann', x is mirrored at the face; 'dirichlet', mirrored with a minus
            sign; 'absent', x is zero beyond.
        symmetric: whether A equals its transpose, which is promised by the caller and decides which algorithms may be used.
        definite, singular: see `LinearOperator`; promised likewise.
    """

    resolution: Shape
    offsets: tuple[Offset, ...]
    coefficients: tuple[Any, ...]
    boundary: tuple[tuple[str, str], ...]
    symmetric: bool = False
    definite: str | None = None
    singular: bool = False
    order: tuple[str, ...] = field(init=False)  # shapes are equal whatever their order, operators are not

    __value_attrs__ = ("coefficients",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", self.resolution.names)

    @staticmethod
    def of(
        coefficients: Mapping[Offset, Any], resolution: Shape, boundary: Any = "periodic", symmetric: bool = False
    ) -> "Stencil":
        """A stencil from `{offset: coefficient}`; for `boundary` see `poisson`.

        >>> from phiml_core.shape import spatial
        >>> Stencil.of({(0,): 2.0, (1,): -1.0, (-1,): -1.0}, spatial(x=5), symmetric=True).dims
        ('x',)
        """
        resolution = resolution.spatial
        for offset in coefficients:
            if len(offset) != resolution.rank:
                raise ValueError(f"The offset {offset} needs one number for each dim of {resolution}.")
        sides = parse_boundary(boundary, resolution)
        return Stencil(resolution, tuple(coefficients), tuple(coefficients.values()), sides, symmetric)

    @property
    def dims(self) -> tuple[str, ...]:
        return self.order

    @property
    def domain(self) -> Shape:
        return self.resolution

    def with_coefficients(self, coefficients: Mapping[Offset, Any], symmetric: bool) -> "Stencil":
        """The same grid and boundary with other coefficients by offset."""
        return Stencil(self.resolution, tuple(coefficients), tuple(coefficients.values()), self.boundary, symmetric)

    def holds(self, coefficient: Any) -> bool:
        """Whether a coefficient varies along dims of the grid alone, and batch dims."""
        return not isinstance(coefficient, Tensor) or not coefficient.shape.non_batch.without(self.dims)

    @property
    def margins(self) -> tuple[tuple[int, int], ...]:
        """How far the stencil reaches beyond the lower and upper side, per dim."""
        return tuple((max(0, *(-o for o in column)), max(0, *column)) for column in zip(*self.offsets))

    def __call__(self, x: Tensor) -> Dense:
        check_fits(x, self.resolution)
        x = exactly_stored(x, self.dims)
        seen = self._views(x)
        windows: dict[Any, Any] = {}  # those with the same number are added before they are multiplied
        for k, (offset, coefficient) in enumerate(zip(self.offsets, self.coefficients)):
            window = seen(offset)
            key = coefficient if isinstance(coefficient, (int, float)) else f"{k}"
            windows[key] = (windows[key][0] + window if key in windows else window), coefficient
        total: Any = None
        for window, coefficient in windows.values():
            part = window if isinstance(coefficient, (int, float)) and coefficient == 1 else window * coefficient
            total = part if total is None else total + part
        return total

    def _views(self, x: Tensor) -> Callable[[Offset], Any]:
        """offset ↦ x as seen from there.

        Where each offset is along one dim, x is continued along one dim at a time, which is less to write than all around; zeros
        all around are not written at all in compiled code.
        """
        margins = dict(zip(self.dims, self.margins))
        zeros = {side for pair in self.boundary for side in pair} == {ABSENT}
        star = not zeros and all([sum(map(bool, offset)) < 2 for offset in self.offsets])
        wide: dict[Any, Any] = {}
        # Joined along the axis whose elements are neighbours in memory, arrays are written once rather than read in pieces.
        innermost = x.spec.stored.names[-1:] if type(x) is Dense else ()

        def view(offset: Offset) -> Any:
            steps = {d: o for d, o in zip(self.dims, offset) if o}
            if not steps:
                return x
            names = tuple(steps) if star else self.dims
            if names not in wide:
                found = _continued(x, self.dims, self.boundary, {n: margins[n] for n in names})
                wide[names] = barrier(found)[0] if star and names == innermost else found
            return wide[names][{n: self._range(n, steps.get(n, 0), margins[n][0]) for n in names if any(margins[n])}]

        return view

    def _range(self, dim: str, offset: int, lower: int) -> slice:
        n = self.resolution.get_size(dim)
        return slice(lower + offset, lower + offset + n)  # type: ignore[operator]

    def adjoint(self) -> LinearOperator:
        if self.symmetric:
            return self
        from ..trace import transposed

        result = transposed(self)
        object.__setattr__(result, "transpose_of", self)
        return result

    def diagonal(self) -> Tensor:
        center: Any = 0.0
        for offset, coefficient in zip(self.offsets, self.coefficients):
            if not any(self._moved(offset)):
                center = center + coefficient
        if any(o and pair[0] != PERIODIC for offset in self.offsets for o, pair in zip(offset, self.boundary)):
            center = center + self._mirrored()
        return center if isinstance(center, Tensor) else wrap(center)

    def _moved(self, offset: Offset) -> Offset:
        """The offset without what leads around a periodic dim back to the same place."""
        sides = zip(offset, self.boundary, self.resolution.sizes)
        return tuple([o % n if pair[0] == PERIODIC else o for o, pair, n in sides])  # type: ignore[operator]

    def _mirrored(self) -> Any:
        """What cells contribute to their own row by being mirrored at sides."""
        total: Any = 0.0
        for offset, coefficient in zip(self.offsets, self.coefficients):
            moved = [i for i, o in enumerate(self._moved(offset)) if o]
            sides = [self.boundary[i][int(offset[i] > 0)] for i in moved]
            if not moved or PERIODIC in sides or ABSENT in sides or not all(offset[i] % 2 for i in moved):
                continue  # an even distance never mirrors a cell onto itself
            part = coefficient
            for i, side in zip(moved, sides):
                n, o = self.resolution.sizes[i], offset[i]
                cell = (abs(o) - 1) // 2
                at = np.zeros(n)
                at[n - 1 - cell if o > 0 else cell] = 1 if side == NEUMANN else -1
                part = part * constant(at, self.resolution[self.dims[i]])
            total = total + part
        return total


_RULES = {PERIODIC: "periodic", NEUMANN: "symmetric", DIRICHLET: "antisymmetric", ABSENT: 0}


@lru_cache(maxsize=256)
def _rule(dims: tuple[str, ...], boundary: tuple[tuple[str, str], ...]) -> Extrapolation:
    """What lies beyond the sides, as `pad` knows it; one rule if all sides are alike, so that it is one operation."""
    if len({side for pair in boundary for side in pair}) == 1:
        return as_extrapolation(_RULES[boundary[0][0]])
    return as_extrapolation({d: tuple([_RULES[s] for s in pair]) for d, pair in zip(dims, boundary)})


def _continued(x: Tensor, dims: tuple[str, ...], boundary: Any, margins: Mapping[str, tuple[int, int]]) -> Any:
    """x with `margins` more cells (lower, upper) beyond the sides of each dim."""
    widths = {d: width for d, width in margins.items() if width != (0, 0)}
    return pad(x, widths, _rule(dims, boundary)) if widths else x
