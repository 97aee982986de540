"""The operator of one grid: what flows out of its cells through their faces."""

from typing import Any

from .plan import Level
from .words import Words

__all__ = ["face_sum", "inside", "outflow", "padded"]


def face_sum(words: Words, level: Level, faces: list[Any]) -> Any:
    """Sum of the coefficients of the faces of each cell."""
    total: Any = None
    for axis, n, c in zip(level.axes, level.sizes, faces):
        part = words.cut(c, axis, 0, n) + words.cut(c, axis, 1, n + 1)
        total = part if total is None else total + part
    return total


def padded(words: Words, level: Level, x: Any) -> Any:
    """x with one more cell beyond each side: the opposite one if periodic, else zero."""
    for axis, periodic in zip(level.axes, level.periodic):
        if periodic:
            x = words.around(x, axis, True)
    zeros = {axis: (1, 1) for axis, periodic in zip(level.axes, level.periodic) if not periodic}
    return words.once(words.ends(x, zeros))


def inside(words: Words, level: Level, padded: Any, but: int | None = None) -> Any:
    """Padded values without their margin, except along one axis."""
    for axis, n in zip(level.axes, level.sizes):
        if axis != but:
            padded = words.cut(padded, axis, 1, n + 1)
    return padded


def outflow(words: Words, level: Level, faces: list[Any], extra: Any, padded: Any) -> Any:
    """extra · x − ∇ · (c ∇x) of padded x; `extra` may be None."""
    total: Any = None if extra is None else extra * inside(words, level, padded)
    for axis, n, c in zip(level.axes, level.sizes, faces):
        x = inside(words, level, padded, axis)
        flux = c * (words.cut(x, axis, 1, n + 2) - words.cut(x, axis, 0, n + 1))
        part = words.cut(flux, axis, 0, n) - words.cut(flux, axis, 1, n + 1)
        total = part if total is None else total + part
    return total
