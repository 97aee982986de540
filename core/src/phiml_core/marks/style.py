"""How a picture should look, as plain data that any plotting library understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Style"]


@dataclass(frozen=True, kw_only=True)
class Style:
    """Wishes about a picture; see `plot` for their meaning."""

    overlay: Any = None
    size: tuple[float, float] | None = None
    title: str | Sequence[str] | None = None
    vmin: float | None = None
    vmax: float | None = None
    cmap: str | None = None
    same_scale: bool = True
    show_color_bar: bool = True
    max_panels: int = 20
    dpi: int = 110
    view: tuple[float, float] = (-60.0, 18.0)
    row_dims: tuple[str, ...] | None = None
    col_dims: tuple[str, ...] | None = None
    log_dims: tuple[str, ...] = ()
    color: Any = None
    alpha: float = 1.0
    err: Any = None
