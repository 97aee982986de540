"""Panels in rows and columns that stand for dims."""

from __future__ import annotations

from phiml_core.marks import Style

from .panels import Layout, Panel

__all__ = ["table"]


def table(panels: list[Panel], style: Style) -> Layout:
    """Each panel in the row and the column of its elements along the dims that were given; a pair that no panel has stays empty.

    Raises:
        ValueError: no value has one of the dims, or one is for both rows and columns.
    """
    known = dict.fromkeys(dim for panel in panels for dim, _ in panel.place)
    for dims in (style.row_dims, style.col_dims):
        for dim in dims or ():
            if dim not in known:
                raise ValueError(
                    f"Panels differ along {', '.join(known)}, not along {dim!r}.  Give row_dims and col_dims of these."
                )
    both = set(style.row_dims or ()) & set(style.col_dims or ())
    if both:
        raise ValueError(
            f"{', '.join(sorted(both))} cannot stand for rows and columns.  Leave it out of row_dims or of col_dims."
        )
    down = tuple(d for d in known if d not in (style.col_dims or ())) if style.row_dims is None else style.row_dims
    across = tuple(d for d in known if d not in down)
    rows, columns = (
        list(dict.fromkeys(tuple(dict(panel.place).get(d) for d in dims) for panel in panels))
        for dims in (down, across)
    )
    cells = []
    for panel in panels:
        row, column = (tuple(dict(panel.place).get(d) for d in dims) for dims in (down, across))
        cells.append(rows.index(row) * len(columns) + columns.index(column))
    return Layout(tuple(panels), len(rows), len(columns), tuple(cells))
