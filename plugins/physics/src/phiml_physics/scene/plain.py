"""Settings as values that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """`value` as JSON gives it back: tuples as lists, NumPy numbers as Python's, paths as text.

    Raises:
        TypeError: it cannot be written as JSON.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"A setting is {type(value).__name__}, expected numbers, text, lists or dicts of them. Convert it.")
