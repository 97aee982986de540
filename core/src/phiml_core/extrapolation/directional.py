"""Different boundaries for the component across a side and those along it."""

from typing import Any

from phiml_core.ops.join import stack
from phiml_core.ops.unstack import unstack
from phiml_core.shape import Shape, UnknownDim
from phiml_core.tensor.tensor import Tensor

from .extrapolation import Extrapolation, ghost
from .sides import Sides

__all__ = ["Directional", "combine_by_direction"]


class Directional(Extrapolation):
    """`normal` for the vector component that points through a side, `tangential` for the others: a slip wall is
    `combine_by_direction(0, ZERO_GRADIENT)`, a wall that a viscous fluid sticks to, to second order in the size of cells,
    `combine_by_direction(0, ANTISYMMETRIC)`."""

    __slots__ = ("normal", "tangential")
    __value_attrs__ = ("normal", "tangential")
    __static_attrs__ = ()
    normal: Extrapolation
    tangential: Extrapolation

    def __init__(self, normal: Extrapolation, tangential: Extrapolation):
        self.normal, self.tangential = normal, tangential

    def __with_attrs__(self, normal: Extrapolation, tangential: Extrapolation) -> "Directional":
        return Directional(normal, tangential)

    @property
    def component_dim(self) -> str | None:
        return "vector"

    def side(self, dim: str, upper: bool) -> Extrapolation:
        return Directional(self.normal.side(dim, upper), self.tangential.side(dim, upper))

    def __getitem__(self, selection: dict[str, Any]) -> Extrapolation:
        rest = {n: s for n, s in selection.items() if n != "vector"}
        normal, tangential = self.normal[rest], self.tangential[rest]
        item = selection.get("vector")
        if isinstance(item, str) and "," not in item:
            across = normal[{"vector": item}]
            sides = (across.side(item, False), across.side(item, True))
            return Sides({item: sides}, tangential[{"vector": item}])
        if item is not None and not isinstance(item, (str, slice)):
            raise UnknownDim(
                f"{self} needs the name of a component, not its position {item!r}.  "
                "Name the items, e.g. channel(vector='x,y')."
            )
        return Directional(normal, tangential)

    def item(self, dim: Shape, i: int) -> Extrapolation:
        if dim.name != "vector":
            return Directional(self.normal.item(dim, i), self.tangential.item(dim, i))
        if dim.item_names is None:
            raise UnknownDim(f"{self} needs the names of the components along {dim}, e.g. channel(vector='x,y').")
        name, across = dim.item_names[i], self.normal.item(dim, i)
        return Sides({name: (across.side(name, False), across.side(name, True))}, self.tangential.item(dim, i))

    def derivative(self) -> Extrapolation:
        return Directional(self.normal.derivative(), self.tangential.derivative())

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return self.normal.outer_faces(dim)

    @property
    def is_flexible(self) -> bool:
        return self.normal.is_flexible

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Directional) and self.normal == other.normal and self.tangential == other.tangential

    def __hash__(self) -> int:
        return hash((Directional, self.normal, self.tangential))

    def __reduce__(self) -> Any:
        return Directional, (self.normal, self.tangential)

    def __repr__(self) -> str:
        return f"(normal: {self.normal}, tangential: {self.tangential})"


@ghost.dispatch
def _(boundary: Directional, value: Tensor, dim, upper, width):
    along = value.shape["vector"]
    slabs = [ghost(boundary.item(along, i), v, dim, upper, width) for i, v in enumerate(unstack(value, along))]
    return stack(slabs, along, expand_values=True)


def combine_by_direction(normal: Any, tangential: Any) -> Directional:
    """A boundary for vectors with one rule for the component through a side and another for the components along it."""
    from .parse import as_extrapolation

    return Directional(as_extrapolation(normal), as_extrapolation(tangential))
