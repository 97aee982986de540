"""Interpolation at x - d as an operation with a derivative of its own.

The form (shifted copies or gathers, see `grid.lookup`) is chosen by one predicate inside the compiled program.  The
derivative stands around this choice, so that only the values and displacements are kept for it, and each form has an
adjoint of its own kind (`adjoint`).
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phiml_core.math import Tensor
from phiml_core.transform import barrier, cond, custom_gradient

from phiml_physics.grid.lookup import Vectors, cells_of, fractions, gather_corners, lerp, shift_corners, shift_fractions
from phiml_physics.grid.window import window

from .adjoint import interpolation_adjoint
from .corners import extremes

__all__ = ["Branch", "interpolate", "interpolate_with_bounds"]

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
        small: whether all |d| < 1: a bool, a tensor without dims, or a `Branch`.
        padded: arrays with one layer of boundary values around, one for each field or component.
        d: for each of them the displacement along each axis, in cells.
        dims: the axes.
        periodic: for each of them whether it repeats along each axis.
        back: at x + d instead: the way back, see `shift_corners`.
    """
    return tuple([r[0] for r in _run(_operation(dims, periodic, False, back), small, padded, d)])


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
    return _run(_operation(dims, periodic, True, False), small, padded, d)


@dataclass(frozen=True)
class Branch:
    """Stands for `small` in code that runs only where it is true (`short`), or only where it is not.

    There is no derivative: it belongs to what surrounds the branch.
    """

    short: bool
    small: Any


@dataclass(frozen=True)
class _Operation:
    """An interpolation in both forms, and the function that chooses by `small` and has a derivative."""

    shift: "_Shift"
    gather: "_Gather"
    either: Callable[..., Any]


def _run(operation: _Operation, small: Any, padded: Any, d: Any) -> Any:
    if not isinstance(small, Branch):
        return operation.either(small, padded, d)
    if small.short:
        return operation.shift.forward(padded, d)
    # a branch that is always taken: what reads the result cannot be fused with it, and gather anew for each of its values
    return cond(small.small, operation.gather.blank, operation.gather.forward, padded, d)


@functools.lru_cache(maxsize=256)
def _operation(dims: tuple[str, ...], periodic: tuple[Periodic, ...], bounds: bool, back: bool) -> _Operation:
    shift, gather = _Shift(dims, bounds, back), _Gather(dims, periodic, bounds, back)

    def forward(small: Any, padded: Any, d: Any) -> Any:
        return cond(small, shift.forward, gather.forward, padded, d)

    def backward(inputs: Any, output: Any, gradients: Any) -> Any:
        small, padded, d = inputs
        found = interpolation_adjoint(small, padded, d, gradients, dims, periodic, back)
        return small if isinstance(small, bool) else None, *found

    return _Operation(shift, gather, custom_gradient(forward, backward))


class _Form:
    """One form of the interpolation of several arrays."""

    def __init__(self, dims: tuple[str, ...], bounds: bool, back: bool):
        self.dims, self.bounds, self.back = dims, bounds, back

    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        """Corners of the cells around x - d, and the weights of the farther ones."""
        raise NotImplementedError

    def blank(self, padded: Any, d: Any) -> Any:
        """Zeros in the place of the results of `forward`."""
        centers = [
            window(p, self.dims, (1,) * len(self.dims), [p.shape.get_size(n) - 2 for n in self.dims]) for p in padded
        ]
        return tuple([(0.0 * c,) * (3 if self.bounds else 1) for c in centers])

    def forward(self, padded: Any, d: Any) -> Any:
        results = []
        for i, (p, x) in enumerate(zip(padded, d, strict=True)):
            corners, weights = self.corners(i, p, x)
            results.append((lerp(corners, weights), *extremes(corners)) if self.bounds else (lerp(corners, weights),))
        return tuple(results)


class _Shift(_Form):
    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        return shift_corners(padded, d, self.dims, self.back), shift_fractions(d)


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
