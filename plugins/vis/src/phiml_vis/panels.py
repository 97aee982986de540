"""What a figure is made of: panels, and where they are."""

from __future__ import annotations

from dataclasses import dataclass

from phiml_core.marks import Mark

__all__ = ["Layout", "Panel"]


@dataclass(frozen=True)
class Panel:
    """Marks drawn on top of each other, in order; `place` says which value and which elements of batch dims they show."""

    title: str
    marks: tuple[Mark, ...]
    place: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Layout:
    """Panels on a grid of `rows` × `columns`, at the positions `cells` in reading order."""

    panels: tuple[Panel, ...]
    rows: int
    columns: int
    cells: tuple[int, ...]
