"""Different boundaries on different sides."""

from collections.abc import Mapping
from typing import Any

from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor.tensor import Tensor

from .extrapolation import Extrapolation, UnknownBoundary, ghost

__all__ = ["Sides"]


class Sides(Extrapolation):
    """One rule per side, made by `combine_sides`: `{'x': (lower, upper), …}`, optionally one for all dims not named."""

    __slots__ = ("dims", "rules")
    __value_attrs__ = ("rules",)
    __static_attrs__ = ("dims",)
    dims: tuple[str, ...]
    rules: tuple[Extrapolation, ...]
    """Lower and upper of each of `dims`, then the one for all other dims if there is one."""

    def __init__(self, sides: Mapping[str, tuple[Extrapolation, Extrapolation]], rest: Extrapolation | None = None):
        self.dims = tuple(sides)
        both = tuple([rule for pair in sides.values() for rule in pair])
        self.rules = both if rest is None else (*both, rest)

    def __with_attrs__(self, rules: tuple[Any, ...]) -> "Sides":
        new = object.__new__(Sides)
        new.dims, new.rules = self.dims, tuple(rules)
        return new

    @property
    def sides(self) -> dict[str, tuple[Extrapolation, Extrapolation]]:
        """Lower and upper rule by dim."""
        return {dim: (self.rules[2 * i], self.rules[2 * i + 1]) for i, dim in enumerate(self.dims)}

    @property
    def rest(self) -> Extrapolation | None:
        """The rule for all dims that are not named."""
        return self.rules[-1] if len(self.rules) % 2 else None

    @property
    def constants(self) -> tuple[Any, ...]:  # type: ignore[override]
        return tuple([c for rule in self.rules for c in rule.constants])

    @property
    def plan_key(self) -> Any:  # type: ignore[override]
        keys = tuple([rule.plan_key for rule in self.rules])
        return None if None in keys else (self.dims, keys)

    def parts(self) -> tuple[Extrapolation, ...]:
        """All rules in a fixed order."""
        return self.rules

    def with_parts(self, parts: tuple[Any, ...]) -> "Sides":
        """The same sides with other rules, in the order of `parts()`."""
        return self.__with_attrs__(parts)

    @property
    def shape(self) -> Shape:
        return merge_shapes(*(p.shape for p in self.parts()))

    @property
    def component_dim(self) -> str | None:
        return next((p.component_dim for p in self.parts() if p.component_dim is not None), None)

    def side(self, dim: str, upper: bool) -> Extrapolation:
        if dim in self.dims:
            return self.rules[2 * self.dims.index(dim) + int(upper)].side(dim, upper)
        rest = self.rest
        if rest is None:
            raise UnknownBoundary(
                f"No boundary is given for dim {dim!r}, only for {', '.join(self.sides)}: {self}.  "
                f"Name it, e.g. combine_sides({dim}=0, …)."
            )
        return rest.side(dim, upper)

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


@ghost.dispatch
def _(boundary: Sides, value: Tensor, dim, upper, width):
    return ghost(boundary.side(dim, upper), value, dim, upper, width)
