"""Branches, loops and iteration in compiled code, and what they report."""

import dataclasses

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, spatial, stack, tensor, wrap
from phiml_core.shape import ShapeError
from phiml_core.transform import status


@dataclasses.dataclass(frozen=True)
class State:
    value: object
    count: object = 0
    label: str = "s"
    __value_attrs__ = ("value", "count")


@pytest.fixture
def x():
    return tensor([1.0, 2.0], spatial("x"))


class TooLarge(ValueError):
    pass


def checked(value, limit):
    status.report("size", value > limit, {"v": value}, lambda values: TooLarge(f"{float(values['v'].max):.0f}"))
    return value


# --- cond ---


def test_cond_joins_types_and_constant_dims(x):
    @math.jit_compile
    def f(n, x):
        return math.cond(
            n > 2, lambda x: {"a": x, "n": 1}, lambda x: {"a": math.expand(tensor(7), x.shape), "n": 2.5}, x
        )

    assert f(3, x)["a"].numpy().tolist() == [1, 2]
    out = f(1, x)
    assert out["a"].numpy().tolist() == [7, 7] and float(out["n"]) == 2.5
    assert f.traces == 1


def test_cond_with_known_condition_runs_one_branch(x):
    def fail(x):
        raise AssertionError

    assert math.cond(True, lambda x: x, fail, x) is x
    assert math.cond(x.x[0] > 5, fail, lambda x: "no", x) == "no"
    assert math.jit_compile(lambda x: math.cond(len("ab") == 2, lambda x: x, fail, x))(x).numpy().tolist() == [1, 2]


def test_cond_captures_and_differentiates(x):
    def loss(x, y):
        return math.sum_(math.cond(math.sum_(x) > 0, lambda a: a * y, lambda a: a, x))

    g = math.jit_compile(math.gradient(loss, "x,y", get_output=False))(x, 3 * x)
    assert g[0].numpy().tolist() == [3, 6] and g[1].numpy().tolist() == [1, 2]


def test_cond_errors(x):
    with pytest.raises(ShapeError, match=r"single value, but has shape \(xˢ=2\).*\.any"):
        math.cond(x > 0, lambda: 1, lambda: 2)
    f = math.jit_compile(lambda n, x: math.cond(n > 0, lambda x: {"a": x}, lambda x: {"b": x}, x))
    message = r"branches of cond must keep the structure of values, but value goes from dict\(a: .*\) to dict\(b: .*\)"
    with pytest.raises(TypeError, match=message):
        f(1, x)
    f = math.jit_compile(lambda n, x: math.cond(n > 0, lambda x: (x, x), lambda x: (x, x.x[:1]), x))
    with pytest.raises(TypeError, match=r"value\[1\] goes from \(xˢ=2\) to \(xˢ=1\)"):
        f(1, x)


def test_cond_of_one_element_and_integers(x):
    one = math.expand(wrap(1), batch(b=1))
    f = math.jit_compile(lambda c, x: math.cond(c, lambda x: x, lambda x: -x, x))
    assert f(tensor(one * 1), x).numpy().tolist() == [1, 2]
    assert f(tensor(np.zeros(1, np.int32), batch("b")), x).numpy().tolist() == [-1, -2]


# --- structure ---


def test_carries_are_brought_to_one_structure(x):
    """An integer becomes a float, a number a tensor with dims, a constant dim a stored one: as when run eagerly."""

    def body(i, state, total, n):
        return State(state.value * 0.5 + x, state.count + 1), total + state.value, n

    start = (State(0, 0), 0, 2)
    eager = math.fori_loop(3, body, start)
    compiled = math.jit_compile(lambda *s: math.fori_loop(3, body, s))(*start)
    for a, b in zip(eager, compiled, strict=True):
        a, b = (v.value if isinstance(v, State) else v for v in (a, b))
        assert math.tensor(a).dtype.kind is b.dtype.kind
        np.testing.assert_allclose(wrap(a).numpy(), b.numpy())
    assert compiled[0].label == "s" and int(compiled[0].count) == 3 and compiled[0].count.dtype.kind is int


