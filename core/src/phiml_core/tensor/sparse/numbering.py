"""Several positions as one number and back, for NumPy arrays and integer tensors alike; sorting numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from phiml_core.shape import Shape

__all__ = ["distinct", "keys", "number_type", "ravel", "split", "unravel"]

_INT32, _INT64 = np.iinfo(np.int32).max, np.iinfo(np.int64).max


def number_type(volume: Any) -> str:
    """The integer type that holds the numbers 0 … `volume`.  Raises OverflowError where there is none."""
    if volume > _INT64:
        raise OverflowError(f"{volume} positions cannot be numbered by 64-bit integers.")
    return "int32" if volume <= _INT32 else "int64"


def ravel(positions: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Row-major number of positions along dims of `sizes`; 0 for no dims."""
    number: Any = 0
    for position, size in zip(positions, sizes, strict=True):
        number = position if isinstance(number, int) else number * size + position
    return number


def unravel(number: Any, sizes: Sequence[int]) -> list[Any]:
    """Positions along dims of `sizes` of a row-major number."""
    positions = []
    stride = 1
    for i in range(len(sizes) - 1, -1, -1):
        part = number if stride == 1 else number // stride
        positions.append(part % sizes[i] if i else part)
        stride *= sizes[i]
    return positions[::-1]


def split(dims: Shape) -> tuple[Shape, Shape]:
    """The sparse dims as rows and columns: primal and dual ones; where there is only one kind, the first and the others."""
    columns = dims.dual
    if columns and len(columns) < len(dims):
        return dims.without(columns), columns
    return dims[:1], dims[1:]


def keys(row: np.ndarray, column: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """One 64-bit number per position of a matrix, ascending row by row.  Raises OverflowError beyond 2^63 positions."""
    number_type(rows * columns)
    return row.astype(np.int64) * columns + column


def distinct(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each distinct key in ascending order the place of its first entry; for each entry the number of its key."""
    if (key[1:] > key[:-1]).all():
        every = np.arange(len(key))
        return every, every
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)
