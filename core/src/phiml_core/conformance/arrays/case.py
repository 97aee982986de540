"""A call of an array word, with the result it has to have."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from phiml_core.backend import Backend, primitive
from phiml_core.backend.dtype import dtype_named

__all__ = ["CASES", "PLACE", "Case", "add", "arrays", "native", "narrowed", "replaced"]

PLACE = "place"
"""Stands for the backend among the arguments of words that make arrays."""


@dataclass(frozen=True)
class Case:
    """One call of an array word.

    Attributes:
        word: name of the word.
        reference: the same function of NumPy arrays, in double precision.
        args: arguments; floats and complex numbers are arrays in double precision whose values single precision has too.
        label: what is special about it.
        moving: positions of the arguments (or, in a tuple, all of its arrays) that it is differentiated by.
        second: whether it has second derivatives other than zero everywhere.
        pointwise: each element of the result depends on the elements at its place alone.
        fixed: the sizes of the result do not depend on values, so that it can be compiled.
    """

    word: str
    reference: Callable[..., Any]
    args: tuple[Any, ...]
    label: str = ""
    moving: tuple[int, ...] = ()
    second: bool = True
    pointwise: bool = False
    fixed: bool = True

    @functools.cached_property
    def is_complex(self) -> bool:
        """Whether complex numbers go in or out."""
        kinds = [a.dtype.kind for a in (*arrays(self.args), np.asarray(self.expected()))]
        return "c" in kinds

    @property
    def precisions(self) -> tuple[int, ...]:
        """The precisions that make a difference: one for integers, and for edges that the other would repeat."""
        edge = self.label.endswith(("no axes", "empty", "one"))
        floats = any(a.dtype.kind in "fc" for a in arrays(self.args))
        return (32, 64) if floats and not edge else (32,)

    def expected(self) -> Any:
        """The result in double precision."""
        with np.errstate(all="ignore"):
            return self.reference(*[a for a in self.args if not (isinstance(a, str) and a == PLACE)])

    def call(self, backend: Backend, args: tuple[Any, ...]) -> Any:
        """The word of a backend."""
        word = getattr(primitive, self.word)
        if isinstance(args[0], str):
            device = () if self.word == "random_bits" else (None,)
            return word.resolve(type(backend))(backend, *args[1:], *device)
        with np.errstate(all="ignore"):
            return backend.bind(word)(*args)

    def __repr__(self) -> str:
        return f"{self.word}-{self.label}" if self.label else self.word


CASES: dict[str, list[Case]] = {}
"""All cases by the family of words that they belong to."""


def add(family: str, word: str, reference: Callable[..., Any], *args: Any, label: str = "", **options: Any) -> None:
    """Register a case.  Raises TypeError for a wrong number of arguments."""
    inspect.signature(getattr(primitive, word)).bind(*args)
    found = CASES.setdefault(family, [])
    count = sum(c.word == word for c in found)
    found.append(Case(word, reference, args, f"{count} {label}".strip(), **options))


def arrays(args: Any) -> Iterator[np.ndarray]:
    """The arrays among arguments, also inside of tuples."""
    for a in args:
        if isinstance(a, np.ndarray):
            yield a
        elif isinstance(a, tuple):
            yield from arrays(a)


def replaced(args: Any, stream: Iterator[Any]) -> tuple[Any, ...]:
    """The arguments with other arrays."""
    return tuple(
        next(stream) if isinstance(a, np.ndarray) else replaced(a, stream) if isinstance(a, tuple) else a for a in args
    )


def narrowed(x: np.ndarray, bits: int) -> np.ndarray:
    """An array whose floating point numbers have a precision."""
    if x.dtype.kind in "fc":
        return x.astype(f"{x.dtype.kind}{bits // 8 * (2 if x.dtype.kind == 'c' else 1)}")
    return x


def native(backend: Backend, x: np.ndarray) -> Any:
    """A native array with the values and the type of a NumPy array."""
    return backend.as_array(x, dtype_named(x.dtype.name))
