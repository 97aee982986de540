"""The columns of a list of dims: names, sizes, types and item names, and how to look them up."""

import itertools
from collections.abc import Iterator
from typing import Any

from .dim import SUPERSCRIPT, Varying
from .errors import ItemNameError, ShapeError, UnknownDim

__all__ = ["Columns"]

_CACHE_LIMIT = 512


class Columns:
    """Dims in a stored order, equal to others if they hold the same dims in any order.

    What a `Shape` is, without what makes other shapes of it.
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

    # --- identity ---

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Columns) and self.canonical == other.canonical)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._hash

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
        if isinstance(dim, Columns):
            return all(
                n in self._index and self.types[self._index[n]] == t for n, t in zip(dim.names, dim.types, strict=True)
            )
        if isinstance(dim, str):
            return all(n.strip() in self._index for n in dim.split(","))
        return False

    def index(self, dim: "str | Columns") -> int:
        """Position of a dim in the stored order.  Raises `UnknownDim`."""
        name = dim if isinstance(dim, str) else dim.name
        try:
            return self._index[name]
        except KeyError:
            raise UnknownDim(f"No dim {name!r} in {self}.  Its dims are: {', '.join(self.names) or 'none'}.") from None

    def indices(self, dims: "Columns") -> tuple[int, ...]:
        """Positions of several dims in the stored order."""
        return tuple(self.index(name) for name in dims.names)

    def get_size(self, dim: "str | Columns") -> Any:
        """Size of a dim.  Raises `UnknownDim`."""
        return self.sizes[self.index(dim)]

    def get_type(self, dim: "str | Columns") -> str:
        """Type of a dim.  Raises `UnknownDim`."""
        return self.types[self.index(dim)]

    def get_item_names(self, dim: "str | Columns") -> tuple[str, ...] | None:
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

    @property
    def columns(self) -> tuple[tuple[Any, ...], ...]:
        """Names, sizes, types and item names, each as a tuple over the dims."""
        return self.names, self.sizes, self.types, self.item_names_of

    # --- facts ---

    @property
    def is_uniform(self) -> bool:
        """Whether no size varies along another dim."""
        return self.cached("uniform", lambda s: not any(isinstance(size, Varying) for size in s.sizes))

    @property
    def well_defined(self) -> bool:
        """Whether all sizes are known."""
        return None not in self.sizes

    def meshgrid(self, names: bool = False) -> Iterator[dict[str, Any]]:
        """Dictionaries of one index per dim, over all elements; with `names` as item names where there are any."""
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
