"""What goes wrong silently elsewhere: side effects of traces, temporary functions, networks, nested derivatives, solves."""

import dataclasses
import gc
import logging
import weakref

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import LeakedTensor
from phiml_core.math import channel, dual, spatial, tensor
from phiml_core.transform import history, programs


def vector(*values):
    return tensor([float(v) for v in values], spatial("x"))


# --- side effects ---


USES = {
    "compute": lambda t: t * 2,
    "with another": lambda t: math.sum_(vector(1, 2) + t),
    "read": lambda t: t.numpy(),
    "number": lambda t: float(t.x[0]),
    "another function": lambda t: math.jit_compile(lambda x: x + t)(vector(1, 2)),
    "loop": lambda t: math.jit_compile(lambda x: math.fori_loop(2, lambda i, v: (v + t,), (x,))[0])(vector(1, 2)),
}


@pytest.mark.parametrize("use", USES)
def test_a_tensor_that_leaves_a_compiled_function(framework, use):
    kept = []

    class Holder:
        value = None

    @math.jit_compile
    def f(x):
        y = x * 3
        Holder.value = y
        if not kept:
            kept.append(y)
        return math.sum_(math.sin(y))

    f(vector(1, 2))
    for leaked in (kept[0], Holder.value):
        with pytest.raises(LeakedTensor, match=r"returned, and its values are not known|reads a value that is being"):
            USES[use](leaked)
    assert float(f(vector(1, 2))) == pytest.approx(np.sin([3, 6]).sum(), rel=1e-5)


def test_a_tensor_that_leaves_a_loop_or_a_derivative(framework):
    kept = []

    def body(i, v):
        w = v * 2
        kept.append(w)
        return (w + 1,)

    f = math.jit_compile(math.gradient(lambda x: math.sum_(math.fori_loop(3, body, (x,))[0] ** 2), get_output=False))
    f(vector(1, 2))
    for leaked in kept:
        with pytest.raises(LeakedTensor):
            math.sum_(leaked + 1)


def test_what_is_returned_or_captured_is_no_leak(framework):
    """Derivatives of loops and branches read what they have captured again, long after the trace."""
    w = vector(0.5, 2)

    @math.jit_compile
    def f(x, n):
        y = x * w
        (z,) = math.fori_loop(2, lambda i, v: (math.cond(n > 0, lambda v: v * y, lambda v: v + y, v),), (x,))
        return math.sum_(z * y)

    slope = math.gradient(f, get_output=False)
    x = vector(1, 3)
    f(x, tensor(1))
    for _ in range(2):
        np.testing.assert_allclose(slope(x, tensor(1)).numpy(), 4 * x.numpy() ** 3 * w.numpy() ** 3, rtol=1e-5)
    assert x.numpy().tolist() == [1, 3] and w.numpy().tolist() == [0.5, 2]


# --- temporary functions ---


def held(make, count):
    """How many of `count` functions are still there after they were made, run and dropped."""
    refs = []
    for i in range(count):
        f, run = make(i)
        run()
        refs.append(weakref.ref(f))
        del f, run
    gc.collect()
    return sum(r() is not None for r in refs)


def test_temporary_functions_leave_nothing_behind(framework):
    """40 lambdas, each compiled and run once: all are freed, with their programs and what they captured."""
    count = 40

    def make(i):
        data = vector(1, 2, i)
        f = lambda x: math.sum_(x * data + i)
        compiled = math.jit_compile(f)
        return f, lambda: compiled(vector(1, 2, 3))

    held(make, 5)
    before = len(gc.get_objects())
    assert held(make, count) <= 1
    grown = len(gc.get_objects()) - before
    assert grown < 25 * count, grown  # a single trace takes thousands


def test_temporary_functions_in_derivatives(framework):
    def make(i):
        f = lambda x: math.sum_(x**2 * i)
        return f, lambda: math.gradient(f)(vector(1, 2))

    assert held(make, 60) <= 1


