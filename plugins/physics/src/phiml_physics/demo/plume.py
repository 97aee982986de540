"""The simulation of the smoke demo: a closed box, an inflow at the bottom, buoyancy, and a shape in the way."""

from dataclasses import dataclass
from typing import Any

from phiml_core import math
from phiml_core.extrapolation import ZERO_GRADIENT
from phiml_core.field import resample
from phiml_core.math import batch, channel, spatial
from phiml_core.tree import tree_map

from phiml_physics import advect, fluid
from phiml_physics.fluid import Obstacle
from phiml_physics.geom import Box, Sphere
from phiml_physics.geom.image import image_geometry
from phiml_physics.grid import CenteredGrid, StaggeredGrid
from phiml_physics.operators import divergence

from .settings import Settings

__all__ = ["Plume", "State"]

WIDTH, HEIGHT = 100.0, 150.0
INFLOW_RATE, BUOYANCY = 0.2, 0.1
TIME_STEP = 0.5  # at 64 cells across; matter then moves two to three cells a step where it is fastest


@dataclass(frozen=True)
class State:
    """Smoke density, velocity and pressure."""

    smoke: CenteredGrid
    velocity: StaggeredGrid
    pressure: CenteredGrid

    __value_attrs__ = ("smoke", "velocity", "pressure")


class Plume:
    """The set-up of a plume: grids, inflow, obstacle, and the step."""

    def __init__(self, settings: Settings):
        self.settings = settings
        axes = "xy" if settings.dims == 2 else "xyz"
        up = axes[-1]
        n = settings.resolution
        self.resolution = spatial(**{a: n if a != up else n * 3 // 2 for a in axes})
        self.bounds = Box(**{a: WIDTH if a != up else HEIGHT for a in axes})
        centers: dict[str, Any] = {a: WIDTH / 2 for a in axes} | {up: 14.0}
        if settings.batch > 1:
            centers["x"] = math.linspace(0.4 * WIDTH, 0.6 * WIDTH, batch(plume=settings.batch))
        source = Sphere(**centers, radius=9.0)
        self.inflow = resample(source, to=self._centered(), soft=True)
        self.lift = math.wrap([BUOYANCY if a == up else 0.0 for a in axes], channel(vector=",".join(axes)))
        self.obstacles: tuple[Obstacle, ...] = ()
        if settings.picture_path is not None:
            size = 0.46 * WIDTH
            place = Box(x=(0.5 * (WIDTH - size), 0.5 * (WIDTH + size)), **{up: (0.36 * HEIGHT, 0.36 * HEIGHT + size)})
            self.obstacles = (Obstacle(image_geometry(settings.picture_path, place)),)
        self.dt = TIME_STEP * 64 / n

    def _centered(self, values: Any = 0.0) -> CenteredGrid:
        return CenteredGrid(values, ZERO_GRADIENT, bounds=self.bounds, resolution=self.resolution)

    def start(self) -> State:
        """Fluid at rest without smoke."""
        rest = StaggeredGrid(0.0, 0.0, bounds=self.bounds, resolution=self.resolution)
        state = State(self._centered(), rest, self._centered())
        plumes = self.inflow.values.shape.batch
        return tree_map(lambda t: math.store(math.expand(t, plumes)) if t.rank else t, state)

    def step(self, state: State, dt: Any) -> tuple[State, Any]:
        """The state after `dt`, and its largest divergence relative to the largest speed per cell."""
        v = state.velocity
        smoke = advect.mac_cormack(state.smoke, v, dt) + INFLOW_RATE * dt * self.inflow
        buoyancy = resample(smoke * self.lift, to=v)
        v = advect.semi_lagrangian(v, v, dt) + buoyancy * dt
        v, pressure = fluid.make_incompressible(v, self.obstacles, fluid.Solve(x0=state.pressure))
        return State(smoke, v, pressure), relative_divergence(v)


def relative_divergence(v: StaggeredGrid) -> Any:
    """max |div v| h / max |v|: zero for an incompressible velocity; 0-d, or one value for each batch element."""
    div = math.max_(abs(divergence(v).values), v.resolution)
    speed: Any = 0.0
    for component in v.components:
        speed = math.maximum(speed, math.max_(abs(component), component.shape.spatial))
    return math.divide_no_nan(div * min(v.geometry.spacing), speed)
