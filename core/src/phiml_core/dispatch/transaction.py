"""Registration as a transaction: a plugin's methods are all there or none of them is."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from .errors import AmbiguousMethod
from .method import Method

__all__ = ["LOCK", "ambiguities", "current_owner", "epoch", "on_change", "record", "registration"]

LOCK = threading.RLock()
_epoch = 0
_observers: list[Callable[[], None]] = []
_owner: str | None = None
_touched: dict[int, tuple[Any, tuple[Method, ...]]] | None = None


def epoch() -> int:
    """A number that grows when methods of a word that has been called change; caches of compiled functions keep it in their key."""
    return _epoch


def current_owner(function: Callable[..., Any]) -> str:
    """Who registers now: the plugin of the running transaction, else the package of the function."""
    return _owner or (getattr(function, "__module__", None) or "?").partition(".")[0]


def on_change(observer: Callable[[], None]) -> None:
    """Call `observer()` whenever methods of a word change: for caches of resolved methods."""
    _observers.append(observer)


def _advance() -> None:
    global _epoch
    _epoch += 1
    for observer in _observers:
        observer()


def record(table: Any) -> None:
    """Note that `table` is about to change, so that a failing transaction can restore it.  Holds the lock.

    Methods of a word that nobody has called since it last changed concern nobody: compiled functions are not traced again because the
    first picture loads the words of pictures.
    """
    if table or table.missed:  # what was resolved is kept in it
        _advance()
    if _touched is not None and id(table) not in _touched:
        _touched[id(table)] = (table, table.methods)


@contextlib.contextmanager
def registration(owner: str) -> Iterator[None]:
    """Register the methods of one plugin: on any error, or if they make a word ambiguous, all are taken back.

    Raises:
        AmbiguousMethod: the new methods and the present ones accept the same classes with none more specific.
    """
    global _owner, _touched
    with LOCK:
        outer = _owner, _touched
        _owner, _touched = owner, {}
        try:
            yield
            for table, _ in _touched.values():
                clash = ambiguities(table.methods)
                if clash:
                    a, b = clash[0]
                    raise AmbiguousMethod(
                        f"Plugin {owner!r} makes {table.name}() ambiguous between\n  {a!r}\n  {b!r}\n"
                        "Register a method for the classes both accept, or give one of them a priority."
                    )
            if outer[1] is not None:  # what succeeded inside stays, also if the surrounding transaction fails later
                for key, (table, _) in _touched.items():
                    if key in outer[1]:
                        before = outer[1][key][1]
                        mine = tuple(m for m in table.methods if m.owner == owner and m not in before)
                        outer[1][key] = (table, before + mine)
        except BaseException:
            for table, methods in _touched.values():
                _advance()  # taking methods back is a change too
                table.set_methods(methods)
            raise
        finally:
            _owner, _touched = outer


def ambiguities(methods: tuple[Method, ...]) -> list[tuple[Method, Method]]:
    """Pairs of methods that accept a common tuple of classes, where neither is more specific and none resolves them."""
    found = []
    known = {m.classes for m in methods}
    for i, a in enumerate(methods):
        for b in methods[i + 1 :]:
            meet = _meet(a.classes, b.classes)
            if (
                meet is not None
                and meet not in known
                and a.priority == b.priority
                and meet not in (a.classes, b.classes)
            ):
                found.append((a, b))
    return found


def _meet(a: tuple[type, ...], b: tuple[type, ...]) -> tuple[type, ...] | None:
    """The most general classes that both accept, or None if some position has nothing in common."""
    meet = []
    for x, y in zip(a, b, strict=True):
        if issubclass(x, y):
            meet.append(x)
        elif issubclass(y, x):
            meet.append(y)
        else:
            return None
    return tuple(meet)
