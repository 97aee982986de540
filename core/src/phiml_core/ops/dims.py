"""Dims as users write them: shapes, or texts that describe some."""

import re
from typing import Any

from phiml_core.shape import Shape, batch, channel, concat_shapes, dual, instance, spatial

__all__ = ["as_dims"]

_LETTERS = {k.__name__[0]: k for k in (batch, dual, instance, spatial, channel)}


def as_dims(value: Any) -> Shape:
    """`value` if it is a shape, or the shape that a text such as `'x:s,y:s'` or `'vector:c=(x,y)'` describes.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, Shape):
        return value
    if isinstance(value, str) and ":" in value:
        found = [re.fullmatch(r"(~?\w+):([bdisc])(?:=(\w+|\([^()]*\)))?", part) for part in _split(value)]
        if all(found):
            return concat_shapes(*[_described(*f.groups()) for f in found if f])
    raise TypeError(f"Dims are given as shapes, e.g. spatial('x,y'), not as {value!r}.")


def _split(text: str) -> list[str]:
    """The parts between commas outside of parentheses."""
    return re.split(r",(?![^(]*\))", text.replace(" ", ""))


def _described(name: str, letter: str, size: str | None) -> Shape:
    kind = _LETTERS[letter]
    if size is None:
        return kind(name)
    return kind(**{name: int(size) if size.isdigit() else size.strip("()")})
