"""Different boundaries for different components of a vector."""

from collections.abc import Mapping
from typing import Any

from phiml_core.ops.join import stack
from phiml_core.ops.unstack import unstack
from phiml_core.shape import Shape, channel, merge_shapes
from phiml_core.tensor.tensor import Tensor

from .extrapolation import Extrapolation, UnknownBoundary, ghost

__all__ = ["Components", "combine_components"]


class Components(Extrapolation):
    """One rule per item of a channel dim: `{'x': ZERO, 'y': PERIODIC}`.  Made by `combine_components`."""

    __slots__ = ("dim", "names", "rules")
    __value_attrs__ = ("rules",)
    __static_attrs__ = ("dim", "names")
    dim: str
    names: tuple[str, ...]
    rules: tuple[Extrapolation, ...]

    def __init__(self, items: Mapping[str, Extrapolation], dim: str = "vector"):
        self.dim, self.names, self.rules = dim, tuple(items), tuple(items.values())

    def __with_attrs__(self, rules: tuple[Any, ...]) -> "Components":
        new = object.__new__(Components)
        new.dim, new.names, new.rules = self.dim, self.names, tuple(rules)
        return new

    @property
    def items(self) -> dict[str, Extrapolation]:
        """The rule by item name."""
        return dict(zip(self.names, self.rules, strict=True))

    def with_parts(self, parts: tuple[Any, ...]) -> "Components":
        """The same components with other rules."""
        return self.__with_attrs__(parts)

    @property
    def shape(self) -> Shape:
        return merge_shapes(channel(**{self.dim: tuple(self.items)}), *(p.shape for p in self.items.values()))

    @property
    def component_dim(self) -> str | None:
        return self.dim

    def side(self, dim: str, upper: bool) -> Extrapolation:
        parts = [p.side(dim, upper) for p in self.items.values()]
        return parts[0] if all(p == parts[0] for p in parts) else self.with_parts(tuple(parts))

    def __getitem__(self, selection: dict[str, Any]) -> Extrapolation:
        rest = {n: s for n, s in selection.items() if n != self.dim}
        if self.dim not in selection:
            return self.with_parts(tuple(p[rest] for p in self.items.values()))
        item = selection[self.dim]
        if isinstance(item, slice):
            return Components({n: self.items[n][rest] for n in list(self.items)[item]}, self.dim)
        if isinstance(item, str) and "," in item:
            return Components({n: self.items[n.strip()][rest] for n in item.split(",")}, self.dim)
        try:
            found = self.items[item] if isinstance(item, str) else list(self.items.values())[item]
        except (KeyError, IndexError):
            raise UnknownBoundary(
                f"No boundary is given for component {item!r} along {self.dim!r}, only for {', '.join(self.items)}."
            ) from None
        return found[rest]

    def item(self, dim: Shape, i: int) -> Extrapolation:
        if dim.name != self.dim:
            return self.with_parts(tuple(p.item(dim, i) for p in self.items.values()))
        return self[{dim.name: i if dim.item_names is None else dim.item_names[i]}].item(dim, i)

    def derivative(self) -> Extrapolation:
        return self.with_parts(tuple(p.derivative() for p in self.items.values()))

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        """Of the component along `dim`, whose faces these are."""
        return self[{self.dim: dim}].outer_faces(dim)

    @property
    def is_flexible(self) -> bool:
        return any(p.is_flexible for p in self.items.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Components) and self.dim == other.dim and self.items == other.items

    def __hash__(self) -> int:
        return hash((Components, self.dim, tuple(self.items), tuple(map(hash, self.items.values()))))

    def __reduce__(self) -> Any:
        return Components, (self.items, self.dim)

    def __repr__(self) -> str:
        return "(" + ", ".join(f"{n}={p}" for n, p in self.items.items()) + f") along {self.dim}"


@ghost.dispatch
def _(boundary: Components, value: Tensor, dim, upper, width):
    if boundary.dim not in value.shape.names:
        slabs = [ghost(p, value, dim, upper, width) for p in boundary.items.values()]
        return stack(slabs, channel(**{boundary.dim: tuple(boundary.items)}), expand_values=True)
    along = value.shape[boundary.dim]
    slabs = [ghost(boundary.item(along, i), v, dim, upper, width) for i, v in enumerate(unstack(value, along))]
    return stack(slabs, along, expand_values=True)


def combine_components(dim: str = "vector", **items: Any) -> Components:
    """A boundary that differs between the components of a vector: `combine_components(x=0, y=PERIODIC)`."""
    from .parse import as_extrapolation

    return Components({name: as_extrapolation(b) for name, b in items.items()}, dim)
