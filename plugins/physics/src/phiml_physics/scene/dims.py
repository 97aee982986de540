"""Names, types and item names of the axes of an array, as plain data that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["DimInfo", "dim_infos"]

TYPES = ("batch", "dual", "instance", "spatial", "channel")


@dataclass(frozen=True)
class DimInfo:
    """One axis: its name, the type of the dim, the names along it or None."""

    name: str
    type: str
    item_names: tuple[str, ...] | None = None

    @staticmethod
    def from_json(dim: Mapping[str, Any]) -> DimInfo:
        """The dim described by a dict with `name`, `type` and perhaps `item_names`."""
        names = dim.get("item_names")
        return DimInfo(dim["name"], dim["type"], None if names is None else tuple(names))

    def as_json(self) -> dict[str, Any]:
        """The dim as a dict of plain values."""
        found = asdict(self)
        return {**found, "item_names": None if self.item_names is None else list(self.item_names)}


def dim_infos(dims: Iterable[DimInfo | Mapping[str, Any]], array: str, shape: tuple[int, ...]) -> tuple[DimInfo, ...]:
    """Descriptions of the axes of the array called `array`, checked against its shape.

    Raises:
        ValueError: the descriptions do not fit the array.
    """
    found = tuple(dim if isinstance(dim, DimInfo) else DimInfo.from_json(dim) for dim in dims)
    if len(found) != len(shape):
        raise ValueError(
            f"Array {array!r} of shape {shape} was given with dims {[dim.name for dim in found]}, "
            f"expected {len(shape)} dims. Describe each axis once, in the order of the axes."
        )
    for dim, size in zip(found, shape):
        if dim.type not in TYPES:
            raise ValueError(
                f"Dim {dim.name!r} of {array!r} has type {dim.type!r}, expected one of {', '.join(TYPES)}."
            )
        if dim.item_names is not None and len(dim.item_names) != size:
            raise ValueError(
                f"Dim {dim.name!r} of {array!r} has size {size}, but {len(dim.item_names)} item names. Name each."
            )
    return found
