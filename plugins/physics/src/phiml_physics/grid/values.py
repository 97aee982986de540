"""From what users write to the values of a grid: checked, complete, stored along all spatial dims."""

from typing import Any

from phiml_core import math
from phiml_core.field import Field, sample
from phiml_core.math import Tensor, channel, spatial
from phiml_core.shape import Shape
from phiml_core.tensor import Stacked

from phiml_physics.geom.errors import GeometryError
from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.geom.vectors import check_vector

from .errors import GridError, ResolutionMismatch

__all__ = ["cell_values", "face_values", "grid_geometry", "stored"]


def grid_geometry(
    values: Any, bounds: Any, resolution: Any, sizes: dict[str, Any], staggered: bool = False
) -> UniformGrid:
    """The cells of a grid from the arguments of its constructor."""
    if isinstance(resolution, int):
        if bounds is None:
            raise GridError(
                f"resolution={resolution} needs bounds to know the axes.  Or name them: x={resolution}, y={resolution}."
            )
        sizes = {**{n: resolution for n in bounds.vector.item_names}, **sizes}
        resolution = None
    for name, size in sizes.items():
        if not hasattr(size, "__index__"):
            raise GridError(
                f"Cells along {name!r} are counted by an int, not {size!r}.  Give the box that they fill as bounds=…."
            )
    if resolution is None and not sizes:
        if isinstance(values, Field) and bounds is None:
            return values.geometry  # type: ignore[return-value]
        if isinstance(values, Tensor) and values.shape.spatial and values.shape.spatial.is_uniform and not staggered:
            resolution = values.shape.spatial
        elif staggered and isinstance(values, Tensor) and values.shape.spatial:
            raise GridError("The number of cells does not follow from values on faces.  Give it, e.g. x=64, y=80.")
        else:
            raise GridError("A grid needs the number of cells along each axis, e.g. x=64, y=80.")
    return UniformGrid(math.merge_shapes(resolution or math.EMPTY, spatial(**sizes)), bounds)


def stored(value: Tensor, resolution: Shape) -> Tensor:
    """`value` as floats, stored along all dims of `resolution`, so that the second step of a simulation has the
    structure of the first.
    """
    if value.dtype.kind in (bool, int):
        value = math.to_float(value)
    if not value.shape.is_uniform or resolution not in value.shape:
        value = math.expand(value, resolution)
    return math.store(value, resolution)


def _check_cells(value: Tensor, cells: UniformGrid, what: str) -> None:
    given = value.shape.spatial
    for name, size in zip(given.names, given.sizes, strict=True):
        if name not in cells.names or size != cells.resolution.get_size(name):
            raise ResolutionMismatch(
                f"Values {value.shape} do not fit {what} {cells.resolution}.  Give values of this resolution, or "
                "a function of the "
                "position, or resample a grid."
            )


def _check_components(value: Tensor, names: tuple[str, ...]) -> None:
    """A vector whose components have the names of the axes has them in the same order."""
    given = value.shape.get_item_names("vector") if "vector" in value.shape.names else None
    if given is not None and given != names and sorted(given) == sorted(names):
        check_vector(value, names, "A vector on a grid")


def cell_values(value: Any, cells: UniformGrid, convert: bool = False) -> Tensor:
    """Values at the centers of cells."""
    if type(value) in (int, float, bool):
        return math.full(cells.resolution, float(value))
    found = sample(value, cells)
    _check_components(found, cells.names)
    if isinstance(value, Tensor):
        _check_cells(found, cells, "cells")
    if convert:
        found = _converted(found)
    return stored(found, cells.resolution)


def _converted(value: Tensor) -> Tensor:
    return value.map(math.tensor) if isinstance(value, Stacked) else math.tensor(value)


def face_values(value: Any, faces: tuple[UniformGrid, ...], cells: UniformGrid, convert: bool = False) -> Tensor:
    """Components of a vector, each on its faces; they may also lie along the dim '~vector', as PhiFlow has them."""
    names = cells.names
    if isinstance(value, Tensor) and "~vector" in value.shape.names:
        value = math.rename_dims(value, "~vector", channel(vector=value.shape.get_item_names("~vector") or names))
    if type(value) in (int, float, bool):
        parts = [math.full(f.resolution, float(value)) for f in faces]
        return Stacked(tuple(parts), channel(vector=names))
    if isinstance(value, Tensor) and value.shape.spatial:
        components = _given_components(value, names, faces)
    else:
        components = [component_at(value, f) for f in faces]
    if convert:
        components = [_converted(c) for c in components]
    parts = [stored(c, f.resolution) for c, f in zip(components, faces, strict=True)]
    return Stacked(tuple(parts), channel(vector=names))


def component_at(value: Any, faces: UniformGrid) -> Tensor:
    """The component of `value` through faces, at their centers; a scalar counts for all axes."""
    found = sample(value, faces)
    if "vector" not in found.shape.names:
        return found
    try:
        found = check_vector(found, faces.names, "The vector")
    except GeometryError as error:
        raise GridError(str(error)) from None
    return found[{"vector": faces.normal}]


def _given_components(value: Tensor, names: tuple[str, ...], faces: tuple[UniformGrid, ...]) -> list[Tensor]:
    if "vector" not in value.shape.names:
        raise GridError(f"Values on faces have one component for each axis, but {value.shape} has no dim 'vector'.")
    parts = math.unstack(check_vector(value, names, "The vector"), "vector")
    for part, f in zip(parts, faces, strict=True):
        sizes = part.shape.spatial
        if any(
            n not in f.names or s != f.resolution.get_size(n) for n, s in zip(sizes.names, sizes.sizes, strict=True)
        ):
            raise ResolutionMismatch(
                f"Component {f.normal!r} has the values {sizes}, expected {f.resolution.only(spatial)} on the "
                "faces that the boundary "
                "leaves free.  Faces at a fixed boundary are not stored, those at an open one are."
            )
    return list(parts)
