"""Shapes: immutable, interned sets of named, typed dimensions in a stored order."""

import math
import threading
import weakref
from collections.abc import Iterator
from typing import Any

from .by_type import ByType
from .columns import Columns
from .dim import Size, Varying, typed_name
from .errors import ShapeError

__all__ = ["EMPTY", "Shape", "make_shape"]

_interned: "weakref.WeakValueDictionary[Any, Shape]" = weakref.WeakValueDictionary()
_LOCK = threading.Lock()


class Shape(ByType, Columns):
    """A set of dims, each with a name, a size, a type and optional item names, in a stored order.

    Two shapes are equal if they hold the same dims, whatever their order.  There is one object per shape and order, so that
    `is` compares shapes with order, and everything derived from a shape is computed once.
    Made by `batch`, `dual`, `instance`, `spatial`, `channel` and combined with `&`.

    >>> from phiml_core.shape import spatial, channel
    >>> spatial(x=4, y=3) & channel(vector='x,y')
    (xˢ=4, yˢ=3, vectorᶜ=x,y)
    """

    __slots__ = ()

    def __new__(cls) -> "Shape":
        return EMPTY

    def __reduce__(self) -> Any:
        return make_shape, (self.names, self.sizes, self.types, self.item_names_of)

    def __copy__(self) -> "Shape":
        return self

    def __deepcopy__(self, memo: Any) -> "Shape":
        return self

    def __iter__(self) -> Iterator["Shape"]:
        return iter(self.cached("iter", lambda s: tuple(s.pick((i,)) for i in range(s.rank))))

    def __getitem__(self, selection: Any) -> Any:
        if isinstance(selection, str):
            names = [n.strip() for n in selection.split(",")]
            return self.pick(tuple(self.index(n) for n in names))
        if isinstance(selection, int):
            return self.pick((range(self.rank)[selection],))
        if isinstance(selection, slice):
            return self.pick(tuple(range(self.rank)[selection]))
        return self.pick(tuple(self.index(s) if isinstance(s, str) else range(self.rank)[s] for s in selection))

    # --- selections ---

    def pick(self, positions: tuple[int, ...]) -> "Shape":
        """The dims at `positions`, in that order."""
        if positions == tuple(range(len(self.names))):
            return self
        return make_shape(*(tuple(values[i] for i in positions) for values in self.columns))

    def of_type(self, *types: str) -> "Shape":
        """The dims of the given types."""
        return self.cached(types, lambda s: s.pick(tuple(i for i, t in enumerate(s.types) if t in types)))

    def only(self, dims: Any, reorder: bool = False) -> "Shape":
        """The dims of this shape that `dims` selects (name, names, shape or filter); unknown ones are left out.

        Args:
            dims: `'x'`, `'x,y'`, a `Shape`, a filter such as `spatial`, or a sequence of these.
            reorder: take the order of `dims` instead of the order of this shape.
        """
        from .parse import select

        found = select(self, dims, strict=False)
        return found if reorder else self.cached(("only", found), Shape._only, found)

    def _only(self, found: "Shape") -> "Shape":
        return self.pick(tuple(sorted(self._index[n] for n in found.names)))

    def without(self, dims: Any) -> "Shape":
        """The dims of this shape that `dims` does not select."""
        if dims is None:
            return self
        found = self.only(dims)
        return self.cached(("without", found), Shape._without, found)

    def _without(self, found: "Shape") -> "Shape":
        return self.pick(tuple(i for i, n in enumerate(self.names) if n not in found._index))

    def __sub__(self, dims: Any) -> "Shape":
        return self.without(dims)

    def __and__(self, other: Any) -> "Shape":
        from .merge import merge_shapes

        return merge_shapes(self, other)

    def __rand__(self, other: Any) -> "Shape":
        from .merge import merge_shapes

        return merge_shapes(other, self)

    __or__ = __and__

    # --- changes ---

    def with_size(self, size: Any, dim: "str | None" = None) -> "Shape":
        """The same shape with another size of `dim` (by default the only one); item names go unless they fit."""
        if type(size) is int:
            return self.cached(("with_size", size, dim), Shape._with_size, size, dim)
        return self._with_size(size, dim)

    def _with_size(self, size: Any, dim: "str | None") -> "Shape":
        i = self._single("with_size") if dim is None else self.index(dim)
        if not isinstance(size, (int, Varying, type(None))):
            size, names = _size_and_names(size)
        else:
            names = self.item_names_of[i]
            names = names if names is not None and len(names) == size else None
        return make_shape(self.names, _set(self.sizes, i, size), self.types, _set(self.item_names_of, i, names))

    def with_dim_size(self, dim: "str | Shape", size: Any) -> "Shape":
        """The same shape with another size of one dim."""
        return self.with_size(size, dim if isinstance(dim, str) else dim.name)

    def with_sizes(self, sizes: Any) -> "Shape":
        """The same dims with other sizes, one per dim."""
        sizes = tuple(sizes)
        names = tuple(
            n if n is not None and len(n) == s else None for n, s in zip(self.item_names_of, sizes, strict=True)
        )
        return make_shape(self.names, sizes, self.types, names)

    def with_item_names(self, dim: str, names: tuple[str, ...] | None) -> "Shape":
        """The same shape with other item names of one dim."""
        return make_shape(self.names, self.sizes, self.types, _set(self.item_names_of, self.index(dim), names))

    def replace(self, dims: Any, new: "Shape") -> "Shape":
        """The same shape with `dims` replaced, one for one, by the dims of `new`; sizes are kept where `new` has none."""
        old = self.only(dims, reorder=True)
        if old.rank != new.rank:
            raise ShapeError(
                f"Cannot replace {old} by {new}: {old.rank} dims by {new.rank}.  Give one new dim for each."
            )
        columns = [list(c) for c in self.columns]
        for o, n, s, t, item_names in zip(old.names, *new.columns, strict=True):
            i = self._index[o]
            if s is None:
                s, item_names = self.sizes[i], item_names or self.item_names_of[i]
            for column, value in zip(columns, (n, s, t, item_names), strict=True):
                column[i] = value
        return make_shape(*map(tuple, columns))

    def as_type(self, new_type: str) -> "Shape":
        """The same dims with another type."""
        names = tuple(typed_name(n, new_type) for n in self.names)
        return make_shape(names, self.sizes, (new_type,) * self.rank, self.item_names_of)

    # --- facts ---

    @property
    def non_uniform(self) -> "Shape":
        """The dims whose size varies along another dim."""
        return self.pick(tuple(i for i, s in enumerate(self.sizes) if isinstance(s, Varying)))

    @property
    def volume(self) -> int:
        """Number of values that a tensor of this shape holds."""
        return self.cached("volume", _volume)

    def after_item(self, dim: str, i: int) -> "Shape":
        """The shape of item `i` along `dim`: without `dim`, sizes that vary along it resolved."""
        j = self.index(dim)
        rest = self.pick(tuple(k for k in range(self.rank) if k != j))
        sizes = tuple(_resolve(s, dim, i) for s in rest.sizes)
        return rest if sizes == rest.sizes else rest.with_sizes(sizes)


