"""The smoke step in phiflow 3.4.0.

`python -m peers.phiflow_smoke BACKEND RESOLUTION [--open] [--jit] [--solver CG] [--displacement D]` prints one line of
JSON: seconds per step and the divergence left, or the error.  In a process of its own: phiflow switches JAX to 64 bits.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from typing import Any

import _timing  # noqa: F401  pins the threads before NumPy is loaded
import numpy as np
from native import inputs


def build(arguments: Any):
    """A step in phiflow and the state to start from."""
    shape, open_top = arguments.shape, arguments.open
    from phi import flow
    from phi.flow import CenteredGrid, Solve, StaggeredGrid, advect, fluid, math, resample

    math.use(arguments.backend)
    names = "xyz"[: len(shape)]
    resolution = math.spatial(**dict(zip(names, shape)))
    bounds = flow.Box(**dict(zip(names, shape)))
    top = {names[-1]: (0, flow.ZERO_GRADIENT)}
    boundary = {**dict.fromkeys(names[:-1], 0), **top} if open_top else 0
    velocity, smoke = inputs.smooth(shape, arguments.displacement)
    values = [math.tensor(v, math.spatial(",".join(names))) for v in velocity]
    if open_top:  # the faces of the open side are part of the state
        values[-1] = math.pad(values[-1], {names[-1]: (0, 1)}, 0)
    velocity = StaggeredGrid(math.stack(values, math.dual(vector=",".join(names))), boundary, bounds, resolution)
    smoke = CenteredGrid(math.tensor(smoke, math.spatial(",".join(names))), flow.ZERO_GRADIENT, bounds)
    solve = Solve() if arguments.solver == "auto" else Solve(arguments.solver, 1e-5)
    up = (0.0,) * (len(names) - 1) + (0.1,)

    def step(v, s, dt=1.0):
        s = advect.mac_cormack(s, v, dt)
        v = advect.semi_lagrangian(v, v, dt) + dt * resample(s * up, to=v)
        return fluid.make_incompressible(v, (), solve)[0], s

    return (flow.math.jit_compile(step) if arguments.jit else step), velocity, smoke


def native(velocity):
    """Components as NumPy arrays."""
    names = velocity.shape["vector"].item_names[0]
    return [velocity.vector[n].values.numpy(",".join(names)) for n in names]


def measure(arguments: Any) -> dict[str, Any]:
    start = time.perf_counter()
    step, velocity, smoke = build(arguments)

    def run():
        v, s = step(velocity, smoke)
        s.values.numpy(s.values.shape)  # waits
        return v

    result = run()
    first = time.perf_counter() - start
    times = []
    while len(times) < arguments.rounds and (len(times) < 3 or time.perf_counter() - start < arguments.budget):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    left = divergence_open(result) if arguments.open else inputs.relative_divergence(native(result))
    return {
        "seconds": float(np.median(times)),
        "best": min(times),
        "rounds": len(times),
        "first": first,
        "divergence": left,
    }


def divergence_open(velocity) -> float:
    """Relative divergence by phiflow's own operator, for boundaries that `inputs` does not know."""
    from phi.flow import field, math

    largest = float(math.max(math.abs(velocity.values)))
    return float(math.max(math.abs(field.divergence(velocity).values))) / largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=("numpy", "jax", "torch"))
    parser.add_argument("shape", type=lambda text: tuple(map(int, text.split("x"))), help="for example 64x64")
    parser.add_argument("--open", action="store_true", help="the upper side is open")
    parser.add_argument("--jit", action="store_true")
    parser.add_argument("--displacement", type=float, default=0.7)
    parser.add_argument("--solver", default="auto", help="a method of phiflow, such as CG; 'auto' is its default")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--budget", type=float, default=20.0, help="seconds after which no further round starts")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        result = measure(arguments)
    except Exception as error:  # whatever stops it is the result
        result = {"error": f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:200]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
