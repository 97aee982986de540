"""Derivatives: of compiled functions, of loops and branches, hand-written, twice, and seen from native tapes."""

import numpy as np
import pytest
import tensorflow as tf
from phiml_core import math
from phiml_core.math import batch, spatial, tensor, wrap
from phiml_core.transform import CapturedGradient
from phiml_tf.trait import TENSORFLOW

X = spatial("x")


@pytest.fixture
def x():
    return tensor([1.0, 2.0, 0.5], X)


cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (g * i[0] ** 2 * 30,))
"""x³ with ten times its derivative, so that one sees which is used."""
by_output = math.custom_gradient(lambda x: math.exp(x), lambda i, o, g: (g * o * 3,))


def loop(x):
    (r,) = math.fori_loop(3, lambda i, x: (cube(x) / 10,), (x,))
    return math.sum_(r)


def unrolled(x):
    for _ in range(3):
        x = cube(x) / 10
    return math.sum_(x)


def branch(x):
    y = 2 * x
    return math.sum_(math.cond(math.sum_(x) > 0, lambda x: cube(x) * y, lambda x: x, x))


def scanned(x):
    (r,), path = math.scan(lambda i, x: (math.cond(math.sum_(x) > 0, cube, lambda x: x, x) / 9,), (x,), 2, batch("t"))
    return math.sum_(r) + math.sum_(path[0], "t,x")


def growing(x):
    r, _ = math.while_loop(lambda x, n: math.sum_(x) < 50.0, lambda x, n: (x * x + 1, n + 1), (x, 0))
    return math.sum_(r)


CASES = {"cube": lambda x: math.sum_(cube(x)), "by output": lambda x: math.sum_(by_output(x)), "loop": loop, "branch": branch,
         "scan": scanned, "while": growing}  # fmt: skip


def first(f):
    return math.gradient(f, get_output=False)


def second(f):
    return first(lambda x: math.sum_(first(f)(x) * x))


@pytest.mark.parametrize("name", CASES)
def test_compiled_in_every_order(name, x):
    """The eager derivative, by Python loops and branches on values, against those of XLA and of graphs."""
    f = CASES[name]
    for order in (first, second):
        expected = order(f)(x).numpy()
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(math.jit_compile(order(f))(x).numpy(), expected, rtol=1e-5)
        np.testing.assert_allclose(order(math.jit_compile(f))(x).numpy(), expected, rtol=1e-5)


def test_values(x):
    a = x.numpy()
    np.testing.assert_allclose(first(CASES["cube"])(x).numpy(), 30 * a**2)
    np.testing.assert_allclose(second(CASES["cube"])(x).numpy(), 90 * a**2, rtol=1e-6)  # of Σ 30 x³
    np.testing.assert_allclose(first(CASES["by output"])(x).numpy(), 3 * np.exp(a), rtol=1e-6)
    np.testing.assert_allclose(second(CASES["by output"])(x).numpy(), 3 * np.exp(a) + 9 * a * np.exp(a), rtol=1e-6)
    np.testing.assert_allclose(first(loop)(x).numpy(), first(unrolled)(x).numpy(), rtol=1e-6)


@pytest.mark.parametrize("jit", [None, True])
@pytest.mark.parametrize("name", ["cube", "loop", "branch"])
def test_hand_written_derivatives_reach_native_tapes(name, jit, x):
    """Around eager code, inside a `tf.function`, and around one, where TensorFlow differentiates the graph itself."""

    def native(a):
        return CASES[name](wrap(a, X)).native()

    def inside(a):
        with tf.GradientTape() as tape:
            tape.watch(a)
            y = native(a)
        return tape.gradient(y, a)

    a, expected = x.native(), first(CASES[name])(x).numpy()
    np.testing.assert_allclose(inside(a), expected, rtol=1e-5)
    np.testing.assert_allclose(tf.function(inside, autograph=False, jit_compile=jit)(a), expected, rtol=1e-5)
    around = tf.function(native, autograph=False, jit_compile=jit)
    if jit and name == "loop":  # TensorFlow cannot do that with any loop, and says so
        with tf.GradientTape() as tape, pytest.raises(tf.errors.UnimplementedError, match="XLA/TF boundary"):
            tape.watch(a)
            around(a)
        return
    with tf.GradientTape() as tape:
        tape.watch(a)
        y = around(a)
    np.testing.assert_allclose(tape.gradient(y, a), expected, rtol=1e-5)


