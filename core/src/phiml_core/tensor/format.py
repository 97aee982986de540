"""Tensors in f-strings: `f'{t:full}'`, `f'{t:row:.2f}'`, `f'{t:summary:dtype}'`."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .show import is_block, plain_number, show, summary, unusual_type

__all__ = ["formatted"]

LAYOUTS = ("summary", "full", "row", "numpy")
SWITCHES = ("shape", "dtype", "color")
_VALUES, _SHAPE, _END = "\x1b[94m", "\x1b[92m", "\x1b[0m"


def formatted(value: Any, spec: str) -> str:
    """A tensor as text.

    Args:
        value: tensor.
        spec: parts separated by colons, in any order: what is written ('summary', 'full': all values, 'row': all of them in one line,
            'numpy': as NumPy prints them; by default a row if there are few), 'shape', 'dtype' and 'color' (or 'no-shape', …), and a
            format for numbers such as '.2f'.

    Raises:
        ValueError: the format of numbers does not fit the values.

    >>> from phiml_core import math
    >>> grid = math.wrap([[1, 2], [3, 4]], math.spatial('y,x'))
    >>> print(f'{grid:full:no-shape}')
    3  4
    1  2
    >>> f'{math.vec(x=1, y=2):row:.2f}'
    '(x=1.00, y=2.00)'
    """
    words = spec.split(":") if spec else []
    known = {*LAYOUTS, *SWITCHES, *[f"no-{s}" for s in SWITCHES]}
    layout = next((w for w in words if w in LAYOUTS), "")
    numbers = ":".join(w for w in words if w not in known)
    if value.rank == 0 and not known.intersection(words):
        return format(value.item(), numbers)
    if not is_block(value) or not value.available or value.shape.volume == 0:
        return show(value)
    number = (lambda v: format(v, numbers)) if numbers and value.dtype.kind is not bool else plain_number
    kind = "" if "no-dtype" in words else f" {value.dtype}" if "dtype" in words else unusual_type(value)
    blue, green, end = (_VALUES, _SHAPE, _END) if "color" in words else ("", "", "")
    few = value.rank <= 1 and value.shape.volume <= 8
    if layout == "summary" or (not layout and not few):
        return summary(value, number, "" if "no-shape" in words else f"{green}{value.shape}{end}", kind).lstrip()
    named = value.rank == 0 or (value.rank == 1 and value.shape.item_names and layout != "full")
    if value.rank == 0:
        text = number(value.item())
    elif layout == "numpy":
        text = np.array2string(value.numpy(value.shape), formatter={"all": number} if numbers else None)
    else:
        text = _all(value, number) if layout == "full" else _row(value, number)
    text = f"{blue}{text}{end}"
    if "shape" in words or not (named or layout == "numpy" or "no-shape" in words):
        text += f" along {green}{value.shape}{end}"
    return text + kind


def _row(value: Any, number: Callable[[Any], str]) -> str:
    """Rows in parentheses, separated by semicolons."""
    *outer, inner = value.shape
    array = value.numpy(value.shape)
    names = inner.item_names
    rows = []
    for place in itertools.product(*[range(d.size) for d in outer]):
        items = [number(v) for v in array[place].tolist()]
        rows.append(", ".join([f"{n}={i}" for n, i in zip(names, items, strict=True)] if names else items))
    return "; ".join(f"({r})" for r in rows)


def _all(value: Any, number: Callable[[Any], str]) -> str:
    """Blocks of two dims each: the first spatial dim by name to the right, the second one upwards."""
    across, *down = _block(value.shape)
    outer = value.shape.without((across, *down))
    array = value.numpy((*outer.names, *down, across))
    blocks = []
    for place in itertools.product(*[range(d.size) for d in outer]):
        rows = array[place].tolist() if down else [array[place].tolist()]
        if down and value.shape.get_type(down[0]) == "spatial":
            rows = rows[::-1]
        cells = [[number(v) for v in row] for row in rows]
        width = max(len(c) for row in cells for c in row)
        lines = ["  ".join(c.rjust(width) for c in row) for row in cells]
        if outer:
            where = [f"{d.name}={(d.item_names or range(d.size))[i]}" for d, i in zip(outer, place, strict=True)]
            lines.insert(0, f"({', '.join(where)})")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def _block(shape: Any) -> list[str]:
    """Names of the dims that run to the right and down the page."""
    rest = shape.without(shape.spatial)
    return [*sorted(shape.spatial.names), *reversed(rest.non_batch.names), *reversed(rest.batch.names)][:2]
