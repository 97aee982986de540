"""Marks of values that need no physics: plain NumPy arrays, with cells of size one."""

from __future__ import annotations

import numpy as np
from phiml_core.marks import grid_mark, marks

__all__: list[str] = []


@marks.dispatch
def _(value: np.ndarray):
    return [grid_mark(value, (0,) * value.ndim, value.shape, ("x", "y", "z")[: value.ndim])]
