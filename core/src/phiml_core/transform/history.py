"""How often and why functions are traced, and warnings where that is often."""

import logging
from collections.abc import Callable
from typing import Any

__all__ = ["History"]

log = logging.getLogger("phiml_core")
_MADE: dict[tuple[str, int, str], int] = {}  # how often the code of a function was compiled, by where it stands
_MANY_PLACES = 1024
_OFTEN = 16


class History:
    """The traces of one compiled function.

    Attributes:
        traces: how many there were.
        lines: what was noted of each.
    """

    __slots__ = ("function", "lines", "name", "traces")

    def __init__(self, function: Callable[..., Any], name: str):
        self.function, self.name = function, name
        self.traces = 0
        self.lines: list[str] = []

    def note(self, why: str) -> None:
        """There is another trace."""
        self.traces += 1
        if self.traces == 1:
            self._count()
        text = f"trace {self.traces} of {self.name}: {why}"
        self.lines.append(text)
        often = self.traces >= _OFTEN and self.traces & (self.traces - 1) == 0
        log.log(logging.WARNING if often or "captured" in why else logging.DEBUG, text)

    def _count(self) -> None:
        """Say so if the same code is compiled again and again, each time as a new function."""
        code = getattr(_origin(self.function), "__code__", None)
        if code is None:
            return
        key = code.co_filename, code.co_firstlineno, code.co_name  # not the code itself, which would be kept alive
        if len(_MADE) > _MANY_PLACES:
            _MADE.clear()
        made = _MADE[key] = _MADE.get(key, 0) + 1
        if made == _OFTEN:
            log.warning(
                "%s (%s, line %d) was made anew, compiled and traced %d times.  Define and compile it once, outside of the loop that "
                "calls it, and pass what varies as arguments.",
                *(self.name, *key[:2], made),
            )


def _origin(function: Any) -> Any:
    """The function of the user that a transform has made another one of."""
    while inner := getattr(function, "made_of", None) or getattr(function, "__wrapped__", None):
        function = inner
    return function
