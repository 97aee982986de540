"""Compiled functions: traced once per structure, the same results, nothing kept by value."""

import logging

import numpy as np
import pytest

from phiml_core import math
from phiml_core.math import batch, channel, spatial, stack, tensor, wrap

from .values import State, close, vector

OFFSET = 1.0


def traced(place, count):
    """Traces that a compiler makes; without one the function runs as it is."""
    return count if place.can_jit else 0


def test_values_never_cause_a_trace(place):
    @math.jit_compile
    def step(state, dt, n):
        return State(state.value * dt + n, state.count + 1)

    state = State(vector(1, 2), 0)
    expected = np.array([1.0, 2.0])
    for i in range(8):
        state = step(state, 0.5 + 0.125 * i, float(i))
        expected = expected * (0.5 + 0.125 * i) + i
    close(state.value, expected)
    assert int(state.count) == 8 and state.label == "s"
    assert math.trace_count(step) == traced(place, 1) + (
        place.can_jit and step.traces == 2
    )  # the count may start as a number


def test_structure_does(place):
    f = math.jit_compile(lambda x, flag=True: x * 2 if flag else x)
    f(vector(1, 2))
    f(vector(1, 2, 3))
    f(vector(1, 2, 3), False)
    f(tensor([1, 2], spatial("x")))
    f(math.expand(vector(1, 2), batch(b=2)))
    assert math.trace_count(f) == traced(place, 5)
    f(vector(5, 6))
    f(vector(5, 6, 7), False)
    assert math.trace_count(f) == traced(place, 5)
    math.forget_traces(f)
    f(vector(1, 2))
    assert math.trace_count(f) == traced(place, 6)


def test_numbers_keep_their_kind(place):
    f = math.jit_compile(lambda a: a / 2)
    g = math.jit_compile(lambda a: a * 2)
    for value in (1, 3, 1.0, 2.5):
        assert float(f(value)) == value / 2
        assert g(value).dtype.kind is type(value) if isinstance(g(value), math.Tensor) else True
    assert math.trace_count(f) == traced(place, 2)


def test_auxiliary_args_are_static(place):
    def power(x, n):
        return x**n

    f = math.jit_compile(power, auxiliary_args="n")
    for n, expected in ((2, 4), (3, 8), (2, 4)):
        assert float(f(vector(2), n).x[0]) == expected
    assert math.trace_count(f) == traced(place, 2)


def test_a_captured_name_that_changes_is_noticed(place, caplog):
    global OFFSET
    f = math.jit_compile(lambda x: x + OFFSET)
    close(f(vector(1)), [2])
    OFFSET = 5.0
    try:
        with caplog.at_level(logging.WARNING):
            close(f(vector(1)), [6])
        assert not place.can_jit or "OFFSET" in caplog.text
    finally:
        OFFSET = 1.0


def test_trees_of_every_kind(place):
    def f(tree):
        a, (b, c) = tree["a"], tree["bc"]
        return {"sum": a + b, "state": State(c * 2, 1, "t"), "none": None, "number": 3, "text": "x", "list": [a, b]}

    args = {"a": vector(1, 2), "bc": (vector(3, 4), tensor(2.0))}
    eager, compiled = f(args), math.jit_compile(f)(args)
    close(compiled["sum"], eager["sum"].numpy("x"))
    assert float(compiled["state"].value) == 4 and compiled["state"].label == "t" and compiled["none"] is None
    assert compiled["number"] == 3 and compiled["text"] == "x" and len(compiled["list"]) == 2


def test_layouts(place):
    """Stacked tensors go in and out; non-uniform ones stay what they are; constant dims stay constant."""
    ragged = stack([vector(1, 2), vector(3)], channel(vector="x,y"))
    out = math.jit_compile(lambda v: v * 2)(ragged)
    close(out.vector["x"], [2, 4])
    close(out.vector["y"], [6])
    uniform = stack([vector(1, 2), vector(3, 4)], channel(vector="x,y"))
    found = math.jit_compile(lambda v: v + 1)(uniform)
    assert found.shape == uniform.shape
    np.testing.assert_allclose(found.numpy("vector,x"), [[2, 3], [4, 5]])
    constant = math.expand(vector(1, 2), batch(b=3))
    found = math.jit_compile(lambda v: v * 2)(constant)
    assert found.shape == constant.shape
    close(found, (2 * constant).numpy(found.shape.names))


def test_compiled_inside_compiled(place):
    inner = math.jit_compile(lambda x: x * 2)
    outer = math.jit_compile(lambda x: inner(x) + inner(x + 1))
    close(outer(vector(1, 2)), [6, 10])
    close(outer(vector(2, 3)), [10, 14])
    assert math.trace_count(outer) == traced(place, 1)


def test_arguments_are_not_changed(place):
    x = vector(3, 1, 2)
    f = math.jit_compile(lambda x: (math.sort(x, "x"), math.cumulative_sum(x, "x"), x * 0))
    f(x)
    f(x)
    close(x, [3, 1, 2])


def test_numpy_data_may_change_between_calls(place):
    f = math.jit_compile(lambda x: x + 1)
    array = np.array([1.0, 2.0], np.float32)
    for _ in range(3):
        close(f(wrap(array, spatial("x"))), array + 1)
        array *= 2


def test_an_error_while_tracing_leaves_nothing_behind(place):
    wrong = [True]

    @math.jit_compile
    def f(x):
        if wrong:
            raise KeyError("mine")
        return x + 1

    with pytest.raises(KeyError, match="mine"):
        f(vector(1))
    wrong.clear()
    close(f(vector(1)), [2])


def test_methods(place):
    class Model:
        def __init__(self, factor):
            self.factor = factor

        @math.jit_compile
        def run(self, x):
            return x * self.factor

    close(Model(2.0).run(vector(1, 2)), [2, 4])
    close(Model(3.0).run(vector(1, 2)), [3, 6])


def test_keywords_and_defaults(place):
    f = math.jit_compile(lambda x, *, scale=2.0, **more: x * scale + sum(more.values()))
    close(f(vector(1, 2)), [2, 4])
    close(f(x=vector(1, 2), scale=3.0, a=1.0), [4, 7])


def test_double_precision(place, double):
    f = math.jit_compile(lambda x: math.sum_(math.sin(x) / 3))
    x = vector(0.1, 0.2)
    assert f(x).dtype.name == "float64"
    assert abs(float(f(x)) - (np.sin(0.1) + np.sin(0.2)) / 3) < 1e-15