def test_many_structures_are_bounded(framework, monkeypatch):
    """A function that is called with ever new static arguments keeps its latest programs only."""
    monkeypatch.setattr(programs, "_MANY", 4)
    f = math.jit_compile(lambda x, n: x * n, auxiliary_args="n")
    for n in range(9):
        f(vector(1), n)
    assert len(f._programs) <= 4 and len(f._programs._calls) <= 16
    assert float(f(vector(3), 8).x[0]) == 24 and f.traces == 9


def test_a_function_that_is_made_anew_for_each_call_is_named(framework, caplog):
    history._MADE.clear()
    with caplog.at_level(logging.WARNING, "phiml_core"):
        for _ in range(20):
            math.jit_compile(lambda x: x + 1)(vector(1))
    found = [r.message for r in caplog.records if "made anew" in r.message]
    assert len(found) == 1 and "test_transform_traps.py" in found[0]


# --- nested derivatives ---


def test_nested_custom_gradients(framework, run):
    """A hand-written derivative inside of another one's function and gradient: each rule is used, to second order."""
    inner = math.custom_gradient(lambda x: x**2, lambda inputs, output, g: (g * 20 * inputs[0],))  # ten times too much
    outer = math.custom_gradient(lambda x: inner(x) * x, lambda inputs, output, g: (g * inner(inputs[0]) * 7,))
    x = vector(1, 2)
    f = run(math.gradient(lambda x: math.sum_(outer(x)), get_output=False))
    np.testing.assert_allclose(f(x).numpy(), 7 * np.array([1, 4.0]), rtol=1e-5)
    g = run(math.gradient(lambda x: math.sum_(f(x)), get_output=False))
    np.testing.assert_allclose(g(x).numpy(), 7 * 20 * np.array([1, 2.0]), rtol=1e-5)


def test_a_derivative_inside_of_a_compiled_function(framework):
    @math.jit_compile
    def descend(x, rate):
        loss, grad = math.value_and_gradient(lambda x: math.sum_(x**4))(x)
        return x - rate * grad, loss

    x = vector(1, 0.5)
    for _ in range(3):
        x, _ = descend(x, 0.05)
    expected = np.array([1, 0.5])
    for _ in range(3):
        expected = expected - 0.2 * expected**3
    np.testing.assert_allclose(x.numpy(), expected, rtol=1e-5)
    assert descend.traces == 1


# --- networks ---


@dataclasses.dataclass(frozen=True)
class Network:
    weight: object
    bias: object
    activation: str = "tanh"
    __value_attrs__ = ("weight", "bias")

    def __call__(self, x):
        return getattr(math, self.activation)(
            math.sum_(self.weight * math.rename_dims(x, "x", dual("x")), "~x") + self.bias
        )


def network(rng):
    w = tensor(rng.normal(size=(3, 2)).astype(np.float32), channel("out"), dual("x"))
    return Network(w, tensor(rng.normal(size=3).astype(np.float32), channel("out")))


def test_networks_in_compiled_functions(framework, rng):
    """Passed as an argument, captured, and trained; values of weights never cause a trace."""
    net, x = network(rng), vector(1, -2)
    expected = np.tanh(net.weight.numpy("out,~x") @ [1, -2] + net.bias.numpy())
    passed = math.jit_compile(lambda net, x: net(x))
    captured = math.jit_compile(lambda x: net(x))
    for f in (lambda: passed(net, x), lambda: captured(x)):
        np.testing.assert_allclose(f().numpy(), expected, rtol=1e-5)
    passed(network(rng), x)
    assert passed.traces == captured.traces == 1

    @math.jit_compile
    def train(net, x):
        loss, grad = math.gradient(lambda net: math.sum_(net(x) ** 2))(net)
        return Network(net.weight - 0.1 * grad.weight, net.bias - 0.1 * grad.bias, net.activation), loss

    losses = []
    for _ in range(5):
        net, loss = train(net, x)
        losses.append(float(loss))
    assert train.traces == 1 and losses == sorted(losses, reverse=True)
    np.testing.assert_allclose(  # a captured network that was replaced is noticed
        captured(x).numpy(), np.tanh(net.weight.numpy("out,~x") @ [1, -2] + net.bias.numpy()), atol=1e-6
    )
    assert captured.traces == 2


