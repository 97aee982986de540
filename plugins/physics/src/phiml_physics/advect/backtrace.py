"""Where the matter at each grid point was a time step ago: displacements in cells, and whether all are below one
cell.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from phiml_core import math
from phiml_core.extrapolation import Constant, Extrapolation
from phiml_core.field import Field, sample
from phiml_core.math import Tensor, channel
from phiml_core.tensor import Stacked
from phiml_core.transform import barrier, cond, differentiated_as

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.geom.vectors import check_vector, space_vector
from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.lookup import Vectors, is_periodic
from phiml_physics.grid.peak import peak
from phiml_physics.grid.staggered import StaggeredGrid

from .integrators import Integrator, euler
from .kernel import Branch

__all__ = ["Backtrace", "advected", "components_of", "rebuild", "sampler", "surrounded", "trace_back"]

Component = tuple[Tensor, Extrapolation, UniformGrid]


@dataclass(frozen=True)
class Backtrace:
    """All that a semi-Lagrangian scheme needs to know.

    Attributes:
        field: the grid that is advected.
        parts: its arrays, each with boundary and cells.
        moves: for each array the way of matter during the step, in cells along each axis.
        returns: the same for a flow that goes back: of what is there, where it went to.
        small: whether all ways are shorter than one cell: a bool, a tensor without dims, or a `Branch` where that is decided.
    """

    field: Any
    parts: tuple[Component, ...]
    moves: tuple[Vectors, ...]
    returns: tuple[Vectors, ...]
    small: Any

    @property
    def dims(self) -> tuple[str, ...]:
        """The axes of space."""
        return self.field.geometry.names

    @property
    def periodic(self) -> tuple[tuple[bool, ...], ...]:
        """For each array whether it repeats along each axis."""
        return tuple([tuple([is_periodic(b, n) for n in self.dims]) for _, b, _ in self.parts])

    def surrounded(self, values: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Arrays like the parts with one layer of boundary values around."""
        return tuple([surrounded(v, b, self.dims) for v, (_, b, _) in zip(values, self.parts, strict=True)])

    def rebuild(self, values: list[Tensor]) -> Any:
        """The field with new arrays."""
        return rebuild(self.field, values)


def advected(
    scheme: Callable[..., list[Tensor]], integrator: Integrator, field: Any, velocity: Any, dt: Any, *settings: Any
) -> Any:
    """The field after a step of `scheme(back, *settings)`, which returns the new arrays from a `Backtrace`.

    In a compiled program there is one branch around the whole step, so that displacements and interpolations are fused.  Where
    it is differentiated, each interpolation has a branch of its own and an adjoint within.
    """

    def step(small: Any, field: Any, velocity: Any, dt: Any, *settings: Any) -> Any:
        back = trace_back(field, velocity, dt, small, integrator)
        return back.rebuild(scheme(back, *settings))

    small = _small(field, velocity, dt)
    if isinstance(small, bool) or small.available or not isinstance(velocity, (Field, Tensor)):
        return step(small, field, velocity, dt, *settings)

    def either(small: Any, *args: Any) -> Any:
        forms = [lambda small, *args, short=short: step(Branch(short, small), *args) for short in (True, False)]
        return cond(small, *forms, small, *args)

    return differentiated_as(either, step)(small, field, velocity, dt, *settings)


def trace_back(field: Any, velocity: Any, dt: Any, small: Any, integrator: Integrator = euler) -> Backtrace:
    """Where the matter at each grid point of `field` comes from."""
    parts, moves, returns = [], [], []
    for group, there, back in _ways(field, velocity, dt, integrator):
        for part in group:
            parts.append(part)
            moves.append(there)
            returns.append(back)
    return Backtrace(field, tuple(parts), tuple(moves), tuple(returns), small)


def _ways(
    field: Any, velocity: Any, dt: Any, integrator: Integrator
) -> Iterator[tuple[list[Component], Vectors, Vectors]]:
    """The arrays that share their positions, the way of matter to these, and from these."""
    at_rest = sampler(velocity, field)
    for group in components_of(field):
        cells = group[0][2]
        here = at_rest(cells)
        if integrator is euler or not (isinstance(velocity, Field) or callable(velocity)):  # or the same everywhere
            way = _in_cells(here, dt, cells)
            yield group, way, way
        else:
            x, start = cells.center, Stacked(tuple(here), channel(vector=cells.names))
            means = [integrator(functools.partial(sample, velocity), x, sign * dt, start) for sign in (-1.0, 1.0)]
            there, away = (_in_cells(math.unstack(mean, "vector"), dt, cells) for mean in means)
            yield group, there, away


def _in_cells(velocity: Sequence[Tensor], dt: Any, cells: UniformGrid) -> Vectors:
    return tuple([v * (dt / dx) for v, dx in zip(velocity, cells.spacing, strict=True)])


