"""Where must the smoke come from, and how much, to give a target picture?  Gradient descent through 16 steps of a fluid.

    python optimal_inflow.py [--iterations 30]

Needs a backend with derivatives: pip install phiml-jax.
"""

import argparse

from phiml_jax.flow import *

parser = argparse.ArgumentParser()
parser.add_argument("--iterations", type=int, default=30)
options = parser.parse_args()

cells = dict(x=32, y=40, bounds=Box(x=100, y=100))
rest = StaggeredGrid(0, 0, **cells)
empty = CenteredGrid(0, ZERO_GRADIENT, **cells)


def simulate(position, strength):
    """Smoke after 16 steps of a plume above a source."""
    source = resample(Sphere(position, radius=10), to=empty, soft=True)

    def step(v, s):
        s = advect.mac_cormack(s, v, 1.0) + strength * source
        v = advect.semi_lagrangian(v, v, 1.0) + resample(s * (0, 0.1), to=v)
        return fluid.make_incompressible(v)[0], s

    return iterate(step, 16, rest, empty)[1]


target = simulate(vec(x=60.0, y=20.0), 0.3)


@jit_compile
@value_and_gradient
def miss(guess):
    """Squared distance to the target, and how it depends on the source."""
    return field.l2_loss(simulate(guess["position"], guess["strength"]) - target)


guess = {"position": vec(x=45.0, y=25.0), "strength": wrap(0.2)}
for i in range(options.iterations):
    loss, slope = miss(guess)
    if i % 5 == 0:
        print(
            f"iteration {i}: loss {float(loss):.4f}, source at {guess['position']}, strength {float(guess['strength']):.3f}"
        )
    guess = {
        "position": guess["position"] - 4.0 * slope["position"] / (1 + math.vec_length(slope["position"])),
        "strength": guess["strength"] - 8e-5 * slope["strength"],
    }
