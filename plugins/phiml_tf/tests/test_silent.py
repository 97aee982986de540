"""Where TensorFlow computes something else than it says, or takes one thing for another without a word, we do not."""

import numpy as np
import pytest
import tensorflow as tf
from phiml_core import math
from phiml_core.backend import primitive
from phiml_core.math import channel, instance, spatial, tensor, wrap

X = spatial("x")


def test_a_compiled_function_keeps_integers_and_floats_apart():
    """`tf.function(f)(1)` and then `f(1.0)` runs the program of the integer, since 1 == 1.0."""
    f = math.jit_compile(lambda n: n / 2 + n)
    assert [float(f(1)), float(f(1.0)), float(f(2.5)), float(f(3))] == [1.5, 1.5, 3.75, 4.5]
    assert f.traces == 2
    g = math.jit_compile(lambda n: n * 2)
    assert [g(v).dtype.kind for v in (1, 1.0, 2)] == [int, float, int]


def test_numbers_do_not_cause_new_traces():
    f = math.jit_compile(lambda x, k: x * k)
    for k in (1.0, 2.0, np.float64(4)):
        assert f(tensor([1.0, 2.0], X), k).numpy().tolist() == [k, 2 * k]
    assert f.traces == 1
    with pytest.raises(OverflowError):  # tf.constant would cut it off
        math.jit_compile(lambda n: n)(2**40)


def test_positions_outside():
    """tf.gather raises eagerly and in graphs, and clamps under XLA.  Ours: an error where positions can be seen."""
    values = tensor([1.0, 2.0, 3.0], X)
    inside, outside = (wrap(np.array(i), instance("points")) for i in ([2, 0], [3, 0]))

    def pick(values, positions):
        return math.gather(values, math.expand(positions, channel(vector="x")))

    assert pick(values, inside).numpy().tolist() == [3, 1]
    with pytest.raises(IndexError):
        pick(values, outside)
    assert math.jit_compile(pick)(values, inside).numpy().tolist() == [3, 1]


@pytest.mark.parametrize("bits", [32, 64])
def test_precision_is_never_mixed(bits):
    with math.precision(bits):
        x = tensor([1.0, 2.0], X)
        for f in (lambda x: x, math.jit_compile):
            for g in (
                lambda x: x * np.float64(2) + 1,
                lambda x: x / 3 + wrap(np.ones(2, np.float64), X),
                lambda x: math.sin(x) ** 2 - x % 0.3 + x // 0.7 + math.where(x > 1, x, 0.5) + math.clip(x, 0.1, 1.5),
                lambda x: math.fft(math.to_complex(x), "x") * 2j,
                lambda x: math.mean(x, "x") + math.sum_(x > 1, "x"),
            ):
                assert f(g)(x).dtype.precision == bits
        n = tensor([1, 2], X)
        assert (n / 2).dtype.name == f"float{bits}" and (n + 0.5).dtype.name == f"float{bits}"


