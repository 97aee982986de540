"""The compact formats: the same number of entries in each row (or column), so that lists become a rectangular array."""

from typing import Any

import numpy as np

from phiml_core.backend.backend import Backend
from phiml_core.shape import Shape

from ..dense import Dense
from ..tensor import Tensor
from .pattern import ENTRY, Pattern, index_tensor

__all__ = ["Compact"]


class Compact(Pattern):
    """'compact-cols' (`by` is 'rows': each row lists its columns) or 'compact-rows' (`by` is 'columns').

    `minor` holds numbers along ENTRY, which runs over all rows, and SLOT.  Rows with fewer entries have empty slots, whose number
    is that of columns, one past the last; `full` says that there are none.  Products are a gather and a sum over slots, which
    compilers do fastest.
    """

    __value_attrs__ = ("minor",)
    __static_attrs__ = (*Pattern.__static_attrs__, "by", "full")

    def __init__(self, minor: Any, rows: Shape, columns: Shape, unique: bool, by: str, full: bool):
        super().__init__(rows, columns, unique)
        self.minor, self.by, self.full = minor, by, full

    @classmethod
    def of(
        cls, minor: np.ndarray, rows: Shape, columns: Shape, unique: bool, by: str, full: bool, backend: Backend
    ) -> "Compact":
        """The pattern of known numbers, an array of (rows, slots)."""
        other = columns if by == "rows" else rows
        made = cls(index_tensor(minor, backend, other.volume + 1), rows, columns, unique, by, full)
        major = np.broadcast_to(np.arange(len(minor))[:, None], minor.shape)
        made._known = (major, minor) if by == "rows" else (minor, major)
        return made

    @property
    def format(self) -> str:
        return "compact-cols" if self.by == "rows" else "compact-rows"

    @property
    def lists(self) -> Shape:
        return self.minor.shape

    @property
    def is_full(self) -> bool:
        return self.full

    def numbers(self) -> tuple[Tensor, Tensor]:
        backend = self.minor.backend
        length: Any = self.minor.shape.get_size(ENTRY)
        index = index_tensor(np.arange(length), backend, length)
        major = Dense(index.native_array, index.spec.with_dims(index.spec.stored, self.lists))
        return (major, self.minor) if self.by == "rows" else (self.minor, major)

    def with_dims(self, rows: Shape, columns: Shape) -> "Compact":
        made = Compact(self.minor, rows, columns, self.unique, self.by, self.full)
        made._known = self._known
        return made

    def transposed(self, rows: Shape, columns: Shape) -> "Compact":
        """The same numbers with rows as columns."""
        by = "columns" if self.by == "rows" else "rows"
        made = Compact(self.minor, rows, columns, self.unique, by, self.full)
        made._known = None if self._known is None else (self._known[1], self._known[0])
        return made
