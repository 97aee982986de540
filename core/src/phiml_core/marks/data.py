"""What values look like, as plain data: NumPy arrays, names and nothing else.

Coordinates are columns in the order of `axes`; arrays over space are indexed in that order too, `values[i, j]` sits at
(xᵢ, yⱼ).  A canvas decides which way an axis points (x to the right, y up; in three dimensions z up).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

__all__ = ["Mark", "Heatmap", "Arrows", "Points", "Lines", "Surface", "Volume", "Text", "MarkError", "Panel"]

Panel = tuple[tuple[str, str], ...]
"""Place of a mark among small multiples: pairs (batch dim, label along it); empty: all panels of its value."""


class MarkError(ValueError):
    """The arrays of a mark do not fit together."""


def array(owner: str, name: str, value: Any, rank: int | None = None, kind: type = float) -> np.ndarray:
    """`value` as a read-only array of `rank` axes, or a `MarkError` that names the attribute."""
    result = np.asarray(value)
    if result.dtype.kind not in "biuf":
        raise MarkError(f"{owner}.{name} is {result.dtype}, expected real numbers. Plot abs, real or imag separately.")
    if rank is not None and result.ndim != rank:
        raise MarkError(
            f"{owner}.{name} has shape {result.shape}, expected {rank} axes. Slice it, one mark for each panel."
        )
    if kind is int or result.dtype.kind != "f":
        result = result.astype(kind)
    result = result.view()
    result.flags.writeable = False
    return result


@dataclass(frozen=True, eq=False, kw_only=True)
class Mark:
    """Base of all marks: what every one of them can say about itself.

    Attributes:
        name: what the mark shows, for titles and legends.
        label: what its numbers mean, for the colour bar; marks with equal labels share one colour scale.
        color: one colour for the whole mark as '#rrggbb'; None leaves the choice to the canvas.
        opacity: 0 (invisible) to 1.
        panel: pairs (dim, label) saying which of the small multiples of a batched value this is.
    """

    name: str = ""
    label: str = ""
    color: str | None = None
    opacity: float = 1.0
    panel: Panel = ()

    def at(self, dim: str, label: Any) -> Self:
        """The same mark as the panel `label` along the batch dim `dim`."""
        return replace(self, panel=((dim, str(label)), *self.panel))

    def bounds(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Lower and upper corner in space; None if the mark takes no place, like an empty list of points."""
        raise NotImplementedError(type(self).__name__)

    def values_range(self) -> tuple[float, float] | None:
        """Smallest and largest finite value that is shown as a colour; None if there is none."""
        return None

    def _set(self, **attributes: Any) -> None:
        """Replaces what the caller gave by its checked form, while the mark is made."""
        for name, value in attributes.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, eq=False)
class Sampled(Mark):
    """Cell averages on a regular grid between `lower` and `upper`.

    Attributes:
        values: array with one axis for each name in `axes`.
        lower, upper: corners of the sampled region (faces of the outermost cells, not their centres), in length.
        axes: names of the axes of `values`.
        limits: values shown by the first and the last colour; None: chosen by the canvas.
    With `color` set the values are the opacity of that colour in [0, 1], as for the coverage of a geometry.
    """

    values: np.ndarray
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    axes: tuple[str, ...]
    limits: tuple[float, float] | None = None

    def _check(self, rank: int) -> None:
        owner = type(self).__name__
        values = array(owner, "values", self.values, rank)
        if 0 in values.shape:
            raise MarkError(f"{owner}.values has shape {values.shape}, expected at least one cell along each axis.")
        lower, upper = tuple(map(float, self.lower)), tuple(map(float, self.upper))
        if not len(lower) == len(upper) == len(self.axes) == rank:
            raise MarkError(
                f"{owner} has lower={lower}, upper={upper}, axes={tuple(self.axes)}, expected {rank} of each. "
                "Name one axis, with its bounds, for each axis of the values."
            )
        if not all(low < high for low, high in zip(lower, upper, strict=True)):
            raise MarkError(f"{owner} has lower={lower} and upper={upper}, expected lower < upper. Swap or widen them.")
        self._set(values=values, lower=lower, upper=upper, axes=tuple(self.axes))

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.lower), np.array(self.upper)

    def values_range(self) -> tuple[float, float] | None:
        return None if self.color else self.limits or finite_range(self.values)


@dataclass(frozen=True, eq=False)
class Heatmap(Sampled):
    """A scalar on a regular two-dimensional grid."""

    def __post_init__(self) -> None:
        self._check(2)


@dataclass(frozen=True, eq=False)
class Volume(Sampled):
    """A scalar on a regular three-dimensional grid, drawn as matter that glows and absorbs."""

    def __post_init__(self) -> None:
        self._check(3)


@dataclass(frozen=True, eq=False)
class Arrows(Mark):
    """Vectors at positions.

    Attributes:
        positions: (…, d).  With d leading axes the arrows stand on a regular grid, which a canvas may thin out.
        vectors: (…, d) as `positions`.
        axes: names of the d coordinates.
    Without `color` the length of an arrow sets its colour.
    """

    positions: np.ndarray
    vectors: np.ndarray
    axes: tuple[str, ...]

    def __post_init__(self) -> None:
        positions = coordinates("Arrows", "positions", self.positions, self.axes)
        vectors = array("Arrows", "vectors", self.vectors)
        if vectors.shape != positions.shape:
            raise MarkError(
                f"Arrows has vectors of shape {vectors.shape} at positions of shape {positions.shape}. "
                "Give one vector for each position, sampled at the same points."
            )
        self._set(positions=positions, vectors=vectors, axes=tuple(self.axes))

    def bounds(self) -> tuple[np.ndarray, np.ndarray] | None:
        box = extent(self.positions)
        cells = np.array(self.positions.shape[:-1])
        if box is None or len(cells) != len(self.axes) or (cells < 2).any():
            return box
        half = (box[1] - box[0]) / (cells - 1) / 2  # an arrow on a grid stands for the cell around it
        return box[0] - half, box[1] + half

    def values_range(self) -> tuple[float, float] | None:
        return None if self.color else finite_range(np.linalg.norm(self.vectors, axis=-1))


