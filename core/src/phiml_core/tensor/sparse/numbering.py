"""Several positions as one number and back, for NumPy arrays and integer tensors alike; sorting numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from phiml_core.shape import Shape

__all__ = ["distinct", "keys", "merged", "number_type", "ravel", "sorting", "split", "unravel"]

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
    order = np.argsort(key, kind="stable")
    new, number = _steps(key[order])
    inverse = np.empty(len(key), np.int64)
    inverse[order] = number
    return order[new], inverse


def _steps(ascending: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where new keys begin in ascending keys, and the number of each key."""
    new = np.empty(len(ascending), bool)
    new[:1] = True
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return new, np.cumsum(new) - 1


def merged(found: Sequence[np.ndarray], common: bool) -> tuple[np.ndarray, list[np.ndarray]]:
    """The keys, ascending, that any (or, `common`, all) of several lists without repetition have, and where those of each list went.

    The place of a key that is left out is -1.
    """
    every = np.concatenate(found)
    order = np.argsort(every, kind="stable")  # merges lists that ascend already
    ascending = every[order]
    new, number = _steps(ascending)
    joint = ascending[new]
    if common:
        shared = np.bincount(number, minlength=len(joint)) == len(found)
        number = np.where(shared, np.cumsum(shared) - 1, -1)[number]
        joint = joint[shared]
    places = np.empty(len(every), np.int64)
    places[order] = number
    return joint, np.split(places, np.cumsum([len(f) for f in found])[:-1])


def sorting(major: np.ndarray, minor: np.ndarray, majors: int, minors: int) -> np.ndarray:
    """Places that sort entries by `major`, then `minor`, both below known bounds, keeping the order of equal ones."""
    if max(majors, minors) > 8 * len(major) + 1024:
        return np.lexsort((minor, major))
    if (minor[1:] >= minor[:-1]).all():
        return _counting(major, majors)
    first = _counting(minor, minors)
    return first[_counting(major[first], majors)]


def _counting(number: np.ndarray, volume: int) -> np.ndarray:
    """A counting sort: a transposition of a matrix with one entry per column, which SciPy has compiled."""
    from scipy.sparse import csc_array

    count = len(number)
    index = number_type(max(count, volume))
    arrays = np.ones(count, np.int8), number.astype(index, copy=False), np.arange(count + 1, dtype=index)
    each = csc_array(arrays, shape=(volume, count), copy=False)
    return each.tocsr().indices
