"""What a user wishes about the marks of single values: colours, opacity, bands of error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from phiml_core.marks import Heatmap, Lines, Mark, Style, Volume, marks

from .colors import CURVES

__all__ = ["wished"]

Entries = list[tuple[str, list[Mark]]]


def wished(entries: Entries, style: Style) -> Entries:
    """The marks of each value with the colours, the opacity and the bands of a style.

    Raises:
        ValueError: another number of colours or bands than of values, a colour that there is not, or a band of another shape.
    """
    colors, errors = (
        for_each(given, len(entries), what) for given, what in ((style.color, "color"), (style.err, "err"))
    )
    result = []
    for (title, found), color, error in zip(entries, colors, errors, strict=True):
        found = found if color is None else [colored(mark, hexadecimal(color)) for mark in found]
        found = found if error is None else banded(found, error)
        if style.alpha != 1:
            found = [replace(mark, opacity=mark.opacity * style.alpha) for mark in found]
        result.append((title, found))
    return result


def for_each(given: Any, count: int, what: str) -> list[Any]:
    """One wish for each value."""
    if not isinstance(given, list | tuple):
        return [given] * count
    if len(given) != count:
        raise ValueError(f"{what} has {len(given)} items for {count} values.  Give one for each, or one for all.")
    return list(given)


def hexadecimal(color: Any) -> str:
    """A colour as '#rrggbb': from a name, or the number of one of the usual colours."""
    from matplotlib.colors import to_hex

    try:
        return CURVES[color % len(CURVES)] if isinstance(color, int) else to_hex(color)
    except ValueError:
        raise ValueError(
            f"Unknown colour {color!r}.  Give a name such as 'red', '#rrggbb', or a number from 0."
        ) from None


def colored(mark: Mark, color: str) -> Mark:
    """A mark in one colour; values that a heat map or a volume shows by colours keep them."""
    return mark if isinstance(mark, Heatmap | Volume) else replace(mark, color=color)


def banded(found: list[Mark], error: Any) -> list[Mark]:
    """The marks with a band behind each curve."""
    curves = [mark for mark in found if isinstance(mark, Lines) and mark.graph]
    heights = [error] * len(curves)
    if not isinstance(error, int | float):
        heights = [mark.paths[0][:, 1] for mark in marks(error) if isinstance(mark, Lines)]
        if [len(h) for h in heights] != [len(curve.paths[0]) for curve in curves]:
            raise ValueError(
                f"err has {len(heights)} curves for {len(curves)}, or curves of another length.  Give it the dims of the value."
            )
    bands = []
    for curve, height in zip(curves, heights, strict=True):
        x, y = curve.paths[0].T
        ends = tuple(np.stack([x, y + sign * height], -1) for sign in (1, -1))
        bands.append(replace(curve, paths=ends, filled=True, opacity=0.25 * curve.opacity))
    return bands + found
