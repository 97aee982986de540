"""Tests that hold a backend to what it says about itself."""

import contextlib
from collections.abc import Iterator

import pytest

from phiml_core.backend import Backend

__all__ = ["capability", "claimed"]


def capability(*names: str) -> pytest.MarkDecorator:
    """Marks a test as a proof of capabilities, for the table."""
    return pytest.mark.capability(*names)


@contextlib.contextmanager
def claimed(place: Backend, name: str, word: str = "") -> Iterator[None]:
    """A block that has to work, or to raise a `NotImplementedError` if the backend declares that it cannot."""
    reason = place.inability(name, word)
    if reason is None:
        yield
        return
    try:
        yield
    except NotImplementedError:
        return
    of = f" of {word}" if word else ""
    pytest.fail(f"{place.name} declares that it lacks {name!r}{of} ({reason}), but raised no NotImplementedError.")
