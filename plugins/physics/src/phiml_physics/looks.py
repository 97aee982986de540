"""What grids and geometries look like: methods of the word `marks`."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.marks import Lines, Mark, Surface, arrows_mark, box_mark, curve_mark, grid_mark, marks, sphere_mark
from phiml_core.math import spatial
from phiml_core.shape import Shape

from .fluid.obstacle import Obstacle
from .geom.box import Box
from .geom.extent import bounding_box
from .geom.image import Image
from .geom.intersection import Intersection
from .geom.rotated import Rotated
from .geom.sphere import Sphere
from .geom.uniform_grid import UniformGrid
from .geom.union import Union
from .grid.centered import CenteredGrid
from .grid.staggered import StaggeredGrid

__all__: list[str] = []

Selection = dict[str, Any]


def _elements(shape: Shape) -> Iterator[tuple[Selection, list[tuple[str, Any]]]]:
    """One selection for each element along dims, with the labels of its panel."""
    for index in shape.meshgrid(names=True):
        yield index, list(index.items())


def _panel(mark: Mark, labels: list[tuple[str, Any]]) -> Mark:
    for dim, label in reversed(labels):
        mark = mark.at(dim, label)
    return mark


@marks.dispatch
def _(value: CenteredGrid):
    cells = value.geometry
    names = cells.names
    vector = "vector" in value.shape.names and value.shape.get_size("vector") == len(names)
    others = value.values.shape.without(cells.resolution)
    if vector:
        others = others.without("vector")
    found = []
    for index, labels in _elements(others):
        values = value.values[index]
        if vector and len(names) > 1:
            array = math.stack(list(math.unstack(values, "vector")), math.channel("vector")).numpy((*names, "vector"))
            mark: Mark = arrows_mark(array, cells.lower, cells.upper, names)
        else:
            if vector:
                values = values[{"vector": 0}]
            mark = grid_mark(math.expand(values, cells.resolution).numpy(names), cells.lower, cells.upper, names)
        found.append(_panel(mark, labels))
    return found


@marks.dispatch
def _(value: StaggeredGrid):
    if value.geometry.spatial_rank == 1:
        (faces,), (values,) = value.faces, value.components
        found = []
        for index, labels in _elements(values.shape.without(faces.resolution)):
            positions = faces.center[{"vector": 0}].numpy(faces.names)
            found.append(_panel(curve_mark(positions, values[index].numpy(faces.names), axis=faces.names[0]), labels))
        return found
    return marks(value.at_centers())


@marks.dispatch
def _(value: Box):
    names = value.vector.item_names or ()
    found = []
    for index, labels in _elements(value.shape.without("vector")):
        lower, upper = (math.expand(c, value.shape)[index].numpy("vector") for c in (value.lower, value.upper))
        batch = [(n, label) for n, label in labels if n in value.shape.batch.names]
        found.append(_panel(box_mark(lower.tolist(), upper.tolist(), names), batch))
    return found


@marks.dispatch
def _(value: Sphere):
    names = value.vector.item_names or ()
    found = []
    for index, labels in _elements(value.shape.without("vector")):
        center = math.expand(value.center, value.shape)[index].numpy("vector")
        radius = math.expand(value.radius, value.shape.without("vector"))[index].item()
        batch = [(n, label) for n, label in labels if n in value.shape.batch.names]
        found.append(_panel(sphere_mark(center.tolist(), radius, names), batch))
    return found


@marks.dispatch
def _(value: Union):
    return [mark for part in value.parts for mark in marks(part)]


def _turned(mark: Any, matrix: Any, middle: Any) -> Mark:
    if isinstance(mark, Surface):
        return replace(mark, vertices=(mark.vertices - middle) @ matrix.T + middle, panel=())
    return replace(mark, paths=tuple((p - middle) @ matrix.T + middle for p in mark.paths), panel=())


@marks.dispatch
def _(value: Rotated):
    """The outlines of what is turned, turned about their own middles; else the part of each of many cells that lies inside."""
    dims = value.shape.without("vector")
    own = list(_elements(value.geometry.shape.without("vector")))
    found = marks(value.geometry)
    if len(found) == len(own) and all(isinstance(m, (Lines, Surface)) for m in found):
        straight = {tuple(sorted(index.items())): mark for mark, (index, _) in zip(found, own, strict=True)}
        rotation, center = math.expand(value.rotation, dims), math.expand(value.center, dims)
        result = []
        for index, labels in _elements(dims):
            mark = straight[tuple(sorted((n, i) for n, i in index.items() if n in value.geometry.shape.names))]
            mark = _turned(mark, rotation[index].numpy("vector,~vector"), center[index].numpy("vector"))
            result.append(_panel(mark, [(n, label) for n, label in labels if n in dims.batch.names]))
        return result
    reach = math.max_(value.bounding_radius(), dims)
    return _covered(value, Box(math.min_(value.center, dims) - reach, math.max_(value.center, dims) + reach))


def _covered(value: Any, box: Box) -> list[Mark]:
    """A geometry without a known outline: the part of each of many cells that lies inside."""
    names = value.vector.item_names or ()
    cells = UniformGrid(spatial(**dict.fromkeys(names, 128 if len(names) == 2 else 48)), box)
    part = value.approximate_fraction_inside(cells)
    lower, upper = (np.asarray(c.numpy("vector"), float).tolist() for c in (box.lower, box.upper))
    return [
        _panel(grid_mark(part[index].numpy(names), lower, upper, names, color="#404040"), labels)
        for index, labels in _elements(part.shape.without(names))
    ]


@marks.dispatch
def _(value: Intersection):
    box = bounding_box(value)
    dims = box.shape.batch
    return _covered(value, Box(math.min_(box.lower, dims), math.max_(box.upper, dims)))


@marks.dispatch
def _(value: UniformGrid):
    return marks(value.bounds)


@marks.dispatch
def _(value: Image):
    lower, upper = (np.asarray(corner.numpy("vector"), float).tolist() for corner in (value.lower, value.upper))
    return [grid_mark(value.picture.coverage, lower, upper, value.axes, color="#404040")]


@marks.dispatch
def _(value: Obstacle):
    return marks(value.geometry)
