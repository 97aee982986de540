"""Noticing that a name which a compiled function captured has been bound to another value."""

from collections.abc import Callable
from typing import Any

from phiml_core.tree.tree import is_tree

__all__ = ["Captured"]

_ATOMS = (bool, int, float, complex, str)


class Captured:
    """The values that a function reads from its closure and its module, compared by identity (numbers and strings by value)."""

    __slots__ = ("_cells", "_globals", "_module")

    def __init__(self, function: Callable[..., Any]):
        code = getattr(function, "__code__", None)
        self._module: dict[str, Any] = getattr(function, "__globals__", {})
        self._cells: list[tuple[str, Any, Any]] = []
        self._globals: list[tuple[str, Any]] = []
        if code is None:
            return
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            value = _contents(cell)
            if _is_data(value):
                self._cells.append((name, cell, value))
        for name in code.co_names:
            if name in self._module and _is_data(self._module[name]):
                self._globals.append((name, self._module[name]))

    def changed(self) -> str | None:
        """The first captured name that is bound to another value now, or None."""
        for name, cell, value in self._cells:
            if not _same(_contents(cell), value):
                return name
        for name, value in self._globals:
            if not _same(self._module.get(name), value):
                return name
        return None


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _is_data(value: Any) -> bool:
    return isinstance(value, _ATOMS) or (is_tree(value) and not isinstance(value, type)) or hasattr(value, "native")


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) in _ATOMS and type(a) is type(b) and a == b)