def test_a_derivative_is_only_written_where_one_is_taken(x, monkeypatch):
    """Without a tape, `custom_gradient` is the function itself."""
    monkeypatch.setattr(TENSORFLOW.__class__, "custom_vjp", lambda *args: pytest.fail("nobody asked for a derivative"))
    assert cube(x).numpy().tolist() == [1, 8, 0.125]
    with tf.GradientTape():
        assert cube(x).numpy().tolist() == [1, 8, 0.125]  # not watched
    with tf.GradientTape() as tape, pytest.raises(pytest.fail.Exception):
        tape.watch(x.native_array)
        cube(x)


def test_values_are_known_while_a_tape_records(x):
    """Unlike under compilation: loops and branches on values are Python's."""

    def loss(x):
        return math.sum_(x * x) if float(x.x[0]) > 0 else math.sum_(x)

    assert first(loss)(x).numpy().tolist() == [2, 4, 1]
    with tf.GradientTape() as tape:
        tape.watch(x.native_array)
        assert x.available and not TENSORFLOW.any_recorded([x.native_array])
        assert TENSORFLOW.any_traced([x.native_array]) and not TENSORFLOW.any_traced([tf.ones(2), 1.0, np.ones(2)])
    assert not TENSORFLOW.any_traced([x.native_array])


def test_captured_values_that_are_differentiated_are_refused(x):
    def scaled_by(c):
        return math.custom_gradient(lambda x: x * c, lambda i, o, g: (g * c,))

    def loss(x):
        return math.sum_(scaled_by(x)(x))

    for g in (first(loss), math.jit_compile(first(loss))):
        with pytest.raises(CapturedGradient, match="pass the value as an argument"):
            g(x)
    stopped = first(lambda x: math.sum_(scaled_by(math.stop_gradient(x))(x)))
    np.testing.assert_allclose(stopped(x).numpy(), x.numpy())


def test_a_compiled_function_that_reads_what_is_differentiated(x):
    """It cannot be called as it was compiled: the derivative by what it reads besides its arguments would be lost."""
    k = tf.constant(3.0)
    f = math.jit_compile(lambda x: math.sum_(x * wrap(k)))
    assert float(f(x)) == 10.5
    with tf.GradientTape() as tape:
        tape.watch(k)
        y = f(x).native()
    assert float(tape.gradient(y, k)) == 3.5
    v = tf.Variable(3.0)
    h = math.jit_compile(lambda x: math.sum_(x * wrap(v)))
    assert float(h(x)) == 10.5
    with tf.GradientTape() as tape:
        y = h(x).native()
    assert float(tape.gradient(y, v)) == 3.5
    v.assign(2.0)
    assert float(h(x)) == 7  # the value of a variable is read at every call


def test_complex_numbers():
    """In the convention of core, ∂L/∂x − i ∂L/∂y; also across compiled functions and hand-written derivatives."""
    z = tensor(np.array([1 + 2j, 3 - 1j], np.complex64), X)

    def loss(z):
        return math.sum_(math.real(z) ** 2 + 3 * math.imag(z))

    same = math.custom_gradient(lambda z: z * 1, lambda i, o, g: (g,))
    for f in (loss, math.jit_compile(loss), lambda z: loss(same(z))):
        for g in (first(f), math.jit_compile(first(f))):
            np.testing.assert_allclose(g(z).numpy(), [2 - 3j, 6 - 3j])


def test_integers_have_no_derivative(x):
    f = math.jit_compile(lambda p: math.sum_(p["x"] * p["n"]))
    for h in (f.function, f):
        g = first(h)({"x": x, "n": tensor([1, 2, 3], X)})
        assert (g["x"].numpy().tolist(), g["n"].numpy().tolist()) == ([1, 2, 3], [0, 0, 0])


def test_a_native_derivative_may_be_taken_again_and_again(x):
    outputs, pull_back, _ = TENSORFLOW.vjp(lambda a: ((a * a, a + 1), ()), (x.native(),))
    one, zero = tf.ones(3), tf.zeros(3)
    for cotangents, factor in (((one, zero), 2), ((one, zero), 2)):
        np.testing.assert_allclose(pull_back(cotangents)[0], factor * x.numpy())
    assert np.array_equal(pull_back((zero, one))[0], one) and len(outputs) == 2
