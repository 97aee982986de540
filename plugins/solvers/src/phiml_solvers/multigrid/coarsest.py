"""The coarsest grid, solved by the inverse of its matrix."""

from typing import Any

import numpy as np

from .plan import Level
from .rows import on_grid, rows
from .stencil import face_sum, outflow, padded
from .words import Words

__all__ = ["apply_inverse", "inverse_matrix"]

LOWEST = {32: 1e-5, 64: 1e-10}
"""What is added to the eigenvalues of the scaled matrix, so that parts cut off from all others are no reason to fail."""


def inverse_matrix(words: Words, level: Level, faces: list[Any], extra: Any, singular: bool, bits: int) -> Any:
    """The inverse of the operator of a small grid, by (…, cell, cell) in row-major order of axes; 0 for cells without faces.

    The matrix is scaled to a diagonal of ones.  If constants are its null space, the inverse is 1 for them.
    """
    rank, count = len(faces[0].shape), int(np.prod(level.sizes))
    units = np.eye(count, dtype=f"f{bits // 8}").reshape(count, *_sizes(level, rank))
    unit = words.backend.as_array(units)
    wide = level.behind(1)
    columns = outflow(
        words,
        wide,
        [words.reshape(c, (1, *c.shape)) for c in faces],
        None if extra is None else words.reshape(extra, (1, *extra.shape)),
        padded(words, wide, unit),
    )
    matrix = rows(words, wide, columns, (0,))
    diagonal = face_sum(words, level, faces)
    diagonal = rows(words, level, diagonal if extra is None else diagonal + extra)
    root = words.sqrt(diagonal)
    scale = words.inverse(root)
    here = words.where(diagonal == 0, diagonal + 1, diagonal * 0)  # 1 on the diagonal for cells without faces
    eye = words.backend.as_array(np.eye(count, dtype=f"f{bits // 8}"))
    scaled = matrix * _column(words, scale) * _row(words, scale) + eye * (_row(words, here) + LOWEST[bits])
    if singular:
        total = words.sum(diagonal, (len(diagonal.shape) - 1,))
        unit_level = root * words.reshape(words.sqrt(words.inverse(total)), (*total.shape, 1))
        scaled = scaled + _column(words, unit_level) * _row(words, unit_level)
    inverse = words.solve(scaled, words.broadcast_to(eye, tuple(scaled.shape)))
    back = [a for a in range(len(inverse.shape) - 2)]
    inverse = (inverse + words.transpose(inverse, (*back, len(back) + 1, len(back)))) * 0.5
    return inverse * _column(words, scale) * _row(words, scale)


def apply_inverse(words: Words, level: Level, inverse: Any, r: Any) -> Any:
    """The inverse of `inverse_matrix` applied to values of the cells."""
    right = rows(words, level, r)
    return on_grid(words, level, words.sum(inverse * _row(words, right), (len(right.shape),)))


def _sizes(level: Level, rank: int) -> tuple[int, ...]:
    places = dict(zip(level.axes, level.sizes))
    return tuple(places.get(a, 1) for a in range(rank))


def _row(words: Words, x: Any) -> Any:
    return words.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def _column(words: Words, x: Any) -> Any:
    return words.reshape(x, (*x.shape, 1))