@pytest.mark.parametrize("loop", ["while_loop", "fori_loop", "scan"])
def test_errors_name_both_structures(x, loop):
    def run(body, *state):
        if loop == "while_loop":
            return math.while_loop(lambda *s: math.sum_(s[0]["v"]) < 100, body, state)
        if loop == "fori_loop":
            return math.fori_loop(3, lambda i, *s: body(*s), state)
        return math.scan(lambda i, *s: body(*s), state, 3, batch("t"))

    with pytest.raises(
        TypeError, match=rf"body of {loop} must keep shapes, but state\[0\]\['v'\] goes from \(xˢ=2\) to \(xˢ=1\)"
    ):
        math.jit_compile(lambda x: run(lambda s: ({"v": s["v"].x[:1]},), {"v": x}))(x)
    with pytest.raises(TypeError, match=r"state\[1\] goes from the static value 'a' to the static value 'b'"):
        math.jit_compile(lambda x: run(lambda s, m: (s, "b"), {"v": x}, "a"))(x)
    for transform in (lambda f: f, math.jit_compile):
        with pytest.raises(TypeError, match=rf"body of {loop} must return a tuple of the new state, not a dict"):
            transform(lambda x: run(lambda s: s, {"v": x}))(x)


def test_only_the_captured_value_is_traced(x):
    """The state is known at first, so the loop must notice that its body is not."""
    calls = []

    def body(i, v):
        calls.append(1)
        return (v + x_inside[0],)

    x_inside = []

    @math.jit_compile
    def f(x):
        x_inside[:] = [x]
        return math.fori_loop(1000, body, (wrap(0.0),))[0]

    np.testing.assert_allclose(f(x).numpy(), [1000, 2000])
    assert len(calls) < 10
    g = math.jit_compile(lambda x: math.while_loop(lambda i, v: i < 1000, lambda i, v: (i + 1, v + x), (0, 0.0)))
    np.testing.assert_allclose(g(x)[1].numpy(), [1000, 2000])
    h = math.jit_compile(lambda x: math.scan(lambda i, v: (v + x,), (0.0,), 100, batch("t")))
    np.testing.assert_allclose(h(x)[1][0].t[-1].numpy(), [100, 200])
    k = math.jit_compile(lambda x: math.iterate(lambda v: v + x, 1000, 0.0))
    np.testing.assert_allclose(k(x).numpy(), [1000, 2000])


# --- loops ---


def test_while_loop_with_values_for_count_and_tolerance(x):
    @math.jit_compile
    def f(x, limit):
        return math.while_loop(lambda v, n: math.max_(v) < limit, lambda v, n: (v * 2, n + 1), (x, 0))

    for limit in (5.0, 30.0, 1.0):
        v, n = f(x, limit)
        w, m = x.numpy(), 0
        while w.max() < limit:
            w, m = w * 2, m + 1
        assert v.numpy().tolist() == w.tolist() and int(n) == m
    assert f.traces == 1
    assert math.while_loop(lambda v: False, None, (x,)) == (x,)


