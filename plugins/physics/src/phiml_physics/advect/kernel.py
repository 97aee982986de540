"""Interpolation at x - d as an operation with a derivative of its own.

The form (shifted copies or gathers, see `grid.lookup`) is chosen by one predicate inside the compiled program.  The
derivative stands around this choice, so that only the values and displacements are kept for it, and each form has an
adjoint of its own kind (`adjoint`).
"""

import functools
from typing import Any

from phiml_core.math import Tensor
from phiml_core.transform import barrier, cond, custom_gradient

from phiml_physics.grid.lookup import Vectors, cells_of, fractions, gather_corners, lerp, shift_corners, shift_fractions

from .adjoint import extremes, gather_backward, shift_backward

__all__ = ["interpolate", "interpolate_with_bounds"]

Job = tuple[Tensor, ...]
Periodic = tuple[bool, ...]


def interpolate(
    small: Any,
    padded: tuple[Tensor, ...],
    d: tuple[Vectors, ...],
    dims: tuple[str, ...],
    periodic: tuple[Periodic, ...],
    back: bool = False,
) -> tuple[Tensor, ...]:
    """Values at x - d.

    Args:
        small: whether all |d| < 1: a bool, or a tensor without dims.
        padded: arrays with one layer of boundary values around, one for each field or component.
        d: for each of them the displacement along each axis, in cells.
        dims: the axes.
        periodic: for each of them whether it repeats along each axis.
        back: at x + d instead: the way back, see `shift_corners`.
    """
    return tuple([r[0] for r in _operation(dims, periodic, False, back)(small, padded, d)])


def interpolate_with_bounds(
    small: Any,
    padded: tuple[Tensor, ...],
    d: tuple[Vectors, ...],
    dims: tuple[str, ...],
    periodic: tuple[Periodic, ...],
) -> tuple[tuple[Tensor, Tensor, Tensor], ...]:
    """Values at x - d, and the smallest and the largest corner of the cell there; arguments as for `interpolate`.

    A derivative may reach each value by one of both bounds at most, as from a limiter.
    """
    return _operation(dims, periodic, True, False)(small, padded, d)


@functools.lru_cache(maxsize=256)
def _operation(dims: tuple[str, ...], periodic: tuple[Periodic, ...], bounds: bool, back: bool) -> Any:
    shift, gather = _Shift(dims, bounds, back), _Gather(dims, periodic, bounds, back)

    def forward(small: Any, padded: Any, d: Any) -> Any:
        return cond(small, shift.forward, gather.forward, padded, d)

    def backward(inputs: Any, output: Any, gradients: Any) -> Any:
        small, padded, d = inputs
        return small if isinstance(small, bool) else None, *cond(
            small, shift.backward, gather.backward, padded, d, gradients
        )

    return custom_gradient(forward, backward)


class _Form:
    """One form of the interpolation of several arrays."""

    def __init__(self, dims: tuple[str, ...], bounds: bool, back: bool):
        self.dims, self.bounds, self.back = dims, bounds, back

    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        """Corners of the cells around x - d, and the weights of the farther ones."""
        raise NotImplementedError

    def forward(self, padded: Any, d: Any) -> Any:
        results = []
        for i, (p, x) in enumerate(zip(padded, d, strict=True)):
            corners, weights = self.corners(i, p, x)
            results.append((lerp(corners, weights), *extremes(corners)) if self.bounds else (lerp(corners, weights),))
        return tuple(results)


class _Shift(_Form):
    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        return shift_corners(padded, d, self.dims, self.back), shift_fractions(d)

    def backward(self, padded: Any, d: Any, gradients: Any) -> Any:
        return shift_backward(self.dims, self.back, self.bounds, padded, d, gradients)


class _Gather(_Form):
    def __init__(self, dims: tuple[str, ...], periodic: tuple[Periodic, ...], bounds: bool, back: bool):
        super().__init__(dims, bounds, back)
        self.periodic = periodic

    def forward(self, padded: Any, d: Any) -> Any:
        return barrier(super().forward(padded, barrier(d)))  # else every use of the result gathers anew

    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        sizes = [padded.shape.get_size(n) - 2 for n in self.dims]  # type: ignore[operator]
        cells = cells_of(d, self.dims, sizes, self.periodic[i], self.back)
        return gather_corners(padded, cells, self.dims), fractions(d, self.back)

    def backward(self, padded: Any, d: Any, gradients: Any) -> Any:
        return gather_backward(self.dims, self.periodic, self.back, self.bounds, padded, d, gradients)
