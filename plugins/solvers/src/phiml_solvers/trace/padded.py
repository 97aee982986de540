"""Padding of traced tensors by every boundary."""

from typing import Any

from phiml_core.extrapolation import Extrapolation, as_extrapolation, ghost
from phiml_core.extrapolation.antisymmetric import mirror_signs
from phiml_core.extrapolation.copying import copied_positions
from phiml_core.math import pad, stack, unstack
from phiml_core.ops.pad import checked_widths

from .joined import concatenated
from .linear import Linear, joint_type, linear, zeros_like
from .reindex import sliced
from .term import Term

__all__ = ["padded"]

_COPYING = ("edge", "wrap", "symmetric", "antisymmetric")


def padded(value: Linear, widths: Any, mode: Any) -> Any:
    """See `math.pad`."""
    boundary = mode if isinstance(mode, Extrapolation) else as_extrapolation(mode)
    widths = checked_widths(value, widths)
    along = boundary.component_dim
    if along is not None and along in value.shape.names and along not in widths:
        dim = value.shape[along]
        return stack([pad(v, widths, boundary.item(dim, i)) for i, v in enumerate(unstack(value, dim))], dim)
    for dim, (lower, upper) in widths.items():
        value = _one_dim(value, dim, lower, upper, boundary)
    return value


def _one_dim(value: Any, dim: str, lower: int, upper: int, boundary: Extrapolation) -> Any:
    size: Any = value.shape.get_size(dim)
    if lower < 0 or upper < 0:
        start, stop = -min(lower, 0), size + min(upper, 0)
        if lower > 0 or upper > 0:
            value = _one_dim(value, dim, max(lower, 0), max(upper, 0), boundary)
            start, stop = start, size + max(lower, 0) + max(upper, 0) + min(upper, 0)
        return value[{dim: slice(start, stop)}]
    if not lower and not upper:
        return value
    sides = [boundary.side(dim, False), boundary.side(dim, True)]
    if not all(_is_known(side) for side, width in zip(sides, (lower, upper)) if width):
        return _by_ghosts(value, dim, lower, upper, sides)
    total = size + lower + upper
    terms: list[Term | None] = [t.moved(dim, -lower, size, total) for t in value.terms]
    for side, width, at_end in zip(sides, (lower, upper), (False, True)):
        if width and not side.constants:
            start = lower + size if at_end else 0
            terms += _copies(value, dim, side.plan_key, at_end, width, start, total)
    bias = value.bias
    if bias is not None or any(_is_nonzero(s) for s, width in zip(sides, (lower, upper)) if width):
        base = zeros_like(value) if bias is None else value.full_bias()
        bias = pad(base, {dim: (lower, upper)}, boundary)
    shape = value.shape.with_size(total, dim).with_item_names(dim, None)
    dtype = value.dtype if bias is None else joint_type(value, bias)
    return linear(value.source, shape, [t for t in terms if t is not None], bias, dtype)


def _is_known(side: Extrapolation) -> bool:
    return bool(side.constants) or side.plan_key in _COPYING


def _is_nonzero(side: Extrapolation) -> bool:
    if not side.constants:
        return False
    (value,) = side.constants
    return value.shape.rank > 0 or not value.available or value.item() != 0


def _copies(value: Linear, dim: str, mode: str, upper: bool, width: int, start: int, total: int) -> list[Any]:
    """The terms of the cells beyond a side that equal cells inside, from position `start` of the padded tensor on."""
    size: Any = value.shape.get_size(dim)
    sign = mirror_signs(size, upper, width) if mode == "antisymmetric" else [1] * width
    places = copied_positions("symmetric" if mode == "antisymmetric" else mode, size, upper, width)
    found: list[Any] = []
    for first, last in _runs(places, sign):
        part = sliced(value, dim, places[first], places[last] + 1)
        for t in getattr(part, "terms", ()):
            moved = t.moved(dim, -(start + first), last - first + 1, total)
            found.append(moved.scaled(sign[first]) if moved is not None else None)
    return found


def _runs(places: tuple[int, ...], signs: list[int]) -> list[tuple[int, int]]:
    """Stretches of neighbours: (first, last) in the list."""
    runs: list[tuple[int, int]] = []
    for i, p in enumerate(places):
        if runs and p == places[i - 1] + 1 and signs[i] == signs[i - 1] and runs[-1][1] == i - 1:
            runs[-1] = (runs[-1][0], i)
        else:
            runs.append((i, i))
    return runs


def _by_ghosts(value: Linear, dim: str, lower: int, upper: int, sides: list[Extrapolation]) -> Any:
    """By the word `ghost`, for boundaries of third parties."""
    parts: list[Any] = [value]
    if lower:
        parts.insert(0, ghost(sides[0], value, dim, False, lower))
    if upper:
        parts.append(ghost(sides[1], value, dim, True, upper))
    return concatenated(tuple(parts), dim)
