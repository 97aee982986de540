"""Quantities are trees: compiled, differentiated, looped over."""

import dataclasses

import pytest
from phiml_core import math
from phiml_core.math import batch, channel, spatial
from phiml_core.tree import tree_leaves, tree_map
from phiml_units import METRE, SECOND, Units, UnitsError

pytest.importorskip("phiml_jax")


@pytest.fixture(autouse=True)
def on_jax():
    with math.backend("jax"), math.precision(64):
        yield


def length(*values):
    return math.tensor(list(values), spatial("x")) * METRE


def test_compile():
    @math.jit_compile
    def speed(distance, time):
        return distance / time, distance > 1.5 * METRE

    result, far = speed(length(1.0, 2.0), 2.0 * SECOND)
    assert result.unit == METRE / SECOND
    assert result.values.numpy().tolist() == [0.5, 1.0]
    assert far.numpy().tolist() == [False, True]
    speed(length(3.0, 4.0), 4.0 * SECOND)
    assert speed.traces == 1
    speed(length(3.0, 4.0), 4.0 * METRE)  # the unit is static: another unit is another program
    assert speed.traces == 2


def test_error_while_tracing():
    with pytest.raises(UnitsError, match="of m and s"):
        math.jit_compile(lambda a, b: a + b)(length(1.0), 1.0 * SECOND)


def test_printing_a_traced_quantity():
    seen = []
    math.jit_compile(lambda a: seen.append((a.available, repr(a))) or a)(length(1.0))
    assert seen == [(False, "(xˢ=1) float64 traced by jax m")]


def test_gradient():
    def loss(a):
        return math.sum_((a / (2.0 * METRE)) ** 2)

    value, slope = math.gradient(loss)(length(1.0, 3.0))
    assert float(value) == 2.5
    assert slope.unit == METRE
    assert slope.values.numpy().tolist() == [0.5, 1.5]
    _, compiled = math.jit_compile(math.gradient(loss))(length(1.0, 3.0))
    assert compiled.values.numpy().tolist() == [0.5, 1.5]


def test_gradient_needs_a_plain_loss():
    with pytest.raises(TypeError, match="Take its values first"):
        math.gradient(lambda a: math.sum_(a))(length(1.0))


def test_stop_gradient():
    def loss(a):
        return math.sum_(a * math.stop_gradient(a)) / (1.0 * METRE) ** 2

    assert math.gradient(loss, get_output=False)(length(3.0)).values.numpy().tolist() == [3.0]


@dataclasses.dataclass(frozen=True)
class Ball:
    place: Units
    velocity: Units
    name: str

    __value_attrs__ = ("place", "velocity")


def ball():
    return Ball(
        math.tensor([0.0, 8.0], channel(vector="x,y")) * METRE, math.vec(x=1.0, y=0.0) * (METRE / SECOND), "red"
    )


def test_trees():
    two = math.stack([ball(), ball()], batch("b"))
    assert two.place.unit == METRE
    assert two.place.shape.get_size("b") == 2
    doubled = tree_map(lambda t: 2.0 * t, ball())
    assert doubled.place.values.vector["y"].numpy() == 16
    assert [t.unit for t in tree_leaves(ball())] == [METRE, METRE / SECOND]
    assert math.slice_(two, {"b": 0}).velocity.unit == METRE / SECOND


def fall(state):
    dt = 0.25 * SECOND
    gravity = math.vec(x=0.0, y=-10.0) * (METRE / SECOND**2)
    velocity = state.velocity + gravity * dt
    return dataclasses.replace(state, place=state.place + velocity * dt, velocity=velocity)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_simulation(compiled):
    step = math.jit_compile(fall) if compiled else fall
    state = ball()
    for _ in range(4):
        state = step(state)
    assert state.name == "red"
    assert state.place.unit == METRE
    assert state.place.values.numpy("vector").tolist() == [1.0, 1.75]


def test_loops():
    (end,) = math.while_loop(lambda s: s.place.vector["y"] > 2.0 * METRE, lambda s: (fall(s),), (ball(),))
    assert end.place.values.vector["y"].numpy() == 1.75
    trajectory = math.iterate(fall, 4, ball())
    assert trajectory.place.unit == METRE


def test_branches():
    result = math.jit_compile(lambda p, a: math.cond(p > 0, lambda a: 2.0 * a, lambda a: a, a))(1.0, length(1.0))
    assert (result.unit, result.values.numpy().tolist()) == (METRE, [2.0])


def test_convert():
    assert math.convert(length(1.0), "numpy").backend.name == "numpy"
