"""Shapes: immutable, interned sets of named, typed dimensions in a stored order."""

import math
import threading
import weakref
from collections.abc import Iterator
from typing import Any

from .dim import BATCH, CHANNEL, DUAL, INSTANCE, SPATIAL, SUPERSCRIPT, Size, Varying
from .errors import ItemNameError, ShapeError, UnknownDim

__all__ = ["EMPTY", "Shape", "make_shape"]

_interned: "weakref.WeakValueDictionary[Any, Shape]" = weakref.WeakValueDictionary()
_LOCK = threading.Lock()
_CACHE_LIMIT = 512


class Shape:
    """A set of dims, each with a name, a size, a type and optional item names, in a stored order.

    Two shapes are equal if they hold the same dims, whatever their order.  There is one object per shape and order, so that
    `is` compares shapes with order, and everything derived from a shape is computed once.
    Made by `batch`, `dual`, `instance`, `spatial`, `channel` and combined with `&`.

    >>> from phiml_core.shape import spatial, channel
    >>> spatial(x=4, y=3) & channel(vector='x,y')
    (xˢ=4, yˢ=3, vectorᶜ=x,y)
    """

    __slots__ = ("__weakref__", "_cache", "_hash", "_index", "canonical", "item_names_of", "names", "sizes", "types")

    names: tuple[str, ...]
    sizes: tuple[Any, ...]  # of `Size`; typed loosely, since most code knows its sizes to be ints
    types: tuple[str, ...]
    item_names_of: tuple[tuple[str, ...] | None, ...]
    canonical: tuple[Any, ...]
    _hash: int
    _index: dict[str, int]
    _cache: dict[Any, Any]

    def __new__(cls) -> "Shape":
        return EMPTY

    # --- identity ---

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Shape) and self.canonical == other.canonical)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> Any:
        return make_shape, (self.names, self.sizes, self.types, self.item_names_of)

    def __copy__(self) -> "Shape":
        return self

    def __deepcopy__(self, memo: Any) -> "Shape":
        return self

    def cached(self, key: Any, compute: Any, *args: Any) -> Any:
        """`compute(self, *args)`, kept with the shape under `key` (bounded)."""
        try:
            return self._cache[key]
        except KeyError:
            result = compute(self, *args)
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            self._cache[key] = result
            return result

    # --- one dim ---

    @property
    def name(self) -> str:
        """Name of the only dim."""
        return self.names[self._single("name")]

    @property
    def size(self) -> Any:
        """Size of the only dim."""
        return self.sizes[self._single("size")]

    @property
    def type(self) -> str:
        """Type of the only dim."""
        return self.types[self._single("type")]

    @property
    def item_names(self) -> tuple[str, ...] | None:
        """Item names of the only dim, or None."""
        return self.item_names_of[self._single("item_names")]

    labels = item_names

    def _single(self, what: str) -> int:
        if len(self.names) != 1:
            raise ShapeError(
                f"Shape.{what} needs exactly one dim, but the shape is {self}.  Select one, e.g. shape['x']."
            )
        return 0

    # --- look-up ---

    @property
    def rank(self) -> int:
        """Number of dims."""
        return len(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __bool__(self) -> bool:
        return bool(self.names)

    def __contains__(self, dim: object) -> bool:
        if isinstance(dim, Shape):
            return all(
                n in self._index and self.types[self._index[n]] == t for n, t in zip(dim.names, dim.types, strict=True)
            )
        if isinstance(dim, str):
            return all(n.strip() in self._index for n in dim.split(","))
        return False

    def __iter__(self) -> Iterator["Shape"]:
        return iter(self.cached("iter", lambda s: tuple(s.pick((i,)) for i in range(s.rank))))

    def index(self, dim: "str | Shape") -> int:
        """Position of a dim in the stored order.  Raises `UnknownDim`."""
        name = dim if isinstance(dim, str) else dim.name
        try:
            return self._index[name]
        except KeyError:
            raise UnknownDim(f"No dim {name!r} in {self}.  Its dims are: {', '.join(self.names) or 'none'}.") from None

    def indices(self, dims: "Shape") -> tuple[int, ...]:
        """Positions of several dims in the stored order."""
        return tuple(self.index(name) for name in dims.names)

    def get_size(self, dim: "str | Shape") -> Any:
        """Size of a dim.  Raises `UnknownDim`."""
        return self.sizes[self.index(dim)]

    def get_type(self, dim: "str | Shape") -> str:
        """Type of a dim.  Raises `UnknownDim`."""
        return self.types[self.index(dim)]

    def get_item_names(self, dim: "str | Shape") -> tuple[str, ...] | None:
        """Item names of a dim, or None if it has none.  Raises `UnknownDim`."""
        return self.item_names_of[self.index(dim)]

    get_labels = get_item_names

    def item_index(self, dim: str, item: str) -> int:
        """Position of the item named `item` along `dim`.  Raises `UnknownDim`, `ItemNameError`."""
        names = self.get_item_names(dim)
        if names is None or item not in names:
            known = ", ".join(names) if names else "none, only positions"
            raise ItemNameError(f"Dim {dim!r} of {self} has no item {item!r}.  Its item names are: {known}.")
        return names.index(item)

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

    @property
    def columns(self) -> tuple[tuple[Any, ...], ...]:
        """Names, sizes, types and item names, each as a tuple over the dims."""
        return self.names, self.sizes, self.types, self.item_names_of

    def of_type(self, *types: str) -> "Shape":
        """The dims of the given types."""
        return self.cached(types, lambda s: s.pick(tuple(i for i, t in enumerate(s.types) if t in types)))

    @property
    def batch(self) -> "Shape":
        """The batch dims."""
        return self.of_type(BATCH)

    @property
    def dual(self) -> "Shape":
        """The dual dims."""
        return self.of_type(DUAL)

    @property
    def instance(self) -> "Shape":
        """The instance dims."""
        return self.of_type(INSTANCE)

    @property
    def spatial(self) -> "Shape":
        """The spatial dims."""
        return self.of_type(SPATIAL)

    @property
    def channel(self) -> "Shape":
        """The channel dims."""
        return self.of_type(CHANNEL)

    @property
    def primal(self) -> "Shape":
        """Instance, spatial and channel dims."""
        return self.of_type(INSTANCE, SPATIAL, CHANNEL)

    @property
    def non_batch(self) -> "Shape":
        """All but the batch dims."""
        return self.of_type(DUAL, INSTANCE, SPATIAL, CHANNEL)

    @property
    def non_dual(self) -> "Shape":
        """All but the dual dims."""
        return self.of_type(BATCH, INSTANCE, SPATIAL, CHANNEL)

    @property
    def non_instance(self) -> "Shape":
        """All but the instance dims."""
        return self.of_type(BATCH, DUAL, SPATIAL, CHANNEL)

    @property
    def non_spatial(self) -> "Shape":
        """All but the spatial dims."""
        return self.of_type(BATCH, DUAL, INSTANCE, CHANNEL)

    @property
    def non_channel(self) -> "Shape":
        """All but the channel dims."""
        return self.of_type(BATCH, DUAL, INSTANCE, SPATIAL)

    @property
    def non_primal(self) -> "Shape":
        """Batch and dual dims."""
        return self.of_type(BATCH, DUAL)

    def only(self, dims: Any, reorder: bool = False) -> "Shape":
        """The dims of this shape that `dims` selects (name, names, shape or filter); unknown ones are left out.

        Args:
            dims: `'x'`, `'x,y'`, a `Shape`, a filter such as `spatial`, or a sequence of these.
            reorder: take the order of `dims` instead of the order of this shape.
        """
        from .parse import select

        found = select(self, dims, strict=False)
        return found if reorder else self.pick(tuple(sorted(self._index[n] for n in found.names)))

    def without(self, dims: Any) -> "Shape":
        """The dims of this shape that `dims` does not select."""
        if dims is None:
            return self
        gone = self.only(dims)._index
        return self.pick(tuple(i for i, n in enumerate(self.names) if n not in gone))

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
        from .parse import typed_name

        names = tuple(typed_name(n, new_type) for n in self.names)
        return make_shape(names, self.sizes, (new_type,) * self.rank, self.item_names_of)

    def as_batch(self) -> "Shape":
        """The same dims as batch dims."""
        return self.as_type(BATCH)

    def as_spatial(self) -> "Shape":
        """The same dims as spatial dims."""
        return self.as_type(SPATIAL)

    def as_channel(self) -> "Shape":
        """The same dims as channel dims."""
        return self.as_type(CHANNEL)

    def as_instance(self) -> "Shape":
        """The same dims as instance dims."""
        return self.as_type(INSTANCE)

    def as_dual(self) -> "Shape":
        """The same dims as dual dims."""
        return self.as_type(DUAL)

    # --- facts ---

    @property
    def is_uniform(self) -> bool:
        """Whether no size varies along another dim."""
        return self.cached("uniform", lambda s: not any(isinstance(size, Varying) for size in s.sizes))

    @property
    def non_uniform(self) -> "Shape":
        """The dims whose size varies along another dim."""
        return self.pick(tuple(i for i, s in enumerate(self.sizes) if isinstance(s, Varying)))

    @property
    def volume(self) -> int:
        """Number of values that a tensor of this shape holds."""
        return self.cached("volume", _volume)

    @property
    def well_defined(self) -> bool:
        """Whether all sizes are known."""
        return None not in self.sizes

    def after_item(self, dim: str, i: int) -> "Shape":
        """The shape of item `i` along `dim`: without `dim`, sizes that vary along it resolved."""
        j = self.index(dim)
        rest = self.pick(tuple(k for k in range(self.rank) if k != j))
        sizes = tuple(_resolve(s, dim, i) for s in rest.sizes)
        return rest if sizes == rest.sizes else rest.with_sizes(sizes)

    def meshgrid(self, names: bool = False) -> Iterator[dict[str, Any]]:
        """Dictionaries of one index per dim, over all elements; with `names` as item names where there are any."""
        import itertools

        ranges = [n if names and n else range(s) for n, s in zip(self.item_names_of, self.sizes, strict=True)]
        for index in itertools.product(*ranges):
            yield dict(zip(self.names, index, strict=True))

    @property
    def untyped_dict(self) -> dict[str, Any]:
        """Item names or size per dim name, as keywords for a constructor such as `spatial`."""
        pairs = zip(self.names, self.sizes, self.item_names_of, strict=True)
        return {name: names or size for name, size, names in pairs}

    def __repr__(self) -> str:
        parts = []
        for name, size, kind, items in zip(*self.columns, strict=True):
            shown = ",".join(items) if items and len(items) <= 8 else "?" if size is None else str(size)
            parts.append(f"{name}{SUPERSCRIPT[kind]}={shown}")
        return "(" + ", ".join(parts) + ")"


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
