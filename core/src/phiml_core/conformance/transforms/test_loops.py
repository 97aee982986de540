"""Branches and loops whose conditions and counts are known only when compiled code runs."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.math import batch, channel, spatial, stack, tensor, wrap
from phiml_core.shape import ShapeError

from ..claims import capability, claimed
from .values import State, close, vector

BOTH = pytest.mark.parametrize("run", [lambda f: f, math.jit_compile], ids=["eager", "compiled"])


@BOTH
def test_cond(run, place):
    f = run(lambda n, x: math.cond(n > 2, lambda x: {"a": x, "n": 1}, lambda x: {"a": x * 0 + 7, "n": 2.5}, x))
    for n in (3, 1, 5):
        out = f(tensor(n), vector(1, 2))
        close(out["a"], [1, 2] if n > 2 else [7, 7])
        assert float(out["n"]) == (1 if n > 2 else 2.5)
    if run is math.jit_compile and place.can_jit:
        assert f.traces == 1


@BOTH
def test_cond_of_branches_that_differ_in_type_and_constant_dims(run, place):
    f = run(lambda c, x: math.cond(c, lambda x: x, lambda x: math.expand(tensor(7), x.shape), x))
    close(f(tensor(True), vector(1, 2)), [1, 2])
    close(f(tensor(False), vector(1, 2)), [7, 7])


def test_only_the_branch_taken_is_computed(place):
    """A branch that would divide by zero, or not end, is not run for its value."""
    f = math.jit_compile(
        lambda n, x: math.cond(
            n > 0, lambda x: x, lambda x: math.while_loop(lambda x: math.max_(x) < 1e3, lambda x: (x * 2,), (x,))[0], x
        )
    )
    close(f(tensor(1), vector(0, 0)), [0, 0])  # doubling zero never ends
    close(f(tensor(0), vector(1, 0.5)), [1024, 512])


def test_cond_errors(place):
    with pytest.raises(ShapeError, match="single value"):
        math.cond(vector(1, 2) > 0, lambda: 1, lambda: 2)
    if place.can_jit:
        f = math.jit_compile(lambda n, x: math.cond(n > 0, lambda x: {"a": x}, lambda x: {"b": x}, x))
        with pytest.raises(TypeError, match="branches of cond must keep the structure"):
            f(tensor(1), vector(1))


@BOTH
def test_while_loop(run, place):
    f = run(lambda x, limit: math.while_loop(lambda v, n: math.max_(v) < limit, lambda v, n: (v * 2, n + 1), (x, 0)))
    for limit in (5.0, 30.0, 1.0):
        v, n = f(vector(1, 2), tensor(limit))
        w, m = np.array([1.0, 2.0]), 0
        while w.max() < limit:
            w, m = w * 2, m + 1
        close(v, w)
        assert int(n) == m
    if run is math.jit_compile and place.can_jit:
        assert f.traces == 1


@BOTH
def test_fori_loop_of_a_number_of_steps_that_varies(run, place):
    f = run(lambda n, x: math.fori_loop(n, lambda i, v: (v + i,), (x,))[0])
    for n in (0, 1, 4):
        close(f(tensor(n), vector(1, 2)), np.array([1, 2]) + n * (n - 1) // 2)
    if run is math.jit_compile and place.can_jit:
        assert f.traces == 1


@BOTH
def test_scan(run, place):
    f = run(lambda x: math.scan(lambda i, v, total: (v * 2, total + v), (x, 0.0), 4, batch("t")))
    (last, total), (states, totals) = f(vector(1, 2))
    close(last, [16, 32])
    close(total, [15, 30])
    assert states.shape == batch(t=4) & spatial(x=2)
    np.testing.assert_allclose(states.numpy("t,x"), [[2, 4], [4, 8], [8, 16], [16, 32]])
    np.testing.assert_allclose(totals.numpy("t,x"), [[1, 2], [3, 6], [7, 14], [15, 30]])


@BOTH
def test_states_of_every_kind(run, place):
    """Trees, integers, booleans, numbers that become tensors, constant dims that get stored, ragged tensors."""

    def body(i, state, total, flag, ragged):
        return (
            State(state.value * 0.5 + wrap([1.0, 2.0], spatial("x")), state.count + 1),
            total + state.value,
            ~flag,
            ragged * 2,
        )

    ragged = stack([vector(1, 2), vector(1)], channel(vector="x,y"))
    out = run(lambda n, ragged, flag: math.fori_loop(3, body, (State(n, 0), n * 0, flag, ragged)))(
        tensor(0.0), ragged, tensor(True)
    )
    close(out[0].value, [1.75, 3.5])
    assert int(out[0].count) == 3 and out[0].label == "s" and not bool(out[2])
    close(out[1], [2.5, 5])
    close(out[3].vector["x"], [8, 16])
    close(out[3].vector["y"], [8])


def test_captured_values_are_inputs_of_the_loop(place):
    """The state is known at first, what the body reads is not."""
    x = vector(1, 2)
    close(math.jit_compile(lambda x: math.fori_loop(100, lambda i, v: (v + x,), (wrap(0.0),))[0])(x), [100, 200])
    found = math.jit_compile(lambda x: math.while_loop(lambda i, v: i < 50, lambda i, v: (i + 1, v + x), (0, 0.0)))(x)
    close(found[1], [50, 100])


@BOTH
def test_loops_in_loops(run, place):
    def outer(i, x):
        inner = math.while_loop(
            lambda v: math.max_(v) < 10, lambda v: (math.fori_loop(2, lambda j, u: (u * 1.5,), (v,))[0],), (x,)
        )
        return (math.cond(inner[0].x[0] > 1e3, lambda v: v, lambda v: v * 0.25, inner[0]),)

    expected = np.array([1.0, 2.0])
    for _ in range(2):
        while expected.max() < 10:
            expected = expected * 2.25
        expected = expected * 0.25
    close(run(lambda x: math.fori_loop(2, outer, (x,))[0])(vector(1, 2)), expected)


@pytest.mark.parametrize("loop", ["while_loop", "fori_loop", "scan"])
def test_a_body_must_keep_the_structure(loop, place):
    if not place.can_jit:
        return

    def run(x):
        body = lambda v: (v.x[:1],)
        if loop == "while_loop":
            return math.while_loop(lambda v: math.sum_(v) < 100, body, (x,))
        if loop == "fori_loop":
            return math.fori_loop(3, lambda i, v: body(v), (x,))
        return math.scan(lambda i, v: body(v), (x,), 3, batch("t"))

    with pytest.raises(TypeError, match=rf"body of {loop} must keep shapes"):
        math.jit_compile(run)(vector(1, 2))


BY = {
    "cond": lambda x: math.sum_(math.cond(math.sum_(x) > 0, lambda a: a**3, lambda a: a, x)),
    "cond, captured": lambda x: math.sum_(math.cond(math.sum_(x) > 0, lambda a: a * x * x, lambda a: a, x)),
    "fori_loop": lambda x: math.sum_(math.fori_loop(2, lambda i, v: (v * x,), (x,))[0]),
    "scan": lambda x: math.sum_(math.scan(lambda i, v: (v * x,), (x,), 2, batch("t"))[1][0].t[-1]),
    "iterate": lambda x: math.sum_(math.iterate(lambda v: v * x, 2, x)),
}


@capability("gradient", "compiled gradient")
@pytest.mark.parametrize("name", BY)
@BOTH
def test_derivatives(name, run, place):
    """Of the sum of cubes, made in several ways."""
    need = "compiled gradient" if run is math.jit_compile else "gradient"
    with claimed(place, need, name.partition(",")[0]):
        close(run(math.gradient(BY[name], get_output=False))(vector(1, 2)), [3, 12])


@capability("second gradient")
@pytest.mark.parametrize("name", BY)
@BOTH
def test_second_derivatives(name, run, place):
    def slope(x):
        return math.sum_(math.gradient(BY[name], get_output=False)(x) * vector(1, 2))

    with claimed(place, "second gradient", name.partition(",")[0]):
        close(run(math.gradient(slope, get_output=False))(vector(1, 2)), [6, 24])


def test_double_precision(place, double):
    f = math.jit_compile(lambda x: math.while_loop(lambda x: math.max_(x) < 1, lambda x: (x * 1.1,), (x,))[0])
    found = f(vector(0.1, 0.2))
    expected = np.array([0.1, 0.2])
    while expected.max() < 1:
        expected = expected * 1.1
    assert found.dtype.name == "float64"
    close(found, expected, 1e-14)
