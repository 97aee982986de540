"""The smoke plume of the tutorials: closed box, inflow, buoyancy, an obstacle, on any backend.

python smoke_plume.py [--backend jax] [--steps 100]
"""

import argparse

from phiml_physics.flow import *

parser = argparse.ArgumentParser()
parser.add_argument("--backend", default="numpy")
parser.add_argument("--steps", type=int, default=100)
options = parser.parse_args()
use(options.backend)

cells = dict(x=64, y=80, bounds=Box(x=100, y=100))
smoke = CenteredGrid(0, ZERO_GRADIENT, **cells)
velocity = StaggeredGrid(0, 0, **cells)
inflow = resample(Sphere(x=50, y=9.5, radius=5), to=smoke, soft=True)
pillar = Obstacle(Sphere(x=55, y=50, radius=8))


@jit_compile
def step(v, s, p, dt=0.5):
    """Advection, inflow, buoyancy, projection."""
    s = advect.mac_cormack(s, v, dt) + 0.2 * dt * inflow
    v = advect.semi_lagrangian(v, v, dt) + resample(s * (0, 0.1), to=v) * dt
    v, p = fluid.make_incompressible(v, pillar, Solve(x0=p))
    return v, s, p


velocity, smoke, _ = iterate(
    step, options.steps, velocity, smoke, CenteredGrid(0, ZERO_GRADIENT, **cells), progress=True
)
print(smoke, "largest divergence", math.max(abs(field.divergence(velocity).values)))
plot(smoke, overlay=pillar, title=f"after {options.steps} steps").savefig("smoke_plume.png")
