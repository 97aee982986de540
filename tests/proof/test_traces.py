"""What varies in a simulation does not compile anew: 100 steps with other inflow, time step and place of the obstacle are one trace."""

import pytest
from phiml_core.transform import trace_count
from phiml_physics.flow import PERIODIC, ZERO_GRADIENT, CenteredGrid, Obstacle, Sphere, backend, jit_compile, vec
from proof_plume import cells_of, remaining, start_of, step

SIZES = (16, 20)


@pytest.fixture(autouse=True)
def on_jax():
    pytest.importorskip("phiml_jax", reason="phiml-jax is not installed")
    with backend("jax"):
        yield


def run(compiled, state, steps):
    for i in range(steps):
        ball = Obstacle(Sphere(vec(x=40.0 + 0.2 * i, y=70.0 - 0.1 * i), radius=12.0 + 0.01 * i))
        state = compiled(*state, ball, 0.1 + 0.001 * i, 0.1, 0.5 + 0.005 * i)
    return state


@pytest.mark.parametrize("boundary", ["closed", "open top"])
def test_hundred_steps_are_one_trace(boundary):
    compiled = jit_compile(step)
    state = run(compiled, start_of(boundary, SIZES), 100)
    assert trace_count(compiled) == 1
    assert remaining(state[0]) <= 1e-5
    assert float(state[1].values.max) > 1


def traces(boundary, guess):
    compiled, (v, s, _) = jit_compile(step), start_of(boundary, SIZES)
    run(compiled, (v, s, guess), 3)
    return compiled


@pytest.mark.parametrize(
    "boundary, of_pressure",
    [
        ("open top", {"x": ZERO_GRADIENT, "y": (ZERO_GRADIENT, 0)}),
        pytest.param("closed", ZERO_GRADIENT, marks=pytest.mark.long),
        pytest.param("periodic", PERIODIC, marks=pytest.mark.long),
    ],
)
def test_zero_as_first_guess_is_no_trace_of_its_own(boundary, of_pressure):
    assert trace_count(traces(boundary, CenteredGrid(0, of_pressure, **cells_of(SIZES)))) == 1


@pytest.mark.long
def test_none_and_other_boundaries_as_first_guess_are_a_second_trace():
    """None is no value: it leaves out the first residual."""
    none = traces("open top", None)
    assert trace_count(none) == 2 and "argument p was None" in none.log[1]
    walls = traces("open top", CenteredGrid(0, ZERO_GRADIENT, **cells_of(SIZES)))
    assert trace_count(walls) == 2 and "argument p.boundary was zero-gradient" in walls.log[1]
