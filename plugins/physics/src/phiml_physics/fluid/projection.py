"""Projection: the part of a velocity that conserves volume."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phiml_core.backend import get_precision
from phiml_core.extrapolation import (
    PERIODIC,
    ZERO,
    ZERO_GRADIENT,
    Constant,
    Extrapolation,
    Periodic,
    combine_sides,
)
from phiml_core.field import Field
from phiml_core.math import Tensor
from phiml_core.solve import LinearProblem, Solve
from phiml_core.tensor import Dense
from phiml_core.transform import stop_gradient
from phiml_solvers import Allowance, part_values, poisson, solve_increments

from phiml_physics.grid.boundaries import grid_boundary
from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.peak import peak
from phiml_physics.grid.staggered import StaggeredGrid
from phiml_physics.operators.divergence import divergence

from .obstacle import as_obstacles
from .openness import open_fractions, with_obstacles

__all__ = ["make_incompressible", "pressure_boundary"]


def make_incompressible(
    velocity: StaggeredGrid, obstacles: Any = (), solve: Solve | None = None
) -> tuple[StaggeredGrid, CenteredGrid]:
    """Subtract the pressure gradient that makes a velocity free of divergence (Chorin 1968).

    With open fractions w of the faces it solves  ∇·(w ∇p) = ∇·v*,  v* = w v + (1 - w) v_obstacle,  and returns v* - w
    ∇p: the mean velocity through each face, whose divergence is zero in every cell, also in those that an obstacle
    cuts.  Sides with a fixed velocity and obstacles are walls for the pressure, at open sides it is zero.

    Args:
        velocity: staggered grid, in length per time.
        obstacles: `Obstacle`, geometry, or sequence of these.
        solve: method, tolerances and first guess (`x0`: a pressure from before); by default a solve that leaves at most
            max |∇·v| h / max |v| = 1e-5 in single, 1e-10 in double precision.

    A compiled step that takes the last pressure as first guess is traced twice if the first one is None, which is a
    structure of its own.  It is traced once if it starts with zero, `CenteredGrid(0, boundary, …)`, where the boundary
    is ZERO_GRADIENT at walls, 0 at open sides and PERIODIC as the velocity; or with the pressure that this function
    returns for the fluid at rest.

    Returns:
        velocity: with the same boundary.
        pressure: centered grid, in squared length per time (times the time step: per squared time).

    Raises:
        GridError: `velocity` is not a staggered grid.
        ObstacleFillsDomain: no cell is left for the fluid.
        NotConverged, Diverged: the tolerance was missed, or the velocity is not finite.
    """
    if not isinstance(velocity, StaggeredGrid):
        raise GridError(
            f"The divergence of a {type(velocity).__name__} cannot be made exactly zero.  Project a staggered grid: "
            "resample(velocity, to=StaggeredGrid(0, boundary, …))."
        )
    cells, faces = velocity.geometry, velocity.faces
    bodies = as_obstacles(obstacles)
    values = list(velocity.components)
    weights = None
    if bodies:
        weights = open_fractions(bodies, faces)
        values = with_obstacles(values, bodies, faces, weights)
    flow = StaggeredGrid.from_components(values, velocity.boundary, cells)
    sides = {n: _sides(velocity.boundary.component(n), n) for n in cells.names}
    operator = poisson(cells.resolution, cells.spacing, sides, weights, fractions=True)
    settings = _settings(solve or Solve(), velocity, values)
    parts, _ = solve_increments(LinearProblem(operator, divergence(flow).values, settings.x0), settings)
    for part in parts:  # one after the other: their sum would be rounded
        for i, n in enumerate(cells.names):
            slope = operator.gradient(part, n)
            values[i] = values[i] - (slope if weights is None else slope * weights[i])
    pressure = functools.reduce(lambda a, b: a + b, [part_values(part) for part in parts])
    return (
        StaggeredGrid.from_components(values, velocity.boundary, cells),
        CenteredGrid.of(pressure, pressure_boundary(velocity.boundary, cells.names), cells),
    )


def _settings(solve: Solve, velocity: StaggeredGrid, values: Sequence[Tensor]) -> Solve:
    """A solve for values of the pressure: as precise as asked, by default as `make_incompressible` promises."""
    guess = solve.x0.values if isinstance(solve.x0, Field) else solve.x0
    settings = solve.with_(x0=guess)
    if settings.rel_tol is None and settings.abs_tol is None:
        cells = velocity.geometry
        speeds = [*values, *_through_sides(velocity.boundary, cells.names)]
        allowed = AllowedDivergence(tuple([stop_gradient(v) for v in speeds]), min(cells.spacing))
        settings = settings.with_(norm="max", abs_tol=allowed)
    return settings


def _through_sides(boundary: Extrapolation, names: tuple[str, ...]) -> list[Tensor]:
    """Velocities given at single sides: of a fluid at rest that something flows into they are the only speed there is."""
    if isinstance(boundary, Constant) and not boundary.value.shape:
        return []  # one number for all sides: walls
    rules = [boundary.component(n).side(n, upper) for n in names for upper in (False, True)]
    return [rule.value for rule in rules if isinstance(rule, Constant)]


def _sides(rule: Extrapolation, dim: str) -> tuple[str, str]:
    """What the boundary of the component through the sides along `dim` means for the pressure."""
    if isinstance(rule.side(dim, True), Periodic):
        return "periodic", "periodic"
    stored = rule.outer_faces(dim)
    return ("dirichlet" if stored[0] else "neumann"), ("dirichlet" if stored[1] else "neumann")


def pressure_boundary(boundary: Extrapolation, names: tuple[str, ...]) -> Extrapolation:
    """The boundary of the pressure for that of a velocity, as grids made by hand have it: a zero pressure with this boundary has the
    structure of later ones, so that a compiled step that takes the last pressure as first guess is traced once.
    """
    rules = {"periodic": PERIODIC, "neumann": ZERO_GRADIENT, "dirichlet": ZERO}
    found = {n: tuple(rules[side] for side in _sides(boundary.component(n), n)) for n in names}
    kinds = {side for pair in found.values() for side in pair}
    return grid_boundary(kinds.pop() if len(kinds) == 1 else combine_sides(**found), names)


@dataclass(frozen=True)
class AllowedDivergence(Allowance):
    """The divergence that counts as none: a small part of the speed per cell, a third of what is promised, since the velocity loses its
    gradient part and is rounded after it is measured.

    Attributes:
        velocity: the components, and what is given at sides.
        h: size of a cell, in length.
    """

    velocity: tuple[Tensor, ...]
    h: float

    __value_attrs__ = ("velocity",)

    def exact(self) -> Tensor:
        return self._of(self.velocity)

    def least(self) -> Tensor:
        """From every eighth row: a tenth of the time."""
        return self._of([_rows(v, 8) for v in self.velocity])

    def _of(self, values: Sequence[Tensor]) -> Tensor:
        return peak(values) * ((0.3e-10 if get_precision() == 64 else 0.3e-5) / self.h)


def _rows(values: Tensor, step: int) -> Tensor:
    """Every so many rows of an array in a program that is being compiled; else all."""
    if values.available or not isinstance(values, Dense) or not values.spec.stored.spatial:
        return values
    dim = values.spec.stored.spatial.names[0]
    return values[{dim: slice(step // 2, None, step)}] if values.shape.get_size(dim) >= 2 * step else values
