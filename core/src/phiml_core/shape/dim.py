"""The types of dimensions and the sizes they can have."""

from typing import Any

__all__ = ["BATCH", "CHANNEL", "DUAL", "INSTANCE", "SPATIAL", "TYPES", "Size", "Varying", "typed_name"]

BATCH, DUAL, INSTANCE, SPATIAL, CHANNEL = TYPES = ("batch", "dual", "instance", "spatial", "channel")
RANK = {name: i for i, name in enumerate(TYPES)}
SUPERSCRIPT = {BATCH: "ᵇ", DUAL: "ᵈ", INSTANCE: "ⁱ", SPATIAL: "ˢ", CHANNEL: "ᶜ"}


def typed_name(name: str, kind: str) -> str:
    """The name a dim of type `kind` carries: dual dims begin with a tilde, others do not."""
    bare = name.removeprefix("~")
    return "~" + bare if kind == DUAL else bare


class Varying(tuple):  # a tuple subclass, so that a non-uniform size prints and compares as the tuple of its sizes
    """The size of a dim that differs from item to item along another dim, e.g. of the components of a staggered grid.

    Holds one size (int or `Varying`) per item of the dim named `along`.
    """

    along: str

    def __new__(cls, sizes: Any, along: str) -> "Varying":
        self = super().__new__(cls, sizes)
        self.along = along
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Varying) and self.along == other.along and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.along, tuple(self)))

    def __reduce__(self) -> Any:
        return Varying, (tuple(self), self.along)


Size = int | Varying | None
