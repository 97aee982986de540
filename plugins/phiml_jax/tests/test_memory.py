"""Neither traces nor errors keep arrays alive, and tracing leaks nothing."""

import gc
import weakref

import jax
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, spatial, stack, tensor


def grid(*values):
    return tensor(list(map(float, values or (1, 2, 3))), spatial("x"))


def live():
    gc.collect()
    return len(jax.live_arrays())


def test_many_traces_keep_no_arrays():
    f = math.jit_compile(lambda x, s: x * 2, auxiliary_args="s")
    f(grid(), -1)
    before = live()
    for i in range(10):
        f(grid(), i)
    assert live() == before


def test_a_forgotten_function_is_freed():
    kept = grid()
    f = math.jit_compile(lambda x: x * kept)  # noqa: F821  (deleted below)
    f(grid())
    function, array = weakref.ref(f.function), weakref.ref(kept.native_array)
    del f, kept
    gc.collect()
    assert function() is None and array() is None


def test_gradients_and_loops_keep_no_arrays():
    def loss(x):
        return math.sum_(math.fori_loop(2, lambda i, v: (v * x,), (x,))[0])

    g = math.jit_compile(math.gradient(loss))
    g(grid())
    before = live()
    for _ in range(3):
        g(grid())
        with pytest.raises(TypeError):
            math.jit_compile(lambda x: math.fori_loop(2, lambda i, v: (v.x[:1],), (x,)))(grid())
    assert live() == before


def test_no_tracer_leaks():
    kept = stack([grid(), grid(4, 5, 6)], channel(vector="x,y"))
    cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (g * i[0] ** 2 * 3,))

    def loss(x):
        y = math.cond(math.sum_(x) > 0, cube, lambda x: x, x)
        (y,), path = math.scan(lambda i, v: (v * x,), (y,), 2, batch("t"))
        return math.sum_(y * kept.vector[0]) + math.sum_(path[0]) + math.vec_length(stack([y, x], channel("v"))).sum

    with jax.checking_leaks():
        math.jit_compile(loss)(grid())
        math.jit_compile(math.gradient(loss))(grid())
        math.gradient(math.jit_compile(loss))(grid())
        math.iterate(math.jit_compile(lambda x: x * 2), batch(t=3), grid())
    assert kept.available
