"""Looking behind a word: its methods, and which of them a call takes."""

from dataclasses import dataclass
from typing import Any

from .generic import Word
from .method import Method

__all__ = ["Choice", "methods", "which"]


def methods(word: Word[..., Any]) -> list[Method]:
    """All methods of `word`, each with its classes, the distribution it comes from and its file and line."""
    return list(word.methods.methods)


@dataclass(frozen=True)
class Choice:
    """The method a call takes, and for each of the others why it lost."""

    word: str
    classes: tuple[type, ...]
    method: Method | None
    losers: tuple[tuple[Method, str], ...]

    def __repr__(self) -> str:
        call = f"{self.word}({', '.join(c.__name__ for c in self.classes)})"
        taken = repr(self.method) if self.method else "no method: the body of the word, or NoMethod"
        return "\n".join([f"{call} takes {taken}", *(f"  not {m!r}: {why}" for m, why in self.losers)])


def which(word: Word[..., Any], *args: Any) -> Choice:
    """Which method `word(*args)` takes and why the others lose.

    Args:
        word: a function declared with `@generic`.
        args: the dispatch arguments of the call, in the order of its parameters (values, or classes of values).

    Raises:
        AmbiguousMethod: as the call itself would.
    """
    table = word.methods
    classes = tuple(a if isinstance(a, type) else type(a) for a in args[: len(table.on)])
    if len(classes) != len(table.on):
        raise TypeError(f"{table.name}() dispatches on {table.on}: give that many arguments, not {len(classes)}.")
    chosen = table.find(classes)
    losers = []
    for method in table.methods:
        if method is chosen:
            continue
        if method.accepts(classes):
            losers.append((method, "accepts these classes but is less specific"))
        else:
            wrong = next(
                f"{name} is {given.__name__}, not {own.__name__}"
                for name, given, own in zip(table.on, classes, method.classes, strict=True)
                if not issubclass(given, own)
            )
            losers.append((method, wrong))
    return Choice(table.name, classes, chosen, tuple(losers))
