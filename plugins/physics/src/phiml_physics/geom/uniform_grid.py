"""UniformGrid: the equal cells that divide a box."""

from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.backend import get_precision
from phiml_core.field import Geometry, approximate_signed_distance, bounding_radius, moved
from phiml_core.math import Tensor, channel, spatial
from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor import Stacked

from .box import Box
from .errors import GeometryError

__all__ = ["UniformGrid", "constant"]


def constant(array: Any, *dims: Shape) -> Tensor:
    """A NumPy array as a constant in the precision of the context."""
    return math.wrap(np.asarray(array, f"float{get_precision()}"), *dims)


class UniformGrid(Geometry):
    """The cells of a regular grid.  Static: resolution and bounds are Python numbers, so that compiled programs
    contain them as constants; a grid can be compared and hashed.

    >>> UniformGrid(x=4, y=2, bounds=Box(x=2, y=1)).dx
    (x=0.5, y=0.5)

    Args:
        resolution: spatial dims with the number of cells along each.
        bounds: box that the cells fill, without size by default one unit for each cell.
        normal: name of the axis along which the regions have no extent: they are the faces across this axis, `bounds`
            reaches half a cell beyond the outer ones.
        sizes: number of cells by axis, instead of `resolution`.

    Raises:
        GeometryError: no resolution, a dim without size, or bounds with other axes, of infinite or no size.
    """

    def __init__(self, resolution: Shape | None = None, bounds: Any = None, normal: str | None = None, **sizes: int):
        resolution = merge_shapes(math.EMPTY if resolution is None else resolution, spatial(**sizes))
        if not resolution or resolution.spatial is not resolution or not resolution.well_defined:
            raise GeometryError(f"A grid needs the number of cells along each axis, e.g. x=64, y=80, not {resolution}.")
        lower, upper = _corners(resolution, bounds)
        self._set(resolution, lower, upper, normal)

    def _set(self, resolution: Shape, lower: tuple[float, ...], upper: tuple[float, ...], normal: str | None) -> None:
        self.resolution = resolution
        self.lower, self.upper, self.normal = lower, upper, normal
        self.spacing = tuple((b - a) / n for a, b, n in zip(lower, upper, resolution.sizes, strict=True))  # type: ignore[operator]
        self._key = (resolution.names, resolution.sizes, lower, upper, normal)
        self._hash = hash(self._key)
        self._constants: dict[Any, Any] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the axes."""
        return self.resolution.names

    @property
    def shape(self) -> Shape:
        return merge_shapes(self.resolution, channel(vector=self.names))

    def cached(self, what: str, make: Any) -> Any:
        """A constant made of NumPy arrays, kept for each precision."""
        key = what, get_precision()
        if key not in self._constants:
            self._constants[key] = make()
        return self._constants[key]

    @property
    def center(self) -> Any:
        return self.cached("center", self._center)

    def _center(self) -> Tensor:
        axes = []
        for name, n, low, dx in zip(self.names, self.resolution.sizes, self.lower, self.spacing, strict=True):
            axis = constant(low + dx * (np.arange(n) + 0.5), spatial(name))
            axes.append(math.expand(axis, self.resolution))
        return Stacked(tuple(axes), channel(vector=self.names))

    @property
    def dx(self) -> Any:
        """Distance of neighbouring cells along each axis: tensor (vector)."""
        return self.cached("dx", lambda: constant(self.spacing, channel(vector=self.names)))

    cell_size = dx

    @property
    def size(self) -> Any:
        """Lengths of the edges of a cell: tensor (vector)."""
        if self.normal is None:
            return self.dx
        edges = [0.0 if n == self.normal else dx for n, dx in zip(self.names, self.spacing, strict=True)]
        return self.cached("size", lambda: constant(edges, channel(vector=self.names)))

    @property
    def half_size(self) -> Any:
        """Half the lengths of the edges of a cell: tensor (vector)."""
        return self.size * 0.5

    @property
    def volume(self) -> Any:
        """Size of a cell (of a face, where the regions are faces)."""
        edges = [dx for n, dx in zip(self.names, self.spacing, strict=True) if n != self.normal]
        return constant(np.prod(edges))

    @property
    def bounds(self) -> Box:
        """The box that the cells fill."""
        dim = channel(vector=self.names)
        return self.cached("bounds", lambda: Box(constant(self.lower, dim), constant(self.upper, dim)))

    def faces(self, axis: str, lower: bool, upper: bool) -> "UniformGrid":
        """The faces across an axis; `lower` and `upper` say whether the outermost ones belong to them."""
        i = self.names.index(axis)
        n, dx = self.resolution.sizes[i], self.spacing[i]
        count = n - 1 + int(lower) + int(upper)  # type: ignore[operator]
        low = self.lower[i] + (-0.5 if lower else 0.5) * dx
        found = object.__new__(UniformGrid)
        found._set(
            self.resolution.with_size(count, axis),
            (*self.lower[:i], low, *self.lower[i + 1 :]),
            (*self.upper[:i], low + count * dx, *self.upper[i + 1 :]),
            axis,
        )
        return found

    def padded(self, widths: Any) -> "UniformGrid":
        """The grid with more cells around: a number of them, a pair for both ends, or these by axis."""
        widths = widths if isinstance(widths, dict) else dict.fromkeys(self.names, widths)
        ends = {n: (w, w) if isinstance(w, int) else w for n, w in widths.items()}
        unknown = set(ends) - set(self.names)
        if unknown:
            raise GeometryError(
                f"A grid with the axes {','.join(self.names)} cannot be padded along {','.join(unknown)}."
            )
        sizes, lower, upper = [], [], []
        for n, size, a, b, h in zip(
            self.names, self.resolution.sizes, self.lower, self.upper, self.spacing, strict=True
        ):
            before, after = ends.get(n, (0, 0))
            sizes.append(size + before + after)  # type: ignore[operator]
            lower.append(a - before * h)
            upper.append(b + after * h)
        found = object.__new__(UniformGrid)
        found._set(spatial(**dict(zip(self.names, sizes, strict=True))), tuple(lower), tuple(upper), self.normal)
        return found

    def cells_around(self) -> "UniformGrid":
        """Cells in place of faces, with the same centers."""
        found = object.__new__(UniformGrid)
        found._set(self.resolution, self.lower, self.upper, None)
        return found

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, UniformGrid) and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> Any:
        dim = channel(vector=self.names)
        return UniformGrid, (self.resolution, Box(math.wrap(self.lower, dim), math.wrap(self.upper, dim)), self.normal)

    def __repr__(self) -> str:
        ends = ", ".join(
            f"{n}={s} from {a:g} to {b:g}"
            for n, s, a, b in zip(self.names, self.resolution.sizes, self.lower, self.upper, strict=True)
        )
        return f"UniformGrid({ends}{'' if self.normal is None else f', faces across {self.normal}'})"


def _corners(resolution: Shape, bounds: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    names = resolution.names
    if bounds is None:
        return (0.0,) * len(names), tuple(float(n) for n in resolution.sizes)  # type: ignore[arg-type]
    if not isinstance(bounds, Box):
        raise GeometryError(f"The bounds of a grid are a box, e.g. bounds=Box(x=100, y=50), not {bounds!r}.")
    axes = bounds.vector.item_names or ()
    if set(axes) != set(names) or bounds.shape.rank != 1:
        raise GeometryError(
            f"A grid with the axes {','.join(names)} cannot have the bounds {bounds}: expected one box with the "
            "same axes.  "
            f"Use Box({', '.join(f'{n}=…' for n in names)})."
        )
    lower = tuple(float(bounds.lower[{"vector": n}]) for n in names)
    upper = tuple(float(bounds.upper[{"vector": n}]) for n in names)
    for n, a, b in zip(names, lower, upper, strict=True):
        if not (np.isfinite(a) and np.isfinite(b) and a < b):
            raise GeometryError(f"The bounds of a grid must have a finite size, but {n} goes from {a:g} to {b:g}.")
    return lower, upper


@bounding_radius.dispatch
def _(geometry: UniformGrid):
    return constant(
        0.5 * np.linalg.norm([d for n, d in zip(geometry.names, geometry.spacing, strict=True) if n != geometry.normal])
    )


@approximate_signed_distance.dispatch
def _(geometry: UniformGrid, location):
    return approximate_signed_distance(geometry.bounds, location)


@moved.dispatch
def _(geometry: UniformGrid, delta):
    box = moved(geometry.bounds, delta)
    return UniformGrid(geometry.resolution, box, geometry.normal)