def _set(values: tuple[Any, ...], i: int, value: Any) -> tuple[Any, ...]:
    return (*values[:i], value, *values[i + 1 :])


def _resolve(size: Any, along: str, i: int) -> Any:
    if not isinstance(size, Varying):
        return size
    if size.along == along:
        return size[i]
    return Varying([_resolve(s, along, i) for s in size], size.along)


def _volume(shape: Shape) -> int:
    for size in shape.sizes:
        if isinstance(size, Varying):
            return sum(shape.after_item(size.along, i).volume for i in range(len(size)))
    return math.prod(s for s in shape.sizes if s is not None)


def _size_and_names(value: Any) -> tuple[Any, tuple[str, ...] | None]:
    from .parse import parse_size

    return parse_size(value)


def make_shape(
    names: tuple[str, ...], sizes: tuple[Size, ...], types: tuple[str, ...], item_names: tuple[Any, ...]
) -> Shape:
    """The one shape with these dims in this order.

    Raises:
        ShapeError: two dims have the same name, or item names do not fit a size.
    """
    key = (names, sizes, types, item_names)
    shape = _interned.get(key)
    if shape is not None:
        return shape
    if len(set(names)) != len(names):
        raise ShapeError(f"A shape cannot hold two dims of the same name: {', '.join(names)}.  Rename one of them.")
    with _LOCK:  # atomic: two threads must never make two objects for one shape
        shape = _interned.get(key)
        if shape is None:
            shape = object.__new__(Shape)
            shape.names, shape.sizes, shape.types, shape.item_names_of = key
            shape._index = {n: i for i, n in enumerate(names)}
            shape._cache = {}
            shape.canonical = tuple(sorted(zip(names, types, sizes, item_names, strict=True), key=lambda d: d[0]))
            shape._hash = hash(shape.canonical)
            _interned[key] = shape
    return shape


EMPTY = make_shape((), (), (), ())
