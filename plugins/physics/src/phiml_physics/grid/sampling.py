"""What `sample` and `resample` do for numbers, functions, geometries and grids, at cells, faces and positions."""

import inspect
from typing import Any

from phiml_core import math
from phiml_core.field import Field, Geometry, approximate_fraction_inside, lies_inside, resample, sample
from phiml_core.math import Tensor, channel
from phiml_core.tensor import Stacked

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.geom.vectors import space_vector

from .axis import regrid
from .centered import CenteredGrid
from .errors import GridError
from .lookup import at_positions
from .staggered import StaggeredGrid
from .values import component_at, stored

__all__: list[str] = []

NUMBER = bool | int | float | complex


@sample.dispatch
def _(value: NUMBER, geometry: Geometry | Tensor, at, soft, balance):
    return math.wrap(value)


@sample.dispatch
def _(value: Tensor, geometry: Geometry | Tensor, at, soft, balance):
    return value


@sample.dispatch
def _(value: tuple | list, geometry: Geometry, at, soft, balance):
    return space_vector(value, geometry.vector.item_names or (), "A vector")


@sample.dispatch
def _(value: Geometry, geometry: Geometry, at, soft, balance):
    if soft:
        return approximate_fraction_inside(value, geometry, balance)
    return math.to_float(lies_inside(value, geometry.center))


@sample.dispatch
def _(value: Geometry, geometry: Tensor, at, soft, balance):
    return math.to_float(lies_inside(value, geometry))


@sample.dispatch
def _(value: object, geometry: Geometry, at, soft, balance):
    return _call(value, geometry.center, geometry.vector.item_names or ())


@sample.dispatch
def _(value: object, geometry: Tensor, at, soft, balance):
    return _call(value, geometry, geometry.shape.get_item_names("vector") or ())


@sample.dispatch
def _(value: object, geometry: Field, at, soft, balance):
    if at == "face":
        raise GridError("To sample at the faces of a staggered grid use resample(value, to=grid).")
    return sample(value, geometry.geometry, at, soft, balance)


def _call(function: Any, location: Tensor, names: tuple[str, ...]) -> Tensor:
    """Values of a function of the position: of one vector, or of one argument for each axis."""
    if not callable(function):
        raise GridError(
            f"{function!r} has no values in space.  Give a number, a tensor, a field, a geometry, or a function "
            "of the position."
        )
    result = function(*math.unstack(location, "vector")) if _by_axis(function, names) else function(location)
    if isinstance(result, (tuple, list)):
        return math.stack([math.wrap(r) for r in result], channel(vector=names))
    return result if isinstance(result, Tensor) else math.wrap(result)


def _by_axis(function: Any, names: tuple[str, ...]) -> bool:
    """Whether a function takes one argument for each axis."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p.name for p in parameters if p.kind in positional and p.default is p.empty]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return len(needed) <= len(names)
    return needed == list(names) if len(names) == 1 else len(needed) == len(names)


# --- grids at cells, faces and positions ---


@sample.dispatch
def _(value: CenteredGrid, geometry: UniformGrid, at, soft, balance):
    return _each_component(value.values, value.boundary, value.geometry, geometry)


def _each_component(values: Tensor, boundary: Any, source: UniformGrid, target: UniformGrid) -> Tensor:
    if isinstance(values, Stacked) and source is not target:
        names = values.dim.item_names or range(len(values.components))
        dim = values.dim.name
        parts = [
            _each_component(c, boundary[{dim: n}], source, target)
            for c, n in zip(values.components, names, strict=True)
        ]
        return Stacked(tuple(parts), values.dim)
    return regrid(values, boundary, source, target)


@sample.dispatch
def _(value: CenteredGrid, geometry: Geometry, at, soft, balance):
    return at_positions(value.values, value.boundary, value.geometry, geometry.center)


@sample.dispatch
def _(value: CenteredGrid, geometry: Tensor, at, soft, balance):
    return at_positions(value.values, value.boundary, value.geometry, geometry)


def _components(value: StaggeredGrid) -> list[tuple[Tensor, Any, UniformGrid]]:
    parts = zip(value.geometry.names, value.components, value.faces, strict=True)
    return [(v, value.boundary.component(n), f) for n, v, f in parts]


@sample.dispatch
def _(value: StaggeredGrid, geometry: UniformGrid, at, soft, balance):
    parts = [regrid(v, b, f, geometry) for v, b, f in _components(value)]
    return Stacked(tuple(parts), channel(vector=value.geometry.names))


@sample.dispatch
def _(value: StaggeredGrid, geometry: Geometry, at, soft, balance):
    return sample(value, geometry.center)


@sample.dispatch
def _(value: StaggeredGrid, geometry: Tensor, at, soft, balance):
    parts = [at_positions(v, b, f, geometry) for v, b, f in _components(value)]
    return Stacked(tuple(parts), channel(vector=value.geometry.names))


# --- resample ---


def _boundary(value: Any, to: Field, keep_boundary: bool) -> Any:
    return value.boundary if keep_boundary and isinstance(value, Field) else to.boundary


@resample.dispatch
def _(value: object, to: CenteredGrid, keep_boundary, soft, balance):
    values = sample(value, to.geometry, soft=soft, balance=balance)
    return CenteredGrid.of(_full(values, to.geometry), _boundary(value, to, keep_boundary), to.geometry)


@resample.dispatch
def _(value: Field, to: CenteredGrid, keep_boundary, soft, balance):
    return CenteredGrid.of(sample(value, to.geometry), _boundary(value, to, keep_boundary), to.geometry)


@resample.dispatch
def _(value: object, to: StaggeredGrid, keep_boundary, soft, balance):
    parts = []
    for f in to.faces:
        found = sample(value, f, soft=soft, balance=balance)
        parts.append(_full(found if "vector" not in found.shape.names else found[{"vector": f.normal}], f))
    return StaggeredGrid.from_components(parts, to.boundary, to.geometry)


@resample.dispatch
def _(value: CenteredGrid, to: StaggeredGrid, keep_boundary, soft, balance):
    boundary = _boundary(value, to, keep_boundary)
    to = to if boundary is to.boundary else StaggeredGrid.zeros(boundary, to.geometry)
    vector = "vector" in value.shape.names
    parts = []
    for f in to.faces:
        part = value[{"vector": f.normal}] if vector else value
        parts.append(component_at(part, f))
    return StaggeredGrid.from_components(parts, boundary, to.geometry)


@resample.dispatch
def _(value: StaggeredGrid, to: StaggeredGrid, keep_boundary, soft, balance):
    boundary = _boundary(value, to, keep_boundary)
    if value.geometry == to.geometry and value.boundary == boundary:
        return value
    faces = StaggeredGrid.zeros(boundary, to.geometry).faces
    parts = [regrid(v, b, f, g) for (v, b, f), g in zip(_components(value), faces, strict=True)]
    return StaggeredGrid.from_components(parts, boundary, to.geometry)


@resample.dispatch
def _(value: object, to: Geometry, keep_boundary, soft, balance):
    return sample(value, to, soft=soft, balance=balance)


def _full(values: Tensor, cells: UniformGrid) -> Tensor:
    return stored(values, cells.resolution)
