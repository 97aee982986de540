"""Showing how far a long call is."""

import builtins
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["bar_of"]


class _Silent:
    def update(self, n: int) -> None:
        """`n` more steps are done."""

    def close(self) -> None:
        """The call ends, maybe early."""


class _Callback(_Silent):
    def __init__(self, function: Callable[[int, int], None], total: int):
        self.function, self.total, self.done = function, total, 0

    def update(self, n: int) -> None:
        self.done += n
        self.function(self.done, self.total)


class _Range(_Silent):
    """An iterator over steps that shows them itself, such as `trange` of tqdm."""

    def __init__(self, steps: Iterable[int]):
        self.steps = steps
        self.iterator = iter(steps)
        next(self.iterator, None)  # to begin step i + 1 means that step i is done

    def update(self, n: int) -> None:
        for _ in range(n):
            next(self.iterator, None)

    def close(self) -> None:
        close = getattr(self.steps, "close", None)
        if close is not None:
            close()


def bar_of(progress: bool | Callable[[int, int], None], range_: Callable[[int], Iterable[int]], total: int) -> Any:
    """What is told about steps: a progress bar, a function of (done, total), an iterator made by `range_`, or nobody."""
    if not progress:
        return _Silent() if range_ is builtins.range else _Range(range_(total))
    if progress is not True:
        return _Callback(progress, total)
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Callback(_print, total)
    return tqdm(total=total, unit="step")


def _print(done: int, total: int) -> None:
    print(f"\r{done}/{total} steps", end="\n" if done == total else "", flush=True)