# --- values of a trace ---


def test_values_when_they_are_available(everywhere):
    """Called each time a compiled function runs, not only when it is traced; what it changes is no change of captured data."""
    seen = []

    @math.jit_compile
    def f(x):
        math.when_available(lambda total, n: seen.append((float(total), float(n))), math.sum_(x), x.x[0])
        return x * 2

    for i in range(3):
        f(vector(i, 1))
    assert seen == [(i + 1, i) for i in range(3)]
    assert f.traces == (0 if everywhere == "numpy" else 1)
    if everywhere != "numpy":
        math.gradient(lambda x: math.sum_(f(x)))(vector(5, 1))
        assert seen[-1] == (6, 5)


def test_when_available_in_branches_and_loops(framework):
    seen = []

    def f(x):
        def tell(v):
            math.when_available(lambda v: seen.append(float(v)), v)
            return v

        math.cond(x > 0, tell, lambda v: v, x)
        return math.fori_loop(3, lambda i, v: (tell(v) + 1,), (x,))[0]

    compiled = math.jit_compile(f)
    compiled(tensor(-1.0))
    assert seen == [-1]  # the loop tells of its first step, the branch was not taken
    compiled(tensor(2.0))
    assert seen == [-1, 2, 2]


def test_trace_check(everywhere):
    f = math.jit_compile(lambda x, n: x * n, auxiliary_args="n")
    x = vector(1, 2)
    none = everywhere == "numpy"
    assert math.trace_check(f, x, 2) == ((True, "") if none else (False, "it was never traced"))
    f(x, 2)
    assert math.trace_check(f, x * 5, n=2) == (True, "")
    known, why = math.trace_check(f, x, 3)
    assert known is none and (none or why == "auxiliary argument n was 2 and is now 3")
    assert math.trace_check(f, vector(1), 2)[0] is none
    assert f.traces == (0 if none else 1)
    with pytest.raises(TypeError, match="needs a function made by jit_compile"):
        math.trace_check(lambda x: x, x)


# --- counting traces ---


def test_derivatives_of_compiled_functions_are_no_further_traces(framework):
    f = math.jit_compile(lambda x: math.sum_(x**3))
    g = math.gradient(f, get_output=False)
    for i in range(3):
        g(vector(1, i))
        f(vector(i, 1))
    assert math.trace_count(f) == 1
    assert math.trace_count(math.jit_compile(g)) == 0 and g(vector(1, 2)).numpy().tolist() == [3, 12]


# --- solves ---


def test_solves_in_compiled_functions(everywhere):
    """Without an initial guess, and recorded: the record is of each run, not of the trace."""
    pytest.importorskip("phiml_solvers")

    @math.jit_compile
    def f(y):
        return math.solve_linear(lambda x: 3 * x, y, math.Solve("CG", 1e-5, x0=None))

    for scale in (1, 2):
        with math.record_solves() as tape:
            x = f(vector(3, 6) * scale)
        np.testing.assert_allclose(x.numpy(), np.array([1, 2]) * scale, rtol=1e-4)
        assert len(tape) == 1


def test_records_of_solves_inside_of_a_compiled_function(framework):
    """What was recorded in the trace is as good a value as any: it may be computed with and returned."""
    pytest.importorskip("phiml_solvers")

    @math.jit_compile
    def f(y):
        with math.record_solves() as tape:
            x = math.solve_linear(lambda x: 3 * x, y, math.Solve("CG", 1e-5))
        return x, tape[0], tape[0].iterations + 1

    for scale in (1, 2):
        x, info, more = f(vector(3, 6) * scale)
        np.testing.assert_allclose(x.numpy(), np.array([1, 2]) * scale, rtol=1e-4)
        assert bool(info.converged) and int(more) == int(info.iterations) + 1 and "CG" in info.method