def test_floor_division_of_floats():
    """tf's is floor(x / y), which is 10 for 1 // 0.1 in single precision."""
    x = tensor([1.0, -1.0, 7.0, -7.5], X)
    for y in (0.1, -0.1, 2.0, 0.3):
        np.testing.assert_array_equal((x // y).numpy(), x.numpy() // np.float32(y))
        np.testing.assert_allclose((x % y).numpy(), x.numpy() % np.float32(y), atol=1e-6)


def test_an_argument_given_twice_has_two_derivatives():
    """Tapes know tensors by identity: each of two equal arguments would get the sum."""
    x = tensor([1.0, 2.0], X)
    g = math.gradient(lambda a, b: math.sum_(a * a * b), "a,b", get_output=False)
    for f in (g, math.jit_compile(g)):
        assert [v.numpy().tolist() for v in f(x, x)] == [[2, 8], [1, 4]]


def test_rows_of_gathers_become_arrays():
    """The derivative of a gather is a list of rows (IndexedSlices), which is no tensor."""
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(primitive.gather(x, (tf.constant([1, 1, 0]),)) ** 2)
    assert isinstance(tape.gradient(y, x), tf.IndexedSlices)
    g = math.gradient(lambda x: math.sum_(x.x[[1, 1, 0]] ** 2), get_output=False)
    assert g(tensor([1.0, 2.0, 3.0], X)).numpy().tolist() == [2, 8, 0]


def test_values_cannot_be_written_to():
    """np.asarray of a tensor shares its memory, and lets one write to what others take to be constant."""
    x = tensor([1.0, 2.0], X)
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 5
    assert x.numpy().tolist() == [1, 2]


def test_the_derivative_of_x_to_the_0_at_0():
    """tf.pow gives NaN."""
    g = math.gradient(lambda x: math.sum_(x**0 + x**2), get_output=False)
    assert g(tensor([0.0, 2.0], X)).numpy().tolist() == [0, 4]


def test_random_numbers_are_drawn_per_call():
    f = math.jit_compile(lambda key: math.random_uniform(spatial(x=4), key=key))
    a, b = f(math.random_key(1)), f(math.random_key(2))
    assert (a != b).any and (f(math.random_key(1)) == a).all
    with pytest.raises(Exception, match="would draw the same numbers at every call"):
        math.jit_compile(lambda x: x + math.random_uniform(spatial(x=4)))(a)


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_not_a_number_is_never_dropped(mode):
    """XLA's maximum of NaN and 1 is 1, in TensorFlow; a diverged simulation would look finite."""
    values = tf.constant([1.0, np.nan, 3.0, -np.inf])

    def f(a, b):
        words = (primitive.maximum(a, b), primitive.minimum(a, b), primitive.maximum(b, a), primitive.clip(a, 0.0, 2.0))
        return (
            *words,
            primitive.clip(a, b, b + 1),
            primitive.max(a, (0,)),
            primitive.min(a, (0,)),
            primitive.maximum(a, 0),
        )

    run = f if mode == "eager" else tf.function(f, autograph=False, jit_compile=mode == "xla")
    for x, y in ((values, values[::-1]), (values, tf.ones(4))):
        for found, expected in zip(run(x, y), reference_extremes(x.numpy(), y.numpy()), strict=True):
            np.testing.assert_array_equal(found, expected)


def reference_extremes(a, b):
    return (np.maximum(a, b), np.minimum(a, b), np.maximum(b, a), np.clip(a, 0, 2), np.minimum(np.maximum(a, b), b + 1),
            a.max(), a.min(), np.maximum(a, 0))  # fmt: skip


def test_the_error_function_at_infinity():
    """Eager tf.math.erf of float64 gives NaN."""
    x = tf.constant([-np.inf, -7.0, 0.0, 7.0, np.inf, np.nan], tf.float64)
    np.testing.assert_array_equal(primitive.erf(x), [-1, -1, 0, 1, 1, np.nan])


@pytest.mark.parametrize("compiled", [False, True])
def test_derivative_by_the_value_of_a_margin(compiled):
    """That of TensorFlow's PadV2 is missing, which looks like zero."""
    g = math.gradient(lambda x, v: math.sum_(math.pad(x, {"x": (2, 1)}, v) ** 2), "x,v", get_output=False)
    for found, expected in zip((math.jit_compile(g) if compiled else g)(xs := tensor([1.0, 2.0], X), tensor(3.0)), ([2, 4], 18), strict=True):  # fmt: skip
        assert np.array_equal(found.numpy(found.shape), expected)
    assert math.pad(xs, {"x": (1, 0)}, tensor(3.0)).numpy().tolist() == [3, 1, 2]


@pytest.mark.parametrize("compiled", [False, True])
def test_derivative_of_complex_roots(compiled):
    """XLA's is wrong by a part of it."""
    z = tensor(np.array([1 + 2j, -3 - 1j]), X)
    with math.precision(64):
        g = math.gradient(lambda z: math.sum_(math.real(math.sqrt(z))), get_output=False)
        found = (math.jit_compile(g) if compiled else g)(math.cast(z, complex)).numpy()
    np.testing.assert_allclose(found, 0.5 / np.sqrt(z.numpy()), rtol=1e-6)


def test_tf_function_does_not_rewrite_our_functions():
    """AutoGraph translates what a `tf.function` calls, function by function, and warns of what it cannot translate."""
    from tensorflow.python.autograph.impl import conversion

    assert all(map(conversion.is_allowlisted, (math.pack_dims, math.cond, math.iterate, tensor)))
    assert not conversion.is_allowlisted(test_numbers_do_not_cause_new_traces)
    run = tf.function(lambda a: math.cond(math.sum(wrap(a, X)) > 0, lambda x: x * 2, lambda x: -x, wrap(a, X)).native())
    assert run(tf.constant([1.0, 2.0])).numpy().tolist() == [2, 4] and run(tf.constant([-1.0])).numpy().tolist() == [1]
