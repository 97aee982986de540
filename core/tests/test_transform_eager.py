"""Transforms where nothing is compiled or differentiated: functions run as they are, and errors say what is missing."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend.backend import NoGradient
from phiml_core.math import batch, spatial, tensor, wrap
from phiml_core.shape import ShapeError
from phiml_core.transform import barrier, status


@pytest.fixture
def x():
    return tensor([1.0, 2.0], spatial("x"))


def test_jit_runs_the_function(x):
    calls = []

    @math.jit_compile(auxiliary_args="n")
    def power(x, n=2, *, log="calls"):
        """x to the power n."""
        calls.append((type(n), log))
        return x**n

    assert power(x).numpy().tolist() == [1, 4]
    assert power(x, n=3, log="a").numpy().tolist() == [1, 8]
    assert calls == [(int, "calls"), (int, "a")]
    assert power.traces == math.trace_count(power) == 0 and power.log == []
    assert power.__name__ == "power" and power.__doc__ == "x to the power n."
    assert repr(power) == "<compiled power, 0 traces>"
    math.forget_traces(power)
    with pytest.raises(TypeError, match="auxiliary_args names m, but the parameters of named are x"):
        math.jit_compile(auxiliary_args="m")(named)


def named(x):
    return x


class Model:
    k = 3

    @math.jit_compile
    def scaled(self, x):
        return x * self.k


def test_methods(x):
    assert Model().scaled(x).numpy().tolist() == [3, 6]
    assert Model.scaled(Model(), x=x).numpy().tolist() == [3, 6]


def test_gradients_need_a_backend_that_has_them(x):
    for run in (math.gradient(lambda x: math.sum_(x)), math.value_and_gradient(lambda x: math.sum_(x)),
                math.check_gradient(lambda x: math.sum_(x), "x")):  # fmt: skip
        with pytest.raises(NoGradient, match=r"numpy does not have.*pip install phiml-jax.*use\('jax'\)"):
            run(x)
    with pytest.raises(TypeError, match=r"wrt names y, but .* has"):
        math.gradient(lambda x: x, "y")


def test_hand_written_gradients_and_barriers_are_transparent(x):
    f = math.custom_gradient(lambda x, n: x * n, lambda i, o, g: (g, None))
    assert f(x, n=2).numpy().tolist() == [2, 4]
    assert math.stop_gradient({"a": x})["a"].numpy().tolist() == [1, 2]
    assert barrier((x, "s"))[1] == "s"


def test_branches(x):
    assert math.cond(x.x[0] > 0, lambda a: a, lambda a: -a, x) is x
    assert math.cond(False, lambda: 1, lambda: 2) == 2
    with pytest.raises(ShapeError, match=r"must be a single value, but has shape \(xˢ=2\)"):
        math.cond(x > 0, lambda: 1, lambda: 2)


def test_loops(x):
    v, n = math.while_loop(lambda v, n: math.max_(v) < 10, lambda v, n: (v * 2, n + 1), (x, 0))
    assert v.numpy().tolist() == [8, 16] and n == 3
    (v,) = math.fori_loop(3, lambda i, v: (v + i,), (x,))
    assert v.numpy().tolist() == [4, 5]
    assert math.fori_loop(wrap(0), lambda i, v: (v + i,), (x,)) == (x,)
    (v,), (states,) = math.scan(lambda i, v: (v + i,), (x,), 3, batch("t"))
    assert states.native("t,x").tolist() == [[1, 2], [2, 3], [4, 5]] and v.numpy().tolist() == [4, 5]
    with pytest.raises(TypeError, match="body of fori_loop must return a tuple of the new state, not a Dense"):
        math.fori_loop(1, lambda i, v: v, (x,))


def test_iterate(x):
    def step(a, b):
        return a + b, b

    a, b = math.iterate(step, 3, x, 1)
    assert a.numpy().tolist() == [4, 5] and b == 1
    path = math.iterate(math.jit_compile(lambda v: v * 2), batch(time=2), x, substeps=2)
    assert path.native("time,x").tolist() == [[1, 2], [4, 8], [16, 32]]
    seen = []
    math.iterate(lambda v: v, 2, x, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    clock = iter(range(10))
    out, steps = math.iterate(lambda v: v, batch(time=2), x, measure=lambda: next(clock))
    assert out.shape.get_size("time") == 3 and steps.numpy().tolist() == [1, 1]


def test_failures_stop_loops_where_they_happen(x):
    def body(i, v):
        status.report("size", v.max > 5, {"v": v}, lambda values: OverflowError("large"))
        return (v * 2,)

    with pytest.raises(OverflowError):
        math.fori_loop(10, body, (x,))
    assert np.isfinite(math.fori_loop(2, body, (x,))[0].numpy()).all()


def test_a_state_may_begin_with_nothing():
    """The pressure of a step before the first one is None: there is one less of it than of the others."""

    def step(x, last):
        return x * 2, x + (0 if last is None else last)

    for run in (step, math.jit_compile(step)):
        x, last = math.iterate(run, batch(time=3), tensor(1.0), None)
        assert x.numpy("time").tolist() == [1, 2, 4, 8] and last.numpy("time").tolist() == [1, 3, 7]
        assert float(math.iterate(run, 3, tensor(1.0), None)[1]) == 7