@dataclass(frozen=True, eq=False)
class Points(Mark):
    """Positions, with a value that sets the colour of each if `values` is given.

    Attributes:
        positions: (n, d).
        axes: names of the d coordinates.
        values: (n,) or None.
        radius: of the points in length, a number or (n,); None draws them as small dots.
    """

    positions: np.ndarray
    axes: tuple[str, ...]
    values: np.ndarray | None = None
    radius: Any = None

    def __post_init__(self) -> None:
        positions = coordinates("Points", "positions", self.positions, self.axes, rank=2)
        values = None if self.values is None else array("Points", "values", self.values, 1)
        if values is not None and len(values) != len(positions):
            raise MarkError(f"Points has {len(values)} values at {len(positions)} positions. Give one for each.")
        self._set(positions=positions, values=values, axes=tuple(self.axes))

    def bounds(self) -> tuple[np.ndarray, np.ndarray] | None:
        return extent(self.positions)

    def values_range(self) -> tuple[float, float] | None:
        return None if self.color or self.values is None else finite_range(self.values)


@dataclass(frozen=True, eq=False)
class Lines(Mark):
    """Open or closed polylines; the curve y(x) of a one-dimensional field is one of them.

    Attributes:
        paths: sequence of (n, d) arrays; a single such array is one path.
        axes: names of the d coordinates.
        filled: closes each path and fills the inside.
        graph: the last column is a value over the others and no place in space: its axis has a scale of its own.  A graph that is
            filled is the band between two paths over the same places.
    """

    paths: tuple[np.ndarray, ...]
    axes: tuple[str, ...]
    filled: bool = False
    graph: bool = False

    def __post_init__(self) -> None:
        paths = [self.paths] if isinstance(self.paths, np.ndarray) and self.paths.ndim == 2 else self.paths
        checked = tuple(coordinates("Lines", "paths", path, self.axes, rank=2) for path in paths)
        self._set(paths=checked, axes=tuple(self.axes))

    def bounds(self) -> tuple[np.ndarray, np.ndarray] | None:
        return extent(np.concatenate(self.paths)) if self.paths else None


@dataclass(frozen=True, eq=False)
class Surface(Mark):
    """Triangles in space.

    Attributes:
        vertices: (n, 3).
        faces: (m, 3) indices into `vertices`, counter-clockwise seen from outside.
        axes: names of the three coordinates.
    """

    vertices: np.ndarray
    faces: np.ndarray
    axes: tuple[str, ...] = ("x", "y", "z")

    def __post_init__(self) -> None:
        vertices = coordinates("Surface", "vertices", self.vertices, self.axes, rank=2)
        faces = array("Surface", "faces", self.faces, 2, int)
        if vertices.shape[1] != 3 or faces.shape[1] != 3:
            raise MarkError(
                f"Surface has vertices {vertices.shape} and faces {faces.shape}, expected (n, 3) and (m, 3). "
                "Cut polygons into triangles."
            )
        if faces.size and not (0 <= faces.min() and faces.max() < len(vertices)):
            raise MarkError(
                f"Surface has faces {faces.min()}…{faces.max()} of {len(vertices)} vertices. Count vertices from 0."
            )
        self._set(vertices=vertices, faces=faces, axes=tuple(self.axes))

    def bounds(self) -> tuple[np.ndarray, np.ndarray] | None:
        return extent(self.vertices)


@dataclass(frozen=True, eq=False)
class Text(Mark):
    """Words at a position.

    Attributes:
        text: what to write.
        position: (d,) where it is centred.
        axes: names of the d coordinates.
    """

    text: str
    position: np.ndarray
    axes: tuple[str, ...]

    def __post_init__(self) -> None:
        position = coordinates("Text", "position", self.position, self.axes, rank=1)
        self._set(position=position, axes=tuple(self.axes))

    def bounds(self) -> tuple[np.ndarray, np.ndarray] | None:
        return extent(self.position)


def coordinates(owner: str, name: str, value: Any, axes: tuple[str, ...], rank: int | None = None) -> np.ndarray:
    """`value` as an array with one column for each axis, or a `MarkError` that names the attribute."""
    positions = array(owner, name, value, rank)
    if positions.ndim == 0 or positions.shape[-1] != len(axes):
        raise MarkError(
            f"{owner}.{name} has shape {positions.shape}, expected (…, {len(axes)}) for axes {tuple(axes)}. "
            "Put the coordinates last, one for each axis."
        )
    return positions


def finite_range(values: np.ndarray) -> tuple[float, float] | None:
    """Smallest and largest finite entry."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def extent(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Corners of the box around all finite positions."""
    rows = positions.reshape(-1, positions.shape[-1])
    rows = rows[np.isfinite(rows).all(-1)]
    return (rows.min(0), rows.max(0)) if len(rows) else None
