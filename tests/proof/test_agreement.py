"""The same 20 steps are the same on every backend, eager and compiled, in a loop, in a batch and one by one."""

import itertools

import pytest
from phiml_core.tree import tree_map
from phiml_physics.flow import Obstacle, Sphere, backend, batch, iterate, jit_compile, math, wrap
from proof_plume import AGREE, distance, obstacle_of, remaining, start_of, step

STEPS = 20
CASES = {
    "1D periodic": ("periodic", (48,), "none"),
    "2D closed": ("closed", (24, 30), "none"),
    "2D closed, disc": ("closed", (24, 30), "disc"),
    "2D open, picture": ("open top", (32, 32), "picture"),
    "2D periodic, boxes": ("periodic", (24, 24), "boxes"),
    "3D closed": ("closed", (12, 16, 10), "none"),
    "3D open, ball": ("open top", (12, 16, 10), "disc"),
}


def run(function, state, steps=STEPS, **kwargs):
    for _ in range(steps):
        state = function(*state, **kwargs)
    return state


def long_but(short, *cases):
    """All cases as parameters, those not in `short` as long proofs."""
    return [pytest.param(*c, marks=[] if c in short else [pytest.mark.long]) for c in cases]


@pytest.mark.parametrize(
    "name, bits",
    long_but([("2D open, picture", 64)], *itertools.product(CASES, (32, 64))),
    indirect=["bits"],
)
def test_backends_compiled_and_eager(name, bits):
    """NumPy against JAX: single calls of a compiled step, a compiled loop, and three steps without compiling.

    Obstacles are arguments of the step, so that their places are known to the eager runs only.
    """
    pytest.importorskip("phiml_jax", reason="phiml-jax is not installed")
    boundary, sizes, obstacle = CASES[name]
    bodies = obstacle_of(obstacle, sizes)
    early = run(step, start_of(boundary, sizes), 3, obstacle=bodies)
    late = run(step, early, STEPS - 3, obstacle=bodies)
    assert float(late[1].values.max) > 1 and float(abs(late[0].vector["y"].values).max) > 0.5  # something happens
    with backend("jax"):
        compiled, state = jit_compile(step), start_of(boundary, sizes)
        eager = run(step, state, 3, obstacle=bodies)
        calls = run(compiled, state, obstacle=bodies)
        loop = iterate(compiled, STEPS, *state, f_kwargs={"obstacle": bodies})
    assert distance(early, eager) < AGREE[bits]
    assert distance(late, calls) < AGREE[bits]
    assert distance(late, loop) < AGREE[bits]


BATCHES = {1: ("periodic", (48,)), 2: ("closed", (24, 30)), 3: ("open top", (12, 16, 10))}


@pytest.mark.parametrize(
    "place, dims, bits",
    long_but(
        [*itertools.product(["numpy"], BATCHES, (32, 64)), ("jax", 2, 64)],
        *itertools.product(["numpy", "jax"], BATCHES, (32, 64)),
    ),
    indirect=["place", "bits"],
)
def test_batched_and_one_by_one(place, dims, bits):
    """Inflow, buoyancy, time step and, in space, the place of the obstacle differ from example to example."""
    boundary, sizes = BATCHES[dims]
    inflows, lifts, dts, places = [0.1, 0.3, 0.2], [0.1, 0.05, 0.12], [1.0, 0.8, 1.2], [0.4, 0.6, 0.5]

    def ball(x):
        axes = "xyz"[: len(sizes)]
        center = math.stack({a: (100 * x if a == "x" else 60.0 * wrap(1.0)) for a in axes}, math.channel("vector"))
        return Obstacle(Sphere(center, radius=14.0)) if len(sizes) > 1 else ()

    compiled, state = jit_compile(step), start_of(boundary, sizes)
    b = [wrap(values, batch("example")) for values in (inflows, lifts, dts, places)]
    wide = tree_map(lambda t: math.store(math.expand(t, batch(example=3))) if t.rank else t, state)
    together = run(compiled, wide, obstacle=ball(b[3]), inflow=b[0], buoyancy=b[1], dt=b[2])
    assert remaining(together[0]) < {32: 1e-5, 64: 1e-10}[bits]
    for i in range(3):
        alone = run(compiled, state, obstacle=ball(wrap(places[i])), inflow=inflows[i], buoyancy=lifts[i], dt=dts[i])
        assert distance(alone, [field[{"example": i}] for field in together]) < AGREE[bits]
