"""After every projection with the default solve max |div v| h / max |v| is below 1e-5 in single, 1e-10 in double precision."""

import itertools

import pytest
from phiml_physics.flow import fluid, jit_compile, record_solves
from proof_plume import BOUNDARIES, GOAL, OBSTACLES, obstacle_of, remaining, start_of, step, velocity_of

SIZES = [(64, 64), (100, 100), (128, 128), (256, 256), (512, 512), (32, 32, 32), (64, 64, 64), (128, 128, 128)]
SHORT = {"numpy": SIZES[:3] + SIZES[5:6], "jax": SIZES[:1]}
SHORT_COMPILED = (("closed", "none"), ("open top", "none"), ("periodic", "none"), ("open top", "picture"))
"""Compiling takes seconds for each case, so that most of the compiled ones are long."""
MOST = 25


def case(place, sizes, *rest, short=SHORT):
    compiles = place == "jax" and rest not in SHORT_COMPILED
    marks = [] if sizes in short[place] and not compiles else [pytest.mark.long]
    return pytest.param(place, sizes, *rest, marks=marks, id="-".join([place, "x".join(map(str, sizes)), *rest]))


def name_of(sizes):
    return "×".join(map(str, sizes))


@pytest.fixture
def place(request):
    """The backend, by name."""
    from phiml_core.backend import backend

    if request.param == "jax":
        pytest.importorskip("phiml_jax", reason="phiml-jax is not installed")
    with backend(request.param):
        yield request.param


CASES = [case(*c) for c in itertools.product(SHORT, SIZES, BOUNDARIES, OBSTACLES)]


def check(v, info, place, sizes, obstacle, bits, record_property):
    left, iterations = remaining(v), int(info.iterations.max)
    found = {"grid": name_of(sizes), "bits": bits, "place": place, "obstacle": obstacle}
    record_property("projection", {**found, "left": left, "iterations": iterations})
    assert left <= GOAL[bits]
    assert iterations <= MOST


@pytest.mark.timeout(600)
@pytest.mark.parametrize("place, sizes, boundary, obstacle", CASES, indirect=["place"])
def test_projection(place, sizes, boundary, obstacle, bits, record_property):
    """Smooth and rough velocities; NumPy step by step, JAX compiled."""
    bodies = obstacle_of(obstacle, sizes)

    @jit_compile
    def project(v):
        return fluid.make_incompressible(v, bodies)[0]

    for kind in ("smooth", "rough"):
        with record_solves() as tape:
            v = project(velocity_of(kind, boundary, sizes))
        check(v, tape[0], place, sizes, obstacle, bits, record_property)


SHORT_STEPS = {"numpy": [SIZES[1], SIZES[5]], "jax": []}
STEPS = [case(*c, short=SHORT_STEPS) for c in itertools.product(SHORT, SIZES, BOUNDARIES, ("none", "picture"))]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("place, sizes, boundary, obstacle", STEPS, indirect=["place"])
def test_steps_of_the_plume(place, sizes, boundary, obstacle, bits, record_property):
    """From rest, where the first velocity is nearly a gradient and loses most of itself."""
    bodies, compiled, state = obstacle_of(obstacle, sizes), jit_compile(step), start_of(boundary, sizes)
    for _ in range(4):
        with record_solves() as tape:
            state = compiled(*state, bodies)
        check(state[0], tape[0], place, sizes, obstacle, bits, record_property)
