"""The low modes of a box: the part of a solution whose values are large beside its differences.

A function of amplitude a that varies over n cells has differences of about a/n, so rounding its values to precision ε perturbs
them by n ε of their size, and the divergence of a projected velocity by as much.  That error comes from a handful of low modes.
Kept as coefficients, they are differentiated exactly: the gradient of a mode is known.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from phiml_core.backend.precision import current
from phiml_core.backend.spectral_kinds import orthonormal
from phiml_core.math import dot
from phiml_core.shape import spatial
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from .operator.boundary import OPEN_ENDS, PERIODIC
from .operator.box import BoxLaplace, transform_inverse
from .operator.constant import constant
from .operator.shift import stored

__all__ = ["LOW", "LowModes", "low_adjoint", "low_counts", "low_part", "part_values"]

LOW = 8
"""Least number of low modes per axis; of periodic axes one more, since sines and cosines come in pairs."""


def low_counts(operator: BoxLaplace) -> tuple[int, ...]:
    """Number of low modes per dim."""
    counts = []
    for pair, n in zip(operator.boundary, operator.resolution.sizes):
        wanted = max(LOW, n // 64 * 2) + int(pair[0] == PERIODIC)
        counts.append(min(wanted, n - 1 + n % 2) if pair[0] == PERIODIC else min(wanted, n))
    return tuple(counts)


@dataclass(frozen=True, eq=False)
class LowModes:
    """A sum of the lowest modes of a box.

    Attributes:
        box: the operator whose eigenfunctions the modes are.
        coefficients: of the orthonormal modes; for dim 'x' of the grid it has the dim 'x_mode'.
    """

    box: BoxLaplace
    coefficients: Any

    __value_attrs__ = ("box", "coefficients")

    @property
    def values(self) -> Dense:
        """The sum at the cell centers."""
        return self._expand(None)

    def gradient(self, dim: str) -> Dense:
        """The derivative along `dim` on the free faces normal to it."""
        return self._expand(dim)

    def _expand(self, along: str | None) -> Dense:
        modes = [f"{dim}_mode" for dim in self.box.dims]
        found = _bases(self.box)
        bases = [found.slopes[i] if dim == along else found.values[i] for i, dim in enumerate(self.box.dims)]
        if len(modes) == 2:  # as products of matrices that no compiler has to transpose
            first = (found.slope_rows if along == self.box.dims[0] else found.value_rows)[0]
            return dot(first, modes[0], dot(self.coefficients, modes[1], bases[1], modes[1]), modes[0])  # type: ignore[return-value]
        result = self.coefficients
        for mode, basis in zip(modes, bases):
            result = dot(result, mode, basis, mode)
        return result


def part_values(part: Any) -> Any:
    """A part of a solution as a tensor of cell values."""
    return part.values if isinstance(part, LowModes) else part


def low_part(operator: BoxLaplace, y: Tensor) -> LowModes:
    """The low modes of A⁻¹ y."""
    result, axes = y, stored(y, operator.dims).spec.axes
    pairs = zip(operator.dims, _bases(operator).values)
    for dim, values in sorted(pairs, key=lambda pair: -axes[pair[0]]):  # rows of the array first: four times faster
        result = _product(result, dim, values)
    return low_adjoint(operator, result)


def _product(x: Any, dim: str, matrix: Dense) -> Any:
    """`dot` over one dim, as a product of matrices neither of which a compiler has to transpose, where that can be."""
    first = stored(x, (dim,)).spec.axes[dim] == 0
    return dot(matrix, dim, x, dim) if first else dot(x, dim, matrix, dim)


def low_adjoint(operator: BoxLaplace, coefficients: Tensor) -> LowModes:
    """A⁻¹ of a sum of low modes, given by coefficients."""
    return LowModes(operator, coefficients * _bases(operator).inverse)


@dataclass(frozen=True)
class _Bases:
    """Constants: values and slopes of the modes per dim, with the modes as first or as last axis, and the inverse eigenvalues of
    their products."""

    values: tuple[Dense, ...]
    slopes: tuple[Dense, ...]
    value_rows: tuple[Dense, ...]
    slope_rows: tuple[Dense, ...]
    inverse: Dense


def _bases(operator: BoxLaplace) -> _Bases:
    key = operator.kinds, operator.boundary, operator.resolution.sizes, operator.dims, operator.spacing
    return _all_bases(*key, low_counts(operator), current().float.name)


@lru_cache(maxsize=32)
def _all_bases(
    kinds: tuple[str, ...],
    boundary: Any,
    sizes: Any,
    names: Any,
    spacing: Any,
    counts: tuple[int, ...],
    dtype: str,
) -> _Bases:
    found = [_modes(*args) for args in zip(kinds, boundary, sizes, spacing, counts)]
    inverse = transform_inverse(kinds, sizes, spacing)[np.ix_(*[modes.positions for modes in found])]
    columns = [spatial(f"{n}_mode", n) for n in names]
    rows = [spatial(n, f"{n}_mode") for n in names]
    return _Bases(
        tuple([constant(modes.values, d) for modes, d in zip(found, columns)]),
        tuple([constant(modes.slopes, d) for modes, d in zip(found, columns)]),
        tuple([constant(np.ascontiguousarray(modes.values.T), d) for modes, d in zip(found, rows)]),
        tuple([constant(np.ascontiguousarray(modes.slopes.T), d) for modes, d in zip(found, rows)]),
        constant(inverse, spatial(*[f"{n}_mode" for n in names])),
    )


@dataclass(frozen=True)
class _Modes:
    positions: np.ndarray  # in the spectrum; for a periodic dim those of cosines and sines of one frequency are equal
    values: np.ndarray  # (modes, cells)
    slopes: np.ndarray  # (modes, free faces)


def _modes(kind: str, pair: tuple[str, str], n: int, h: float, count: int) -> _Modes:
    if kind == "fft":
        frequency = (np.arange(count) + 1) // 2
        phase = 2 * np.pi / n * (frequency[:, None] * np.arange(n) % n)
        odd = np.arange(count)[:, None] % 2 == 1
        values = np.where(odd, np.sin(phase), np.cos(phase)) * np.sqrt(np.where(frequency == 0, 1, 2) / n)[:, None]
        return _Modes(frequency, values, (values - np.roll(values, 1, 1)) / h)
    values = orthonormal(kind, n)[:count]
    ends = [np.zeros((count, int(side in OPEN_ENDS))) for side in pair]
    slopes = np.diff(np.concatenate([ends[0], values, ends[1]], 1), axis=1) / h
    slopes[:, 0] *= OPEN_ENDS.get(pair[0], 1)  # zero may lie at the face, half a cell away
    slopes[:, -1] *= OPEN_ENDS.get(pair[1], 1)
    return _Modes(np.arange(count), values, slopes)
