"""What is known of a dense tensor before its values: the key under which operations keep their plans."""

import threading
import weakref
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.backend.dtype import DType
from phiml_core.backend.precision import forget_plans as precision_plans
from phiml_core.dispatch.transaction import on_change
from phiml_core.shape import EMPTY, Shape, merge_shapes

__all__ = ["Spec", "make_spec"]

_interned: "weakref.WeakValueDictionary[Any, Spec]" = weakref.WeakValueDictionary()
_LOCK = threading.Lock()


class Spec:
    """Shape, stored dims in the order of the native array, backend and element type of a dense tensor.

    There is one object per combination, so that identity compares specs.  `weak`: the value came from a Python number, whose
    precision never counts.
    """

    __slots__ = ("__weakref__", "_cache", "axes", "backend", "dtype", "shape", "stored", "weak")

    shape: Shape
    stored: Shape
    backend: Backend
    dtype: DType
    weak: bool
    axes: dict[str, int]
    _cache: dict[Any, Any]

    def with_dims(self, stored: Shape, shape: Shape | None = None) -> "Spec":
        """The same backend and element type with other dims."""
        return make_spec(stored, stored if shape is None else shape, self.backend, self.dtype, self.weak)

    def with_dtype(self, dtype: DType) -> "Spec":
        """The same dims with another element type."""
        return make_spec(self.stored, self.shape, self.backend, dtype, False)

    def without(self, dim: str) -> "Spec":
        """The spec after one index along `dim` was chosen."""
        try:
            return self._cache[dim]
        except KeyError:
            spec = self.with_dims(self.stored.without(dim), self.shape.without(dim))
            self._cache[dim] = spec
            return spec

    def resized(self, dim: str, size: int, items: tuple[str, ...] | None = None) -> "Spec":
        """The spec with another size and other item names of `dim`."""
        key = (dim, size, items)
        try:
            return self._cache[key]
        except KeyError:
            shape = self.shape.with_size(size, dim).with_item_names(dim, items)
            stored = self.stored
            if dim in self.axes:
                stored = stored.with_size(size, dim).with_item_names(dim, items)
            if len(self._cache) > 1024:
                self._cache.clear()
            spec = self._cache[key] = self.with_dims(stored, shape)
            return spec

    @property
    def wide(self) -> bool:
        """Whether elements have 64-bit parts, which some backends must be told."""
        return self.dtype.precision == 64

    def __reduce__(self) -> Any:
        return _unpickle, (self.stored, self.shape, self.backend.name, self.dtype, self.weak)

    def __repr__(self) -> str:
        constant = self.shape.without(self.stored)
        return f"{self.backend.name} {self.dtype} {self.stored}" + (f" constant along {constant}" if constant else "")


def make_spec(stored: Shape, shape: Shape, backend: Backend, dtype: DType, weak: bool = False) -> Spec:
    """The one spec with these properties; `shape` is ordered by dim type."""
    shape = merge_shapes(EMPTY, shape)
    key = (id(stored), id(shape), id(backend), dtype, weak)  # order matters, which shape equality ignores
    spec = _interned.get(key)
    if spec is None:
        with _LOCK:
            spec = _interned.get(key)
            if spec is None:
                spec = Spec()
                spec.stored, spec.shape, spec.backend, spec.dtype, spec.weak = stored, shape, backend, dtype, weak
                spec.axes = {name: i for i, name in enumerate(stored.names)}
                spec._cache = {}
                _interned[key] = spec
    return spec


def _unpickle(stored: Shape, shape: Shape, backend: str, dtype: DType, weak: bool) -> Spec:
    from phiml_core.backend.choose import backend_named

    return make_spec(stored, shape, backend_named(backend), dtype, weak)


def forget_plans() -> None:
    """Drop everything that operations keep with specs and precisions: methods of words have changed."""
    precision_plans()
    with _LOCK:
        for spec in list(_interned.values()):
            spec._cache.clear()


on_change(forget_plans)
