"""Compiled functions: XLA where it can, a graph where it cannot, traced as rarely as possible, and nothing kept."""

import gc
import logging
import weakref

import numpy as np
import pytest
import tensorflow as tf
from phiml_core import math
from phiml_core.math import precision, spatial, tensor, wrap
from phiml_core.transform import barrier, status
from phiml_tf import internals
from phiml_tf.compiled import Compiled
from phiml_tf.trait import TENSORFLOW

X = spatial("x")


def xs(*values):
    return tensor(list(map(float, values or (1, 2, 3))), X)


def test_it_is_xla():
    f = Compiled(lambda a: (a * 2,))
    (found,) = f(tf.ones(3))
    assert f.xla and found.numpy().tolist() == [2, 2, 2]
    ((program,),) = [tuple(f._programs.values())]
    concrete = getattr(program.call, "concrete", None)
    assert concrete is None or concrete.function_def.attr["_XlaMustCompile"].b


def test_one_program_per_sizes_and_types():
    runs = []
    f = Compiled(lambda a, b: (runs.append(1), (a + b,))[1])
    for a in (tf.ones(3), tf.ones(3), tf.ones(4), tf.ones(3, tf.float64), tf.ones((3, 1))):
        assert f(a, a)[0].shape == a.shape
    assert len(runs) == 4
    assert f(np.ones(3, np.float32), tf.ones(3))[0].numpy().tolist() == [2, 2, 2]
    assert len(runs) == 4


def test_callbacks_run_as_a_graph(caplog):
    def host(a):
        return (np.sort(a)[::-1],)

    @math.jit_compile
    def f(x):
        (y,) = TENSORFLOW.callback(host, ((x.shape.sizes, x.dtype),), (x.native("x"),))
        return math.wrap(y, X) * 2

    with caplog.at_level(logging.WARNING, "phiml_core"):
        for _ in range(3):
            assert f(xs(1, 3, 2)).numpy().tolist() == [6, 4, 2]
    assert caplog.text.count("runs as a TensorFlow graph, since XLA cannot compile it: it calls back to Python") == 1
    assert f.traces == 1
    assert TENSORFLOW.callback(host, (((3,), xs().dtype),), (xs().native("x"),))[0].numpy().tolist() == [3, 2, 1]


def test_what_xla_has_no_kernel_for_runs_as_a_graph(caplog):
    f = Compiled(lambda a: (tf.math.bessel_i0(a),))
    with caplog.at_level(logging.WARNING, "phiml_core"):
        for _ in range(2):
            np.testing.assert_allclose(f(tf.ones(2))[0], np.i0([1, 1]), rtol=1e-6)
    assert caplog.text.count("XLA cannot compile it") == 1 and not f.xla
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?i)expected"):  # any other error is passed on
        Compiled(lambda a: (tf.debugging.check_numerics(a, "expected"),), xla=False)(tf.constant([np.nan]))


def test_reports_are_raised_after_the_call():
    def f(x):
        (x,) = math.fori_loop(3, lambda i, x: (checked(x * 2),), (x,))
        return math.cond(math.sum_(x) > 0, checked, lambda x: x, x)

    def checked(x):
        status.report("size", x > 100, {"x": x}, lambda v: ValueError(f"largest {v['x'].max}"))
        return x

    g = math.jit_compile(f)
    assert g(xs()).numpy().tolist() == [8, 16, 24]
    with pytest.raises(ValueError, match="largest"):
        g(xs(1, 60, 3))
    assert g(xs()).numpy().tolist() == [8, 16, 24]


@pytest.mark.parametrize("bits", [32, 64])
def test_loops_and_branches(bits):
    def f(x, n):
        (y,) = math.fori_loop(n, lambda i, v: (v + i,), (x,))
        y, count = math.while_loop(lambda v, k: math.sum_(v) < 100.0, lambda v, k: (v * 2, k + 1), (y, 0))
        (z,), path = math.scan(lambda i, v: (v + 1.0,), (y,), 3, math.batch("t"))
        return math.cond(count > 2, lambda a: a / 2, lambda a: a, z), path[0], count

    with precision(bits):
        g = math.jit_compile(f)
        for n in (3, 5):
            for a, b in zip(f(xs(), n), g(xs(), n), strict=True):
                a = wrap(a)
                assert a.shape == b.shape
                np.testing.assert_allclose(a.numpy(a.shape), b.numpy(a.shape))
    assert g.traces == 1  # the number of steps is a value


def test_a_compiled_function_inside_another_is_part_of_it():
    inner = math.jit_compile(lambda x: x * 2)
    outer = math.jit_compile(lambda x: inner(x) + inner(x + 1))
    assert outer(xs()).numpy().tolist() == [6, 10, 14]
    assert inner.traces == 0
    native = tf.function(lambda a: inner(math.wrap(a, X)).native(), autograph=False)
    assert native(tf.ones(2)).numpy().tolist() == [2, 2]


def test_derivatives_of_compiled_functions_are_traced_once():
    step = math.jit_compile(lambda x, k: x * x * k)
    g = math.gradient(lambda x: math.sum_(step(step(x, 2.0), 3.0)), get_output=False)
    for _ in range(3):
        np.testing.assert_allclose(g(xs(1, 2)).numpy(), [48, 384])
    assert step.traces == 1  # the trace for its derivative is none of the user's
    hessian = math.gradient(lambda x: math.sum_(g(x)), get_output=False)
    for _ in range(2):
        np.testing.assert_allclose(hessian(xs(1, 2)).numpy(), [144, 576])
    assert step.traces == 1


def test_nothing_is_kept():
    kept = xs()
    f = math.jit_compile(lambda x: x * kept)  # noqa: F821  (deleted below)
    f(xs())
    math.gradient(lambda x: math.sum_(f(x)))(xs())  # noqa: F821
    function, array, given = weakref.ref(f.function), weakref.ref(kept.native_array), xs()
    argument = weakref.ref(given.native_array)
    f(given)
    del given
    gc.collect()
    assert argument() is None
    del f, kept
    gc.collect()
    assert function() is None and array() is None


def test_traces_with_hand_written_derivatives_are_freed():
    """TensorFlow's own decorator would register each in a table of the process, with the graph it belongs to."""
    from tensorflow.python.framework import ops

    cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (g * i[0] ** 2 * 3,))
    before = set(ops.gradient_registry.list())
    f = math.jit_compile(math.gradient(lambda x: math.sum_(cube(x))))
    f(xs())
    assert set(ops.gradient_registry.list()) == before


def test_without_private_interfaces(monkeypatch):
    """The same results with what TensorFlow offers publicly."""
    monkeypatch.setattr(internals, "TAPES", False)
    cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (g * i[0] ** 2 * 30,))
    f = math.jit_compile(lambda x: math.sum_(cube(x)))
    g = math.gradient(f, get_output=False)
    assert float(f(xs())) == 36
    assert g(xs()).numpy().tolist() == math.jit_compile(g)(xs()).numpy().tolist() == [30, 120, 270]
    h = math.gradient(lambda x: math.sum_(g(x)), get_output=False)
    assert h(xs()).numpy().tolist() == [60, 120, 180]
    assert internals.caller(_Opaque())([1]) == ("called", 1)


class _Opaque:
    def __call__(self, x):
        return "called", x


def test_derivatives_pass_barriers():
    derivative = math.gradient(lambda x: math.sum_(barrier(x * 2) ** 2), get_output=False)
    for g in (derivative, math.jit_compile(derivative)):
        assert g(xs()).numpy().tolist() == [8, 16, 24]
