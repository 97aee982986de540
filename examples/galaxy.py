"""A galaxy of stars that attract each other: `python examples/galaxy.py [--backend jax] [--stars 256] [--steps 100]`.

Every star pulls at every other one (Newton 1687).  The step names no dimension but the one it sums over: it runs in two
or three dimensions, on a batch of galaxies, on any backend and compiled.
"""

import argparse
import time

import numpy as np
from phiml_core import math
from phiml_core.math import Tensor, channel, instance

G = 1.0
"""Gravitational constant in units of the galaxy."""


def galaxy_step(x: Tensor, v: Tensor, masses: Tensor, dt: float) -> tuple[Tensor, Tensor]:
    """Positions and velocities after `dt` (explicit Euler)."""
    dx = x - math.rename_dims(x, "stars", instance("others"))
    masses = math.rename_dims(masses, "stars", instance("others"))
    a = -G * math.sum_(math.divide_no_nan(masses * dx, math.vec_squared(dx) ** 1.5), "others")
    return x + v * dt, v + a * dt


def disc(stars: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions, velocities and masses of a disc: a heavy star in the middle, light ones on nearly circular orbits."""
    rng = np.random.default_rng(seed)
    radius, angle = rng.uniform(0.5, 2, stars), rng.uniform(0, 2 * np.pi, stars)
    direction = np.stack([np.cos(angle), np.sin(angle), np.zeros(stars)], -1)
    x = radius[:, None] * direction + rng.normal(0, 0.02, (stars, 3))
    v = np.cross([0, 0, 1], direction) / np.sqrt(radius)[:, None]
    masses = np.full(stars, 0.1 / stars)
    x[0], v[0], masses[0] = 0, 0, 1
    return x.astype(np.float32), v.astype(np.float32), masses.astype(np.float32)


def state(stars: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """`disc` as tensors of the default backend."""
    x, v, masses = disc(stars, seed)
    dims = instance("stars"), channel(vector="x,y,z")
    return math.tensor(x, *dims), math.tensor(v, *dims), math.tensor(masses, dims[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="numpy", choices=("numpy", "jax"))
    parser.add_argument("--stars", type=int, default=256)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--dt", type=float, default=0.005)
    arguments = parser.parse_args()

    math.use(arguments.backend)
    x, v, masses = state(arguments.stars)
    step = math.jit_compile(galaxy_step) if arguments.backend == "jax" else galaxy_step
    momentum = math.sum_(masses * v, "stars")
    start = time.perf_counter()
    for _ in range(arguments.steps):
        x, v = step(x, v, masses, arguments.dt)
    drift = float(math.vec_length(math.sum_(masses * v, "stars") - momentum))  # waits for the result
    seconds = time.perf_counter() - start
    radius = float(math.mean(math.vec_length(x), "stars"))
    each = 1000 * seconds / arguments.steps
    print(f"{arguments.steps} steps of {arguments.stars} stars on {arguments.backend}: {each:.3f} ms per step")
    print(f"mean distance from the centre {radius:.3f}, drift of the total momentum {drift:.1e}")


if __name__ == "__main__":
    main()
