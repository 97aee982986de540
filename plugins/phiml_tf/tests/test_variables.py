"""Variables of TensorFlow that functions read and write: derivatives by them, and one write per call."""

import numpy as np
import pytest
import tensorflow as tf
from phiml_core import math
from phiml_core.math import batch, spatial, tensor, wrap

RUNS = {"eager": lambda f: f, "compiled": math.jit_compile}


@pytest.fixture
def x():
    return tensor([0.5, 1.0], spatial("x"))


def rollout(rate, repeat):
    step = lambda x: x + math.sin(x) * wrap(rate)
    return lambda x: math.sum(repeat(step, x) ** 2, "x")


REPEATS = {
    "iterate": lambda step, x: math.iterate(step, 5, x, checkpoint=True),
    "scan": lambda step, x: math.scan(lambda i, x: (step(x),), (x,), 5, batch("t"), checkpoint=True)[0][0],
    "checkpoint": lambda step, x: math.checkpoint(lambda x: step(step(step(step(step(x))))))(x),
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("repeat", REPEATS)
def test_derivatives_by_variables_through_checkpoints(x, repeat, run):
    rate = tf.Variable(0.1)
    with tf.GradientTape(persistent=True) as tape:
        loss = RUNS[run](rollout(rate, REPEATS[repeat]))(x).native("")
        expected = rollout(rate, lambda step, x: step(step(step(step(step(x))))))(x).native("")
    assert float(tape.gradient(loss, rate)) == pytest.approx(float(tape.gradient(expected, rate)), rel=1e-5)


def test_compiled_functions_write_once_per_call(x):
    mean, weight = tf.Variable(0.0, trainable=False), tf.Variable(2.0)

    @math.jit_compile
    def f(x):
        mean.assign_add(1.0)
        return math.sum(x * wrap(weight), "x")

    for count in (1, 2, 3):
        with tf.GradientTape() as tape:
            loss = f(x).native("")
        assert float(tape.gradient(loss, weight)) == pytest.approx(1.5)
        assert float(mean) == count
    f(x)
    f(x)
    assert float(mean) == 5
    np.testing.assert_allclose(math.gradient(lambda x: f(x) * 1, get_output=False)(x).numpy("x"), [2, 2])
