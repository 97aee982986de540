"""Where the entries of a sparse tensor are: a pattern that tensors of the same non-zeros share."""

from typing import Any

import numpy as np

from phiml_core.backend.backend import Backend
from phiml_core.shape import EMPTY, Shape, instance, merge_shapes

from ..dense import Dense, dense
from ..tensor import Tensor

__all__ = ["ENTRY", "SLOT", "Pattern", "index_array", "index_tensor"]

ENTRY, SLOT = "_entry", "_slot"
"""Names of the dims along which values are listed."""


_KINDS: dict[Any, Any] = {}


class Pattern:
    """Positions of entries as numbers of rows and columns of a matrix.

    `rows` and `columns` are the sparse dims; several dims are numbered together, in row-major order, so that a linear map between
    grids of any rank is a matrix.  `unique`: no position is listed twice; else equal positions add up.
    The numbers are leaves, everything else is static.
    """

    __value_attrs__: tuple[str, ...] = ()
    __static_attrs__: tuple[str, ...] = ("rows", "columns", "order", "unique")

    rows: Shape
    columns: Shape
    order: tuple[tuple[str, ...], tuple[str, ...]]  # shapes are equal whatever their order, numbers are not
    unique: bool
    _known: tuple[np.ndarray, np.ndarray] | None = None
    _kind: Any = None

    def __init__(self, rows: Shape, columns: Shape, unique: bool):
        self.rows, self.columns, self.unique = rows, columns, unique
        self.order = rows.names, columns.names

    @property
    def format(self) -> str:
        """Name of the format."""
        raise NotImplementedError

    @property
    def shape(self) -> Shape:
        """The sparse dims."""
        return merge_shapes(self.columns, self.rows)

    @property
    def lists(self) -> Shape:
        """The dims along which values are listed."""
        raise NotImplementedError

    @property
    def count(self) -> int:
        """Number of values that are listed."""
        return self.lists.volume

    @property
    def is_full(self) -> bool:
        """Whether every listed value has a position; false if some only fill up lists of equal length."""
        return True

    def numbers(self) -> tuple[Tensor, Tensor]:
        """Numbers of row and column of each listed value."""
        raise NotImplementedError

    def known(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The numbers as NumPy arrays, or None while a function of the indices is being compiled."""
        if self._known is None:
            found = [index_array(n) for n in self.numbers()]
            if found[0] is None or found[1] is None:
                return None
            row, column = np.broadcast_arrays(*found)  # type: ignore[arg-type]
            self._known = row, column
        return self._known

    @property
    def kind(self) -> Any:
        """One object for all patterns that differ in nothing but their numbers: the key under which operations keep plans."""
        if self._kind is None:
            static = tuple([getattr(self, n) for n in self.__static_attrs__])
            specs = tuple([getattr(self, n).spec for n in self.__value_attrs__])
            sizes = self.rows.columns, self.columns.columns
            if len(_KINDS) > 4096:
                _KINDS.clear()
            self._kind = _KINDS.setdefault((type(self), static, sizes, specs), object())
        return self._kind

    def with_dims(self, rows: Shape, columns: Shape) -> "Pattern":
        """The same numbers for other rows and columns of the same volumes."""
        raise NotImplementedError

    def on(self, backend: Backend) -> "Pattern":
        """The same pattern with its leaves as arrays of another backend."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._kind = None
        for name in self.__value_attrs__:
            leaf = getattr(self, name)
            if leaf.backend is not backend:
                array = backend.as_array(leaf.native_array, leaf.dtype)
                setattr(new, name, dense(array, leaf.spec.stored, leaf.shape, backend))
        return new


def index_array(index: Tensor) -> np.ndarray | None:
    """An integer tensor along ENTRY (and SLOT) as a NumPy array; None if its values are not known."""
    assert isinstance(index, Dense)
    backend, spec = index.backend, index.spec
    if not backend.is_available(index.native_array):
        return None
    array = backend.to_numpy(index.native_array)
    axes = [spec.axes[n] for n in (ENTRY, SLOT) if n in spec.axes]
    sizes = [index.shape.get_size(n) if n in spec.axes else 1 for n in (ENTRY, SLOT) if n in index.shape.names]
    full = [index.shape.get_size(n) for n in (ENTRY, SLOT) if n in index.shape.names]
    return np.broadcast_to(array.transpose(axes).reshape(sizes), full)


def index_tensor(array: np.ndarray, backend: Backend, volume: int, name: str = ENTRY) -> Dense:
    """Numbers below `volume` along ENTRY and SLOT (or one other dim) as a tensor, with 32 bits where they fit."""
    from .numbering import number_type

    array = np.ascontiguousarray(array, number_type(volume))
    names = (name,) if array.ndim == 1 else (ENTRY, SLOT)
    dims = instance(**dict(zip(names, array.shape, strict=True))) if array.ndim else EMPTY
    return dense(backend.as_array(array), dims, backend=backend)
