"""Plotting libraries, as far as core knows them: by name."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["Canvas", "Library", "LibraryNotFound", "AnimationError", "find_library"]


class LibraryNotFound(ImportError):
    """No installed plugin draws with the wanted plotting library."""


class AnimationError(ValueError):
    """A film cannot be made of what was given."""


class Canvas:
    """One panel of a picture; each plotting library has a subclass, on which its methods of `draw` dispatch."""

    def finish(self) -> None:
        """Called once after the last mark."""


class Library:
    """A plotting library; a subclass registers methods of `figure` and `film` and is known by `name` from then on.

    >>> class Easel(Library, name='easel'):
    ...     pass
    >>> type(find_library('easel')).__name__
    'Easel'
    """

    known: ClassVar[dict[str, type[Library]]] = {}
    name: ClassVar[str]

    def show(self) -> None:
        """Opens windows for the figures that were plotted, where there is a display."""

    def __init_subclass__(cls, *, name: str) -> None:
        cls.name = name
        Library.known[name] = cls


def find_library(library: str | Library) -> Library:
    """The library of that name, loading the plugin that provides it.

    Raises:
        LibraryNotFound: nothing installed provides it.
    """
    if isinstance(library, Library):
        return library
    # The plugin manager is a neighbour of this package: it is asked only when something is missing.
    from ..plugin import install_command, load_provided

    if library not in Library.known:
        load_provided(f"canvas.{library}")
    if library not in Library.known:
        known = ", ".join(sorted(Library.known)) or "none"
        command = install_command(f"canvas.{library}") or "pip install phiml-vis"
        raise LibraryNotFound(
            f"No plugin that is installed and works draws with {library!r}; libraries known so far: {known}. "
            f"Install one with `{command}`; `phiml doctor` says what is wrong with a broken one."
        )
    return Library.known[library]()
