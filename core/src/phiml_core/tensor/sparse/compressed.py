"""The formats CSR and CSC: entries sorted by row or by column, and where each of these begins."""

from typing import Any

import numpy as np

from phiml_core.backend.backend import Backend
from phiml_core.shape import Shape

from ..tensor import Tensor
from .pattern import Pattern, index_tensor

__all__ = ["Compressed"]


class Compressed(Pattern):
    """CSR (`by` is 'rows') or CSC ('columns').

    `pointers` says where each row begins (and, last, where all end), `major` is the row of each entry in ascending order, `minor`
    its column; for CSC the other way round.  `major` follows from `pointers`; products and sums need it in each call.
    """

    __value_attrs__ = ("pointers", "major", "minor")
    __static_attrs__ = (*Pattern.__static_attrs__, "by")

    def __init__(self, pointers: Any, major: Any, minor: Any, rows: Shape, columns: Shape, unique: bool, by: str):
        super().__init__(rows, columns, unique)
        self.pointers, self.major, self.minor, self.by = pointers, major, minor, by

    @classmethod
    def of(
        cls, major: np.ndarray, minor: np.ndarray, rows: Shape, columns: Shape, unique: bool, by: str, backend: Backend
    ) -> "Compressed":
        """The pattern of known numbers, sorted by `major`."""
        number = (rows if by == "rows" else columns).volume
        pointers = np.zeros(number + 1, np.int64)
        np.cumsum(np.bincount(major, minlength=number), out=pointers[1:])
        return cls.known_pointers(pointers, major, minor, rows, columns, unique, by, backend)

    @classmethod
    def known_pointers(
        cls, pointers: Any, major: Any, minor: Any, rows: Shape, columns: Shape, unique: bool, by: str, backend: Backend
    ) -> "Compressed":
        """The pattern of known numbers and pointers."""
        lengths = (rows.volume, columns.volume) if by == "rows" else (columns.volume, rows.volume)
        made = cls(
            index_tensor(pointers, backend, len(major), "_pointer"),
            index_tensor(major, backend, lengths[0]),
            index_tensor(minor, backend, lengths[1]),
            rows, columns, unique, by,
        )  # fmt: skip
        made._known = (major, minor) if by == "rows" else (minor, major)
        return made

    @property
    def format(self) -> str:
        return "csr" if self.by == "rows" else "csc"

    @property
    def lists(self) -> Shape:
        return self.major.shape

    def numbers(self) -> tuple[Tensor, Tensor]:
        return (self.major, self.minor) if self.by == "rows" else (self.minor, self.major)

    def with_dims(self, rows: Shape, columns: Shape) -> "Compressed":
        made = Compressed(self.pointers, self.major, self.minor, rows, columns, self.unique, self.by)
        made._known = self._known
        return made

    def transposed(self, rows: Shape, columns: Shape) -> "Compressed":
        """The same numbers with rows as columns."""
        by = "columns" if self.by == "rows" else "rows"
        made = Compressed(self.pointers, self.major, self.minor, rows, columns, self.unique, by)
        made._known = None if self._known is None else (self._known[1], self._known[0])
        return made
