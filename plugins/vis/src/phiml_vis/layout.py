"""Which marks share a panel, and how panels share a figure; the same for every plotting library."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from phiml_core.marks import Mark, Overlay, Style, marks

from .panels import Layout, Panel
from .table import table
from .wishes import wished

__all__ = ["Layout", "Panel", "arrange"]


def arrange(values: tuple[Any, ...], style: Style) -> Layout:
    """The panels of `values` as `plot` promises them.

    Raises:
        ValueError: there is nothing to draw, `style.overlay` names neither 'args' nor a batch dim of a value, or `style.title` has
            another number of headings than there are values.
    """
    entries = wished([(title, described(value)) for title, value in flatten(values)], style)
    if style.title is not None and not isinstance(style.title, str):
        if len(style.title) != len(entries):
            raise ValueError(
                f"title has {len(style.title)} headings for {len(entries)} values: {style.title}.  Give one for each, or a single string."
            )
        entries = [(str(title), found) for title, (_, found) in zip(style.title, entries, strict=True)]
    entries = [(title, found) for title, found in entries if found]
    if not entries:
        raise ValueError("Nothing to plot: no value was given, or none has marks. Give at least one field or geometry.")
    above: list[Mark] = []
    if isinstance(style.overlay, str):
        entries = overlaid(entries, style.overlay)
    elif style.overlay is not None:
        above = [mark for _, value in flatten((style.overlay,)) for mark in described(value)]
    rows = [list(small_multiples(title, found, above, i)) for i, (title, found) in enumerate(entries)]
    panels = [panel for row in rows for panel in row]
    if len(panels) > style.max_panels:
        warnings.warn(
            f"{len(panels)} panels, {style.max_panels} are drawn. Slice the value or give max_panels={len(panels)}.",
            stacklevel=4,
        )
        panels = panels[: style.max_panels]
    if style.row_dims is not None or style.col_dims is not None:
        return table(panels, style)
    cells = tuple(range(len(panels)))
    if len(rows) > 1 and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1 and len(panels) <= style.max_panels:
        return Layout(tuple(panels), len(rows), len(rows[0]), cells)
    columns = len(panels) if len(panels) <= 4 else math.ceil(math.sqrt(1.6 * len(panels)))
    return Layout(tuple(panels), math.ceil(len(panels) / columns), columns, cells)


def flatten(values: Any, title: str = "") -> Iterator[tuple[str, Any]]:
    """Pairs (title, value) of nested lists and dicts; a list of marks is the description of one value."""
    for value in values:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from flatten((item,), f"{title}{key}")
        elif (
            isinstance(value, list | tuple)
            and not isinstance(value, Overlay)
            and not (value and all(isinstance(item, Mark) for item in value))
        ):
            yield from flatten(value, title)
        else:
            yield title, value


def described(value: Any) -> list[Mark]:
    """The marks of a value, which may be marks already."""
    plain = isinstance(value, list | tuple) and not isinstance(value, Overlay)
    return list(value) if plain else list(marks(value))


def overlaid(entries: list[tuple[str, list[Mark]]], overlay: str) -> list[tuple[str, list[Mark]]]:
    """The entries drawn into one panel ('args'), or the elements along a batch dim."""
    if overlay == "args":
        named = [
            replace(mark, name=mark.name or title) if title else mark for title, found in entries for mark in found
        ]
        return [("", named)]
    dims = {dim for _, found in entries for mark in found for dim, _ in mark.panel}
    if overlay not in dims:
        raise ValueError(
            f"overlay={overlay!r} was given, expected 'args', a value, or a batch dim of the values, which have "
            f"{sorted(dims) or 'none'}. Give one of these."
        )
    return [(title, [without(mark, overlay) for mark in found]) for title, found in entries]


def without(mark: Mark, dim: str) -> Mark:
    """The mark in the panel of all elements along `dim`; the element becomes its name in the legend."""
    labels = [f"{d}={label}" for d, label in mark.panel if d == dim]
    panel = tuple((d, label) for d, label in mark.panel if d != dim)
    return replace(mark, panel=panel, name=", ".join(filter(None, [mark.name, *labels])))


def small_multiples(title: str, below: list[Mark], above: list[Mark], number: int = 0) -> Iterator[Panel]:
    """One panel for each element of the batch; marks that do not know a batch dim are in all its panels."""
    found = below + above
    keys = dict.fromkeys(frozenset(mark.panel) for mark in found)
    for key in keys:
        if any(key < other for other in keys):
            continue
        members = tuple(mark for mark in found if set(mark.panel) <= key)
        labels = max((mark.panel for mark in members), key=len)
        names = dict.fromkeys(mark.name for mark in members if mark in below and mark.name)
        # The curves of one panel are told apart by its legend.
        curves = len(names) > 1 and all(getattr(mark, "graph", False) for mark in members)
        name = title or ("" if curves else ", ".join(names))
        heading = ", ".join(filter(None, [name, *(f"{d}={label}" for d, label in labels)]))
        yield Panel(heading, members, (("args", str(number)), *labels))
