"""Different boundaries on different sides."""

from collections.abc import Mapping
from typing import Any

from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.tree import children, rebuild

from .extrapolation import Extrapolation, UnknownBoundary, ghost

__all__ = ["Sides"]


class Sides(Extrapolation):
    """One rule per side, made by `combine_sides`: `{'x': (lower, upper), …}`, optionally one for all dims not named."""

    __slots__ = ("constants", "plan_key", "rest", "sides")
    sides: dict[str, tuple[Extrapolation, Extrapolation]]
    rest: Extrapolation | None

    def __init__(self, sides: Mapping[str, tuple[Extrapolation, Extrapolation]], rest: Extrapolation | None = None):
        self.sides = {dim: (lower, upper) for dim, (lower, upper) in sides.items()}
        self.rest = rest
        parts = self.parts()
        keys = tuple(p.plan_key for p in parts)
        self.plan_key = None if None in keys else (tuple(self.sides), keys)
        self.constants = tuple(c for p in parts for c in p.constants)

    def parts(self) -> tuple[Extrapolation, ...]:
        """All rules in a fixed order."""
        both = tuple(b for pair in self.sides.values() for b in pair)
        return both if self.rest is None else (*both, self.rest)

    def with_parts(self, parts: tuple[Any, ...]) -> "Sides":
        """The same sides with other rules, in the order of `parts()`."""
        sides = {dim: (parts[2 * i], parts[2 * i + 1]) for i, dim in enumerate(self.sides)}
        return Sides(sides, None if self.rest is None else parts[-1])

    @property
    def shape(self) -> Shape:
        return merge_shapes(*(p.shape for p in self.parts()))

    @property
    def component_dim(self) -> str | None:
        return next((p.component_dim for p in self.parts() if p.component_dim is not None), None)

    def side(self, dim: str, upper: bool) -> Extrapolation:
        if dim in self.sides:
            return self.sides[dim][upper].side(dim, upper)
        if self.rest is None:
            raise UnknownBoundary(
                f"No boundary is given for dim {dim!r}, only for {', '.join(self.sides)}: {self}.  "
                f"Name it, e.g. combine_sides({dim}=0, …)."
            )
        return self.rest.side(dim, upper)

    def __getitem__(self, selection: dict[str, Any]) -> Extrapolation:
        return self.with_parts(tuple(p[selection] for p in self.parts()))

    def item(self, dim: Shape, i: int) -> Extrapolation:
        return self.with_parts(tuple(p.item(dim, i) for p in self.parts()))

    def derivative(self) -> Extrapolation:
        return self.with_parts(tuple(p.derivative() for p in self.parts()))

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return self.side(dim, False).outer_faces(dim)[0], self.side(dim, True).outer_faces(dim)[1]

    @property
    def is_flexible(self) -> bool:
        return any(p.is_flexible for p in self.parts())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sides) and self.sides == other.sides and self.rest == other.rest

    def __hash__(self) -> int:
        return hash((Sides, tuple(sorted((d, hash(s)) for d, s in self.sides.items())), self.rest))

    def __reduce__(self) -> Any:
        return Sides, (self.sides, self.rest)

    def __repr__(self) -> str:
        shown = {d: str(lo) if lo == up else f"({lo}, {up})" for d, (lo, up) in self.sides.items()}
        if self.rest is not None:
            shown["else"] = str(self.rest)
        return "{" + ", ".join(f"{d}: {s}" for d, s in shown.items()) + "}"


@children.dispatch
def _(value: Sides):
    return value.parts()


@rebuild.dispatch
def _(value: Sides, parts):
    return value.with_parts(tuple(parts))


@ghost.dispatch
def _(boundary: Sides, value: Tensor, dim, upper, width):
    return ghost(boundary.side(dim, upper), value, dim, upper, width)