def _small(field: Any, velocity: Any, dt: Any) -> Any:
    """Whether matter moves less than one cell along each axis everywhere: one value for the whole step."""
    known = isinstance(velocity, StaggeredGrid)
    moves = [] if known else [d for _, d, _ in _ways(field, velocity, dt, euler)]
    probe = velocity.components[0] if known else moves[0][0]
    # without a compiler, gathers are faster than shifted copies in three dimensions
    if not probe.backend.can_jit and len(field.geometry.names) > 2:
        return False
    return small_steps(velocity, dt, moves)


def sampler(velocity: Any, field: Field) -> Callable[[UniformGrid], list[Tensor]]:
    """How to get the components of the velocity at cells."""
    if isinstance(field, StaggeredGrid) and isinstance(velocity, StaggeredGrid) and velocity.geometry == field.geometry:
        centered = velocity.at_centers()  # the components at other faces are means of those at centers

        def at_faces(faces: UniformGrid) -> list[Tensor]:
            own = {f: v for v, f in zip(velocity.components, velocity.faces, strict=True)}
            found = []
            for name in faces.names:
                known = own.get(faces) if name == faces.normal else None
                found.append(sample(centered[{"vector": name}], faces) if known is None else known)
            return found

        return at_faces

    def at_cells(cells: UniformGrid) -> list[Tensor]:
        found = sample(velocity, cells)
        if "vector" not in found.shape.names:
            if found.shape.spatial and len(cells.names) > 1:
                raise GridError(
                    f"A velocity needs one component for each of the axes {', '.join(cells.names)}, but {velocity!r} is a scalar.  "
                    "Give a StaggeredGrid, or values with the dim vector."
                )
            found = space_vector(found, cells.names, "A velocity")
        return list(math.unstack(check_vector(found, cells.names, "A velocity"), "vector"))

    return at_cells


def components_of(field: Field) -> list[list[Component]]:
    """The arrays of a grid as (values, boundary, cells), in groups that share their positions."""
    if isinstance(field, StaggeredGrid):
        parts = zip(field.geometry.names, field.components, field.faces, strict=True)
        return [[(v, field.boundary.component(n), f)] for n, v, f in parts]
    if not isinstance(field, CenteredGrid):
        raise TypeError(
            f"A {type(field).__name__} cannot be advected on a grid.  Resample it to a CenteredGrid or StaggeredGrid."
        )
    if "vector" in field.values.shape.names:
        names = field.values.shape.get_item_names("vector") or range(field.values.shape.get_size("vector"))  # type: ignore[arg-type]
        parts_ = zip(names, math.unstack(field.values, "vector"), strict=True)
        return [[(v, field.boundary.component(n), field.geometry) for n, v in parts_]]  # type: ignore[arg-type]
    return [[(field.values, field.boundary, field.geometry)]]


def rebuild(field: Field, values: list[Tensor]) -> Any:
    """A grid like `field` with new arrays, in the order of `components_of`."""
    if isinstance(field, StaggeredGrid):
        return StaggeredGrid.from_components(values, field.boundary, field.geometry)
    if "vector" in field.values.shape.names:
        return field.__with_attrs__(math.stack(values, field.values.shape["vector"]), field.boundary)  # type: ignore[attr-defined]
    return field.__with_attrs__(values[0], field.boundary)  # type: ignore[attr-defined]


def surrounded(values: Tensor, boundary: Extrapolation, dims: tuple[str, ...]) -> Tensor:
    """The array with one layer of boundary values around, computed once."""
    return barrier(math.pad(values, {n: (1, 1) for n in dims}, boundary))


def small_steps(velocity: Any, dt: Any, moves: list[Vectors]) -> Any:
    """Whether matter moves less than one cell along each axis everywhere: one value for the whole step.

    Values between the faces of a grid are means of those on the faces and of the boundary, so that these suffice.
    """
    if not isinstance(velocity, StaggeredGrid):
        return _below_one([d for move in moves for d in move])
    found = []
    for name, values, dx in zip(velocity.geometry.names, velocity.components, velocity.geometry.spacing, strict=True):
        found.append(values * (dt / dx))
        rule = velocity.boundary.component(name)
        ends = {id(s): s for n in velocity.geometry.names for upper in (False, True) for s in [rule.side(n, upper)]}
        for side in ends.values():
            if isinstance(side, Constant) and not _is_zero(side.value):
                found.append(side.value * (dt / dx))
    return _below_one(found)


def _below_one(values: list[Tensor]) -> Any:
    fastest = peak(values)
    return math.max_(fastest, fastest.shape) < 1.0


def _is_zero(value: Tensor) -> bool:
    return value.rank == 0 and value.available and value.item() == 0
