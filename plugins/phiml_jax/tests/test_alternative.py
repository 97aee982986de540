"""Functions that are differentiated by way of another one, and the arrays that compiled programs return."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import (
    batch,
    channel,
    gradient,
    jit_compile,
    precision,
    spatial,
    stack,
    tensor,
    wrap,
)
from phiml_core.solve import SolveTape
from phiml_core.transform import differentiated_as, status, trace_count


def counted():
    calls = {"function": 0, "alternative": 0}

    def function(x, y):
        calls["function"] += 1
        return x * y, x

    def alternative(x, y):
        calls["alternative"] += 1
        return y * x, x + 0.0

    return differentiated_as(function, alternative), calls


def test_the_function_is_computed_and_the_alternative_differentiated():
    both, calls = counted()
    x, y = tensor([1.0, 2.0], spatial("x")), tensor(3.0)
    assert both(x, y)[0].numpy().tolist() == [3, 6] and calls == {"function": 1, "alternative": 0}
    compiled = jit_compile(both)
    assert compiled(x, y)[0].numpy().tolist() == [3, 6] and calls["alternative"] == 0
    slope = gradient(lambda x, y: math.sum_(both(x, y)[0]), "x,y", get_output=False)
    for f in (slope, jit_compile(slope)):
        calls["alternative"] = 0
        dx, dy = f(x, y)
        assert dx.numpy("x").tolist() == [3, 3] and float(dy) == 3 and calls["alternative"] > 0


def test_derivatives_of_higher_order():
    cube = differentiated_as(lambda x: x**3, lambda x: x * x * x)
    first = gradient(cube, get_output=False)
    second = gradient(first, get_output=False)
    with precision(64):
        x = tensor(2.0)
        assert float(first(x)) == 12 and float(second(x)) == 12 and float(jit_compile(second)(x)) == 12


def test_the_alternative_must_return_the_same_structure():
    wrong = differentiated_as(lambda x: x, lambda x: math.expand(x, batch(b=2)))
    with pytest.raises(TypeError, match="same structure"):
        gradient(lambda x: math.sum_(wrong(x), "x"), get_output=False)(tensor([1.0, 2.0], spatial("x")))


def test_results_that_are_arguments_are_passed_on():
    x, y = tensor([1.0, 2.0], spatial("x")), tensor(1.0)
    f = jit_compile(lambda x, y, z: (y, x + z, x, z))
    a, b, c, d = f(x, y, 3.0)
    assert a.native_array is y.native_array and c.native_array is x.native_array
    assert b.numpy().tolist() == [4, 5] and float(d) == 3
    assert [t.backend.name for t in (a, b, c)] == ["jax"] * 3
    a, b, c, d = f(x + 1, y, 4.0)
    assert c.numpy().tolist() == [2, 3] and float(d) == 4 and trace_count(f) == 1


def test_reports_arrive_whole_though_their_numbers_travel_packed():
    big = 2**31 - 1

    @jit_compile
    def f(x, limit):
        values = {
            "count": wrap(0) * 0 + math.cast(x * 0, int) + big,
            "small": x * 2,
            "many": math.expand(x, spatial(x=40)),
        }
        status.report("test", x > limit, values, lambda v: ValueError(f"x {v['small']}"))
        return x + 1

    heard = []
    with status.listen(heard.append):
        f(tensor([0.25, 1.5], batch("b")), 2.0)
    (report,) = heard
    assert report.failed.dtype.kind is bool and not report.failed.numpy("b").any()
    assert report.values["count"].numpy("b").tolist() == [big, big] and report.values["count"].dtype.kind is int
    assert report.values["small"].numpy("b").tolist() == [0.5, 3.0]
    assert report.values["many"].numpy("b,x").shape == (2, 40)
    with pytest.raises(ValueError, match="x"):
        f(tensor([0.25, 1.5], batch("b")), 1.0)
    assert float(f(tensor(0.0), 1.0)) == 1


def test_alternating_structures_are_never_mixed_up():
    """The arguments of the last call are recognised; others take the long way to their own program."""
    f = jit_compile(lambda x, scale: x * scale)
    x, y = tensor([1.0, 2.0], spatial("x")), tensor([1, 2, 3], batch("b"))
    for _ in range(5):
        for v, s in ((x, 2.0), (y, 3), (x, 4.0), (stack([x, x], channel(c="p,q")), 2.0)):
            np.testing.assert_array_equal(f(v, s).numpy(v.shape), v.numpy(v.shape) * s)
    assert trace_count(f) == 3
    with precision(64):
        assert f(x, 2.0).dtype.bits == 64
    assert f(x, 2.0).dtype.bits == 32


def test_tapes_hear_of_each_call():
    from phiml_core.math import Solve
    from phiml_core.solve import solve_linear
    from phiml_solvers import poisson

    operator = poisson(spatial(x=8), (1.0,), "dirichlet")
    f = jit_compile(lambda y: solve_linear(operator, y, Solve("CG")))
    with SolveTape() as tape:
        for k in (1.0, 2.0):
            f(tensor(np.arange(8.0) * k, spatial("x")))
    assert len(tape) == 2 and all(bool(info.converged) and int(info.iterations) > 0 for info in tape)
