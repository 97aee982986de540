"""General local operators of a grid: a coefficient per offset."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.math import pad, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from .boundary import ABSENT, DIRICHLET, NEUMANN, PERIODIC, parse_boundary
from .constant import constant
from .linear import LinearOperator
from .shift import stored

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

    @property
    def margins(self) -> tuple[tuple[int, int], ...]:
        """How far the stencil reaches beyond the lower and upper side, per dim."""
        return tuple((max(0, *(-o for o in column)), max(0, *column)) for column in zip(*self.offsets))

    def __call__(self, x: Tensor) -> Dense:
        x = stored(x, self.dims)
        wide = _continued(x, self.dims, self.boundary, self.margins)
        total: Any = None
        for offset, coefficient in zip(self.offsets, self.coefficients):
            window = wide[
                {
                    dim: slice(lower + o, lower + o + n)
                    for dim, o, (lower, _), n in zip(self.dims, offset, self.margins, self.resolution.sizes)
                }
            ]
            part = window * coefficient
            total = part if total is None else total + part
        return total

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


def _continued(x: Dense, dims: tuple[str, ...], boundary: Any, margins: Any) -> Dense:
    """x with as many cells beyond each side as the stencil reads."""
    if type(x) is not Dense:
        return pad(
            x, dict(zip(dims, margins)), {d: tuple([_RULES[s] for s in pair]) for d, pair in zip(dims, boundary)}
        )
    for dim, pair, (lower, upper) in zip(dims, boundary, margins):
        spec = x.spec
        key = ("continued", dim, pair, lower, upper)
        plan = spec._cache.get(key)
        if plan is None:
            plan = spec._cache[key] = _continuation(spec, dim, pair, lower, upper)
        x = Dense(plan[0](x.native_array), plan[1])
    return x


def _continuation(spec: Any, dim: str, pair: tuple[str, str], lower: int, upper: int) -> Any:
    axis, n = spec.axes[dim], spec.shape.get_size(dim)
    getitem, concat = spec.backend.bind(primitive.getitem), spec.backend.bind(primitive.concat)
    zeros, rank = spec.backend.bind(primitive.pad), len(spec.axes)
    flip, negative = spec.backend.bind(primitive.flip), spec.backend.bind(primitive.negative)

    def cut(array: Any, start: int, stop: int) -> Any:
        return getitem(array, (*(slice(None),) * axis, slice(start, stop)))

    def beyond(array: Any, side: str, width: int, at_end: bool) -> Any:
        if side == ABSENT:
            return zeros(cut(array, 0, 0), tuple((0, width if a == axis else 0) for a in range(rank)), "constant", 0)
        if side == PERIODIC:
            return cut(array, 0, width) if at_end else cut(array, n - width, n)
        inside = flip(cut(array, n - width, n) if at_end else cut(array, 0, width), (axis,))
        return negative(inside) if side == DIRICHLET else inside

    def program(array: Any) -> Any:
        parts = [beyond(array, pair[0], lower, False)] if lower else []
        parts += [array, *([beyond(array, pair[1], upper, True)] if upper else [])]
        return concat(parts[0], tuple(parts[1:]), axis) if len(parts) > 1 else array

    return spec.backend.fuse(program, spec.wide), spec.resized(dim, n + lower + upper)
