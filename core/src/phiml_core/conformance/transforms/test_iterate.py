"""Iteration: in Python, in compiled chunks, inside compiled functions; the same states."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.math import batch, spatial

from .values import State, close, vector

STEP = {"eager": lambda f: f, "compiled": math.jit_compile}


@pytest.mark.parametrize("how", STEP)
def test_last_state(how, place):
    step = STEP[how](lambda x, v: (x + 0.5 * v, v * 0.75))
    x, v = math.iterate(step, 10, vector(1, 2), vector(1, -1))
    a, b = np.array([1.0, 2]), np.array([1.0, -1])
    for _ in range(10):
        a, b = a + 0.5 * b, b * 0.75
    close(x, a)
    close(v, b)


@pytest.mark.parametrize("how", STEP)
def test_trajectory(how, place):
    step = STEP[how](lambda x: x * 2)
    states = math.iterate(step, batch(time=5), vector(1, 2))
    assert states.shape == batch(time=6) & spatial(x=2)
    np.testing.assert_allclose(states.numpy("time,x"), np.outer(2.0 ** np.arange(6), [1, 2]))


def test_inside_compiled_functions(place):
    f = math.jit_compile(lambda x: math.iterate(lambda x: x * 2, batch(time=3), x))
    np.testing.assert_allclose(f(vector(1, 2)).numpy("time,x"), np.outer(2.0 ** np.arange(4), [1, 2]))
    g = math.jit_compile(lambda x: math.iterate(lambda x: x + 1, 100, x))
    close(g(vector(1, 2)), [101, 102])


@pytest.mark.parametrize("how", STEP)
def test_arguments_trees_and_progress(how, place):
    done = []

    def step(state, dt):
        return State(state.value + dt, state.count + 1)

    out = math.iterate(
        STEP[how](step),
        6,
        State(vector(1, 2), 0),
        f_kwargs={"dt": 0.5},
        substeps=2,
        progress=lambda i, n: done.append((i, n)),
    )
    close(out.value, [7, 8])
    assert int(out.count) == 12 and done[-1] == (6, 6)


def test_chunks_are_few_programs(place):
    """The number of steps of a chunk is a value: other numbers do not compile anew."""
    step = math.jit_compile(lambda x: x + 1)
    for n in (3, 17, 40):
        close(math.iterate(step, n, vector(0, 1)), [n, n + 1])
    if place.can_jit:
        assert sum(p.traces for p in step._chunks.values()) <= 2