def test_fori_loop_count_may_be_traced(x):
    f = math.jit_compile(lambda n, x: math.fori_loop(n, lambda i, v: (v + i,), (x,))[0])
    for n in (0, 1, 4):
        assert f(n, x).numpy().tolist() == [1 + n * (n - 1) // 2, 2 + n * (n - 1) // 2]
    assert f.traces == 1


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_through_loops(x, compiled):
    wrap_ = math.jit_compile if compiled else (lambda f: f)

    def by_loop(x):
        return math.sum_(math.fori_loop(3, lambda i, v: (v * x,), (x,))[0])

    def by_scan(x):
        _, states = math.scan(lambda i, v: (v * x,), (x,), 3, batch("t"))
        return math.sum_(states[0].t[-1])

    def by_iterate(x):
        return math.sum_(math.iterate(lambda v: v * x, 3, x))

    for loss in (by_loop, by_scan, by_iterate):
        g = wrap_(math.gradient(loss, get_output=False))(x)
        np.testing.assert_allclose(g.numpy(), [4, 32])


def test_loops_over_non_uniform_tensors():
    v = stack([tensor([1.0, 2.0], spatial("x")), tensor([1.0], spatial("x"))], channel(vector="x,y"))
    for run in (lambda f: f, math.jit_compile):
        out, states = run(lambda v: math.scan(lambda i, v: (v * 2,), (v,), 2, batch("t")))(v)
        assert out[0].vector["y"].numpy().tolist() == [4]
        assert states[0].vector["x"].t[1].numpy().tolist() == [4, 8]


def test_scan_needs_a_step(x):
    with pytest.raises(ValueError, match="at least one step"):
        math.scan(lambda i, v: (v,), (x,), 0, batch("t"))


# --- status ---


def test_reports_come_out_of_branches_and_loops(x):
    def in_cond(x, limit):
        return math.cond(x.x[0] > 0, lambda x: checked(x, limit), lambda x: x + checked(x.x[0], limit), x)

    def in_while(x, limit):
        return math.while_loop(lambda v, n: n < 4, lambda v, n: (checked(v * 2, limit), n + 1), (x, 0))

    def in_fori(x, limit):
        return math.fori_loop(4, lambda i, v: (checked(v * 2, limit),), (x,))

    def in_scan(x, limit):
        return math.scan(lambda i, v: (checked(v * 2, limit),), (x,), 4, batch("t"))

    for f, largest in ((in_cond, 2), (in_while, 16), (in_fori, 16), (in_scan, 16)):
        compiled = math.jit_compile(f)
        compiled(x, 100.0)
        with pytest.raises(TooLarge, match=f"^{largest}$"):
            compiled(x, 1.0 if largest == 2 else 8.0)
        compiled(x, 100.0)
        assert compiled.traces == 1, f.__name__


def test_the_first_failure_of_a_loop_is_kept(x):
    f = math.jit_compile(lambda x: math.fori_loop(3, lambda i, v: (checked(-v, 1.5),), (x,)))
    with pytest.raises(TooLarge, match=r"^1$|^2$"):
        f(x)


def test_eager_reports_raise_at_once(x):
    seen = []

    def body(i, v):
        seen.append(i)
        return (checked(v * 2, 5.0),)

    with pytest.raises(TooLarge, match=r"^8$"):
        math.fori_loop(10, body, (x,))
    assert seen == [0, 1]


def test_reports_through_nested_transforms_and_listeners(x):
    heard = []
    inner = math.jit_compile(lambda x: checked(x * 2, 100.0))
    outer = math.jit_compile(lambda x: inner(x) + math.iterate(inner, 2, x))
    with status.listen(heard.append):
        outer(x)
        math.iterate(inner, 3, x)
    assert [float(r.values["v"].max) for r in heard] == [4, 8, 16]
    assert all(r.name == "size" and not r.failed.any for r in heard)


# --- iterate ---


def test_iterate_compiled_python_and_traced_agree(x):
    def step(v, k=2.0):
        return v * k + 1

    compiled = math.jit_compile(step)
    expected = x.numpy()
    for _ in range(6):
        expected = expected * 1.5 + 1
    for f in (step, compiled):
        out = math.iterate(f, 6, x, f_kwargs={"k": 1.5})
        np.testing.assert_allclose(out.numpy(), expected, rtol=1e-6)
        np.testing.assert_allclose(math.iterate(f, 3, x, f_kwargs={"k": 1.5}, substeps=2).numpy(), expected, rtol=1e-6)
        path = math.iterate(f, batch(time=6), x, f_kwargs={"k": 1.5})
        assert path.shape.get_size("time") == 7
        np.testing.assert_allclose(path.time[0].numpy(), x.numpy())
        np.testing.assert_allclose(path.time[-1].numpy(), expected, rtol=1e-6)
        assert math.iterate(f, 0, x).numpy().tolist() == [1, 2]
        assert math.iterate(f, batch(time=0), x).shape.get_size("time") == 1


def test_iterate_of_several_values_and_auxiliary_args(x):
    @math.jit_compile(auxiliary_args="n")
    def step(a, s, n=1):
        return a * n, State(s.value + math.sum_(a), s.count + 1)

    a, s = math.iterate(step, 9, x, State(0.0), f_kwargs={"n": 2})
    assert a.numpy().tolist() == [512, 1024] and int(s.count) == 9 and float(s.value) == 3 * 511
    path = math.iterate(step, batch(t=3), x, State(0.0), f_kwargs={"n": 2}, chunk=2)
    assert path[1].count.numpy().tolist() == [0, 1, 2, 3]


def test_chunks_leave_python_its_turn(x):
    step = math.jit_compile(lambda v: v + 1)
    seen = []

    def progress(done, total):
        seen.append((done, total))
        if done >= 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        math.iterate(step, 1000, x, progress=progress)
    assert seen == [(4, 1000), (12, 1000)]
    program = step._chunks[1, None]
    math.iterate(step, 70, x, progress=lambda done, total: None)
    assert program.traces == 1  # the number of steps is a leaf
    seen.clear()
    math.iterate(step, 5, x, chunk=2, progress=lambda *a: seen.append(a))
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_measure(x):
    times = iter(range(100))
    out, total = math.iterate(lambda v: v * 2, 3, x, measure=lambda: next(times))
    assert out.numpy().tolist() == [8, 16] and total == 3
    path, each = math.iterate(math.jit_compile(lambda v: v * 2), batch(t=3), x, measure=lambda: float(next(times)))
    assert path.shape.get_size("t") == 4 and each.numpy().tolist() == [1, 1, 1]


def test_iterate_errors(x):
    with pytest.raises(ShapeError, match=r"one dim with a size, e.g. batch\(time=100\)"):
        math.iterate(lambda v: v, batch("t"), x)
