"""One dim of a tensor, as `t.x`: sliced, asked for its size, renamed, iterated over."""

from collections.abc import Iterator
from typing import Any

from phiml_core.shape import Shape

from .words import slice_dim

__all__ = ["Axis"]


class Axis:
    """A dim of a tensor: `t.x[1:3]`, `t.vector['x,y']`, `t.b.size`, `for item in t.b`."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Any, name: str):
        self.owner, self.name = owner, name

    def __getitem__(self, item: Any) -> Any:
        return slice_dim(self.owner, self.name, item)

    def __setitem__(self, item: Any, value: Any) -> None:
        self.owner[item] = value  # which says what to do instead

    def __matmul__(self, other: Any) -> Any:
        """The sum of products of two tensors along this dim and another one: `a.vector @ b.vector`."""
        if not isinstance(other, Axis):
            return NotImplemented
        from phiml_core.ops.vector import dot

        return dot(self.owner, self.name, other.owner, other.name)

    @property
    def dim(self) -> Shape:
        """The dim as a shape."""
        return self.owner.shape[self.name]

    @property
    def size(self) -> Any:
        """Number of items along the dim."""
        return self.owner.shape.get_size(self.name)

    @property
    def item_names(self) -> tuple[str, ...] | None:
        """Names of the items along the dim, or None."""
        return self.owner.shape.get_item_names(self.name)

    @property
    def type(self) -> str:
        """Type of the dim."""
        return self.owner.shape.get_type(self.name)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Any]:
        from phiml_core.ops.unstack import unstack

        return iter(unstack(self.owner, self.name))

    def unstack(self) -> tuple[Any, ...]:
        """The items along this dim."""
        return tuple(self)

    def rename(self, name: Any) -> Any:
        """The tensor with this dim renamed."""
        from phiml_core.ops.rename import rename_dims

        return rename_dims(self.owner, self.name, name)

    def as_type(self, kind: Any, name: str | None = None) -> Any:
        """The tensor with this dim of another type, given as `batch`, `spatial`, …, and if wanted by another name."""
        return self.rename(kind(name or self.name.removeprefix("~")))

    def flip(self) -> Any:
        """The tensor in reverse order along this dim."""
        from phiml_core.ops.reorder import flip

        return flip(self.owner, self.name)

    def __getattr__(self, name: str) -> Any:
        from phiml_core.ops import reduce

        functions = {
            "sum": reduce.sum_,
            "mean": reduce.mean,
            "max": reduce.max_,
            "min": reduce.min_,
            "any": reduce.any_,
            "all": reduce.all_,
            "std": reduce.std,
        }
        if name in functions:
            return functions[name](self.owner, self.name)
        if name.startswith("as_"):
            from phiml_core.shape import batch, channel, dual, instance, spatial

            for kind in (batch, dual, instance, spatial, channel):
                if name == f"as_{kind.__name__}":
                    return lambda name=None: self.as_type(kind, name)
        raise AttributeError(
            f"A dim has no attribute {name!r}.  Slice it, e.g. t.{self.name}[0], or ask for size, item_names, type."
        )

    def __repr__(self) -> str:
        return f"{self.name} of {self.owner.shape}"
