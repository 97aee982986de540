"""The cosine and sine transforms: which there are, their matrices, inverses, and the frequencies of their basis.

Everything here is plain NumPy in float64 (cast at the end), cached and read-only, so that a traced program can take it
as a constant and no tracer ever ends up in a cache.

Which transform diagonalises the second difference `u[j-1] - 2 u[j] + u[j+1]` of n values:

| kind | left boundary                | right boundary               | values lie          |
|------|------------------------------|------------------------------|---------------------|
| fft  | periodic                     | periodic                     | anywhere            |
| dct1 | zero gradient at value 0     | zero gradient at value n-1   | on both boundaries  |
| dst1 | zero one cell before value 0 | zero one cell after value n-1| between boundaries  |
| dct2 | zero gradient, half a cell out | zero gradient, half a cell out | at cell centers |
| dst2 | zero, half a cell out        | zero, half a cell out        | at cell centers     |
| dct4 | zero gradient, half a cell out | zero, half a cell out      | at cell centers     |
| dst4 | zero, half a cell out        | zero gradient, half a cell out | at cell centers   |
| dct3 | zero gradient at value 0     | zero one cell after value n-1| on the left         |
| dst3 | zero one cell before value 0 | zero gradient at value n-1   | on the right        |

Definitions and normalisation are SciPy's (`scipy.fft.dct`, `scipy.fft.dst`, `norm=None`).
Numbering and symmetries: Wang & Hunt (1985), Martucci (1994).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = [
    "FFT",
    "TRIG_KINDS",
    "SPECTRAL_KINDS",
    "SYMMETRIC_KINDS",
    "check_kinds",
    "kind_type",
    "inverse_kind",
    "normalisation",
    "matrix",
    "inverse_matrix",
    "orthonormal",
    "parity_blocks",
    "inverse_parity_blocks",
    "angles",
    "second_difference",
    "laplace_symbol",
]

FFT = "fft"
TRIG_KINDS = ("dct1", "dct2", "dct3", "dct4", "dst1", "dst2", "dst3", "dst4")
SPECTRAL_KINDS = (FFT, *TRIG_KINDS)

SYMMETRIC_KINDS = frozenset((FFT, "dct2", "dct4", "dst1", "dst2", "dst4"))
"""Kinds T for which T⁻¹·diag(s)·T is a symmetric matrix for every real s (`fft`: every real s with s[k] = s[-k]).
The others weight a value on the boundary by one half; there the operator is self-adjoint in that inner product."""


def check_kinds(
    shape: tuple[int, ...], axes: tuple[int, ...], kinds: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    """Raises `ValueError` unless `axes` are distinct axes of an array of `shape`, each of an `allowed` kind."""
    if len(axes) != len(kinds):
        raise ValueError(f"Got {len(kinds)} kinds {kinds} for {len(axes)} axes {axes}. Give one kind per axis.")
    if len(set(axes)) != len(axes) or any(not 0 <= a < len(shape) for a in axes):
        raise ValueError(
            f"Got axes {axes} for an array of shape {shape}, expected distinct axes from 0 to "
            f"{len(shape) - 1}. Count negative axes from the front."
        )
    for axis, kind in zip(axes, kinds):
        if kind not in allowed:
            raise ValueError(f"Unknown kind of transform {kind!r} for axis {axis}. Use one of {', '.join(allowed)}.")
        smallest = 2 if kind == "dct1" else 1
        if shape[axis] < smallest:
            raise ValueError(
                f"{kind} along axis {axis} needs at least {smallest} values, but the shape is {shape}. "
                f"Leave this axis out{' or use dct2' if kind == 'dct1' else ''}."
            )


def kind_type(kind: str) -> int:
    """1 to 4 for 'dct1' … 'dst4'."""
    return int(kind[3])


def inverse_kind(kind: str) -> str:
    """The kind whose transform divided by `normalisation(kind, n)` undoes `kind`: types 2 and 3 are swapped."""
    return kind[:3] + "1324"[kind_type(kind) - 1]


def normalisation(kind: str, n: int) -> int:
    """The number N in  inverse(kind) = inverse_kind(kind) / N."""
    return {"dct1": 2 * (n - 1), "dst1": 2 * (n + 1)}.get(kind, 2 * n)


# A transform is 2·B / column weight, B a plain cosine or sine; the orthonormal form splits the weights evenly.


def _wave(kind: str, n: int) -> np.ndarray:
    i = np.arange(n, dtype=np.int64)
    whole, half = (i if kind[1] == "c" else i + 1), 2 * i + 1
    rows, columns, period = {
        1: (whole, whole, n - 1 if kind[1] == "c" else n + 1),
        2: (whole, half, 2 * n),
        3: (half, whole, 2 * n),
        4: (half, half, 4 * n),
    }[kind_type(kind)]
    phase = np.outer(rows, columns) % (2 * period)  # reduced exactly, in integers, so that large indices lose no digits
    return (np.cos if kind[1] == "c" else np.sin)(np.pi / period * phase)


def _weights(kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.ones(n), np.ones(n)
    if kind == "dct1":
        rows[[0, -1]] = columns[[0, -1]] = 2
    elif kind_type(kind) in (2, 3):
        (rows if kind_type(kind) == 2 else columns)[0 if kind[1] == "c" else -1] = 2
    return rows, columns


def _constant(array: np.ndarray, dtype: Any) -> np.ndarray:
    array = np.ascontiguousarray(array, dtype=dtype)
    array.flags.writeable = False
    return array


@lru_cache(maxsize=64)
def matrix(kind: str, n: int, dtype: Any = np.float64) -> np.ndarray:
    """The transform as a matrix: `matrix(kind, len(x)) @ x == scipy.fft.dct(x, type)`.  Shape (n, n), read-only."""
    return _constant(2 * _wave(kind, n) / _weights(kind, n)[1], dtype)


@lru_cache(maxsize=64)
def inverse_matrix(kind: str, n: int, dtype: Any = np.float64) -> np.ndarray:
    """Inverse of `matrix(kind, n)`, from the inverse kind and not by elimination.  Shape (n, n), read-only."""
    return _constant(matrix(inverse_kind(kind), n) / normalisation(kind, n), dtype)


@lru_cache(maxsize=64)
def orthonormal(kind: str, n: int, dtype: Any = np.float64) -> np.ndarray:
    """The orthonormal form (SciPy's `norm='ortho'`): its inverse is its transpose.  Shape (n, n), read-only."""
    rows, columns = _weights(kind, n)
    return _constant(np.sqrt(4 / normalisation(kind, n)) * _wave(kind, n) / np.sqrt(np.outer(rows, columns)), dtype)


@lru_cache(maxsize=64)
def parity_blocks(kind: str, n: int, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """The two blocks that a transform of type 1 or 2 falls into: its basis functions are even or odd about the middle.

    With a the first half of x and b the last half, reversed, spectrum[0::2] = even @ (a + b, then the middle value if n
    is odd) and spectrum[1::2] = odd @ (a − b): half as many multiplications as with the full matrix.

    Returns:
        even: (ceil(n/2), ceil(n/2)), odd: (floor(n/2), floor(n/2)), read-only.
    """
    full = matrix(kind, n)
    return _constant(full[0::2, : (n + 1) // 2], dtype), _constant(full[1::2, : n // 2], dtype)


@lru_cache(maxsize=64)
def inverse_parity_blocks(kind: str, n: int, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """The same for the inverse of type 1 or 2: with e = even @ spectrum[0::2] and o = odd @ spectrum[1::2], the first
    half of the signal is e + o and the last half, reversed, e − o."""
    full = inverse_matrix(kind, n)
    return _constant(full[: (n + 1) // 2, 0::2], dtype), _constant(full[: n // 2, 1::2], dtype)


@lru_cache(maxsize=256)
def angles(kind: str, n: int) -> np.ndarray:
    """Angular frequency θ of each basis function in radians per cell, in the order of the spectrum.  Shape (n,)."""
    if kind == FFT:
        return _constant(2 * np.pi * np.fft.fftfreq(n), np.float64)
    k = np.arange(n) + (kind[1] == "s")
    if kind_type(kind) == 1:
        return _constant(np.pi * k / (n - 1 if kind[1] == "c" else n + 1), np.float64)
    return _constant(np.pi * (k if kind_type(kind) == 2 else np.arange(n) + 0.5) / n, np.float64)


@lru_cache(maxsize=256)
def second_difference(kind: str, n: int) -> np.ndarray:
    """Eigenvalues −4 sin²(θ/2) of u[j-1] − 2 u[j] + u[j+1] with the boundaries that belong to `kind`.  Shape (n,)."""
    return _constant(-4 * np.sin(angles(kind, n) / 2) ** 2, np.float64)


@lru_cache(maxsize=16)
def laplace_symbol(kinds: tuple[str, ...], sizes: tuple[int, ...], spacing: tuple[float, ...]) -> np.ndarray:
    """Eigenvalues of the (2d+1)-point Laplacian of a grid, in 1/length².

    Args:
        kinds: one kind of transform per axis.
        sizes: number of values per axis.
        spacing: distance of neighbouring values per axis, in length.

    Returns:
        Shape `sizes`, float64, read-only.
    """
    total = np.zeros(sizes)
    for axis, (kind, n, h) in enumerate(zip(kinds, sizes, spacing)):
        total += (second_difference(kind, n) / h**2).reshape([-1 if a == axis else 1 for a in range(len(sizes))])
    return _constant(total, np.float64)
