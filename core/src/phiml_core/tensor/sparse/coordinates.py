"""The format COO: row and column of each entry, in any order."""

from typing import Any

import numpy as np

from phiml_core.backend.backend import Backend
from phiml_core.shape import Shape

from ..tensor import Tensor
from .pattern import Pattern, index_tensor

__all__ = ["Coordinates"]


class Coordinates(Pattern):
    """COO: `row` and `column` hold one number per entry."""

    __value_attrs__ = ("row", "column")

    def __init__(self, row: Any, column: Any, rows: Shape, columns: Shape, unique: bool):
        super().__init__(rows, columns, unique)
        self.row, self.column = row, column

    @classmethod
    def of(
        cls, row: np.ndarray, column: np.ndarray, rows: Shape, columns: Shape, unique: bool, backend: Backend
    ) -> "Coordinates":
        """The pattern of known numbers."""
        made = cls(
            index_tensor(row, backend, rows.volume),
            index_tensor(column, backend, columns.volume),
            rows,
            columns,
            unique,
        )
        made._known = row, column
        return made

    @property
    def format(self) -> str:
        return "coo"

    @property
    def lists(self) -> Shape:
        return self.row.shape

    def numbers(self) -> tuple[Tensor, Tensor]:
        return self.row, self.column

    def with_dims(self, rows: Shape, columns: Shape) -> "Coordinates":
        made = Coordinates(self.row, self.column, rows, columns, self.unique)
        made._known = self._known
        return made
