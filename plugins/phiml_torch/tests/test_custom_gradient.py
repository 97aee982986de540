"""Hand-written derivatives: to any order, nested, inside of every other transform, and refused where they would be wrong."""

import dataclasses

import numpy as np
import pytest
import torch
from phiml_core import math
from phiml_core.math import batch, channel, spatial, stack, tensor, wrap
from phiml_core.transform import CapturedGradient, status


@dataclasses.dataclass(frozen=True)
class Pair:
    a: object
    b: object
    kind: str = "pair"
    __value_attrs__ = ("a", "b")


@pytest.fixture
def x():
    return tensor([1.0, 2.0], spatial("x"))


def marked(factor):
    """x³, whose hand-written derivative is `factor` times too large, to see that it is used."""
    return math.custom_gradient(lambda x: x**3, lambda inputs, out, g: (factor * 3 * g * inputs[0] ** 2,))


def grad(function, value, **kwargs):
    return math.gradient(lambda x: math.sum_(function(x)), get_output=False)(value, **kwargs).numpy().tolist()


def test_is_used_eagerly_and_compiled(x):
    cube = marked(10)
    assert cube(x).numpy().tolist() == [1, 8]
    assert cube.__name__ == "<lambda>"
    assert grad(cube, x) == [30, 120]
    assert math.jit_compile(lambda x: math.gradient(lambda x: math.sum_(cube(x)), get_output=False)(x))(
        x
    ).numpy().tolist() == [30, 120]
    assert grad(math.jit_compile(cube), x) == [30, 120]


def test_second_order_differentiates_the_hand_written_gradient(x):
    cube = marked(10)
    assert grad(lambda x: math.gradient(lambda x: math.sum_(cube(x)), get_output=False)(x), x) == [60, 120]


def test_recursive_gradient_to_third_order():
    def power(n):
        """x^n; its gradient is built of itself."""
        return math.custom_gradient(lambda x: x**n, lambda i, o, g: (g * n * power(n - 1)(i[0]),))

    f = power(4)
    for _ in range(3):
        f = math.gradient(f, get_output=False)
    assert float(f(tensor(2.0))) == 48


def test_nested(x):
    inner = marked(10)
    outer = math.custom_gradient(lambda x: inner(x) * 2, lambda i, o, g: (g * inner(i[0]),))
    assert grad(outer, x) == [1, 8]
    assert grad(lambda x: inner(inner(x)), x) == [10 * 3 * 1 * 30, 10 * 3 * 64 * 120]


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("cond", lambda f, x: math.cond(x.x[0] > 0, f, lambda x: x, x)),
        ("fori_loop", lambda f, x: math.fori_loop(1, lambda i, x: (f(x),), (x,))[0]),
        ("scan", lambda f, x: math.scan(lambda i, x: (f(x),), (x,), 1, batch("t"))[1][0].t[0]),
        ("iterate", lambda f, x: math.iterate(f, 1, x)),
        ("while_loop", lambda f, x: math.while_loop(lambda x: math.sum_(x) < 8, lambda x: (f(x),), (x,))[0]),
    ],
)
def test_inside_control_flow(x, name, run):
    cube = marked(10)
    compiled = math.jit_compile(lambda x: run(cube, x))
    assert compiled(x).numpy().tolist() == [1, 8]
    if name != "while_loop":
        assert math.jit_compile(math.gradient(lambda x: math.sum_(run(cube, x)), get_output=False))(
            x
        ).numpy().tolist() == [30, 120]


def test_native_transforms():
    cube = marked(10)

    def native(a):
        return cube(wrap(a, spatial("x"))).native().sum()

    a = torch.tensor([1.0, 2.0])
    np.testing.assert_allclose(torch.func.grad(native)(a), [30, 120])
    np.testing.assert_allclose(
        torch.func.vmap(torch.func.grad(native))(torch.stack([a, 2 * a])), [[30, 120], [120, 480]]
    )
    np.testing.assert_allclose(torch.func.jacrev(torch.func.grad(native))(a), np.diag([60.0, 120.0]))


def test_trees_and_none(x):
    seen = {}

    def function(p, d, n, mode):
        seen["types"] = type(p).__name__, mode
        return {"sum": p.a + d["u"] * n, "mode": mode, "count": n}

    def gradient(inputs, output, g):
        _, _, n, mode = inputs
        assert output["mode"] == g["mode"] == mode == "m"
        assert int(n) == 3
        assert g["count"].dtype.kind is int
        return Pair(g["sum"] * 2, None), {"u": g["sum"] * 5, "v": None}, None, None

    f = math.custom_gradient(function, gradient)
    g = math.gradient(lambda p, d: math.sum_(f(p, d, 3, "m")["sum"]), "p,d", get_output=False)(
        Pair(x, x), {"u": x, "v": x}
    )
    assert g[0].a.numpy().tolist() == [2, 2] and g[0].b.numpy().tolist() == [0, 0] and g[0].kind == "pair"
    assert g[1]["u"].numpy().tolist() == [5, 5] and g[1]["v"].numpy().tolist() == [0, 0]
    assert seen["types"] == ("Pair", "m")


def test_dicts_in_another_order(x):
    f = math.custom_gradient(lambda d: d["a"] * d["b"], lambda i, o, g: ({"b": g * 7, "a": g * 5},))
    g = math.gradient(lambda d: math.sum_(f(d)), get_output=False)({"a": x, "b": x})
    assert g["a"].numpy().tolist() == [5, 5] and g["b"].numpy().tolist() == [7, 7]


def test_zero_gradients_of_infinite_inputs():
    f = math.custom_gradient(lambda a, b: a + 0 * b, lambda i, o, g: (g, None))
    g = math.gradient(lambda a, b: math.sum_(f(a, b)), "b", get_output=False)(
        tensor([1.0], spatial("x")), tensor([np.inf], spatial("x"))
    )
    assert g.numpy().tolist() == [0]


def test_gradients_in_another_layout(x):
    """A gradient may come with constant dims, in another order of dims, in another type, or non-uniform alike."""
    m = tensor(np.ones((2, 3), np.float32), spatial("x,y"))
    f = math.custom_gradient(lambda m: m * 2, lambda i, o, g: (math.expand(tensor(3), m.shape),))
    g = math.gradient(lambda m: math.sum_(f(m)), get_output=False)(m)
    assert g.native("x,y").tolist() == [[3] * 3] * 2
    v = stack([x, tensor([1.0], spatial("x"))], channel(vector="x,y"))
    f = math.custom_gradient(lambda v: v * 1, lambda i, o, g: (g * 4,))
    g = math.gradient(lambda v: math.sum_(f(v).vector["x"]), get_output=False)(v)
    assert g.vector["x"].numpy().tolist() == [4, 4] and g.vector["y"].numpy().tolist() == [0]


def test_wrong_gradients(x):
    def with_gradient(back):
        f = math.custom_gradient(lambda a, b: a * b, back)
        return lambda: math.gradient(lambda a: math.sum_(f(a, x)), get_output=False)(x)

    with pytest.raises(TypeError, match="must return a tuple of 2 gradients, one per argument, not 1"):
        with_gradient(lambda i, o, g: (g,))()
    with pytest.raises(TypeError, match="must return a tuple of 2 gradients, one per argument, not Dense"):
        with_gradient(lambda i, o, g: g)()
    with pytest.raises(TypeError, match=r"must keep shapes, but value goes from \(xˢ=3\) to \(xˢ=2\)"):
        with_gradient(lambda i, o, g: (tensor([1.0, 2.0, 3.0], spatial("x")), g))()
    with pytest.raises(TypeError, match=r"has dims \(bᵇ=2\) that its argument \(xˢ=2\) has not.  Sum over them"):
        with_gradient(lambda i, o, g: (math.expand(g, batch(b=2)), g))()
    with pytest.raises(TypeError, match="holds 'no' where a tensor or None must stand"):
        with_gradient(lambda i, o, g: ("no", g))()


def scaled_by(c):
    return math.custom_gradient(lambda x: x * c, lambda i, o, g: (g * c,))


def test_captured_values_that_are_constants_of_the_derivative(x):
    def loss(c, x):
        return math.sum_(scaled_by(c)(x))

    for g in (math.gradient(loss, "x", get_output=False), math.jit_compile(math.gradient(loss, "x", get_output=False))):
        assert g(x, x).numpy().tolist() == [1, 2]


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: math.sum_(scaled_by(x)(x)),
        lambda x: math.sum_(math.custom_gradient(lambda y: y * 2, lambda i, o, g: (g * x,))(x * 3)),
        lambda x: math.sum_(math.fori_loop(2, lambda i, c: (scaled_by(x)(c),), (x,))[0]),
    ],
    ids=["function", "gradient", "loop"],
)
def test_captured_values_that_are_differentiated_are_refused(x, loss):
    g = math.gradient(loss, get_output=False)
    with pytest.raises(CapturedGradient, match="pass the value as an argument"):
        g(x)
    with pytest.raises(CapturedGradient):
        math.jit_compile(g)(x)


def test_captured_values_with_stopped_gradient(x):
    def loss(x):
        return math.sum_(scaled_by(math.stop_gradient(x))(x))

    g = math.gradient(loss, get_output=False)
    assert g(x).numpy().tolist() == math.jit_compile(g)(x).numpy().tolist() == [1, 2]


# --- status ---


class TooLarge(ValueError):
    pass


def checked(value, limit=5.0):
    status.report("size", value > limit, {"v": value}, lambda values: TooLarge(f"{values['v'].numpy().tolist()}"))
    return value


def test_reports_of_the_function(x):
    f = math.custom_gradient(lambda x: checked(x * 2), lambda i, o, g: (g,))
    g = math.gradient(lambda x: math.sum_(f(x)))
    for run in (math.jit_compile(f), g, math.jit_compile(g)):
        run(x)
        with pytest.raises(TooLarge, match=r"\[2\.0, 8\.0\]"):
            run(tensor([1.0, 4.0], spatial("x")))


def test_failing_adjoint(x):
    f = math.custom_gradient(lambda x: x * 1, lambda i, o, g: (checked(g * i[0]),))
    g = math.gradient(lambda x: math.sum_(f(x)), get_output=False)
    assert g(x).numpy().tolist() == [1, 2]
    with pytest.raises(TooLarge):
        g(10 * x)
    compiled = math.jit_compile(g)
    assert compiled(x).numpy().tolist() == [1, 2]
    assert np.isnan(compiled(10 * x).numpy()).all()


def test_failing_adjoint_of_one_example():
    xs = tensor([[1.0, 1.0], [2.0, 9.0]], batch("b"), spatial("x"))

    def adjoint(inputs, output, g):
        failed = math.any_(inputs[0] > 5, "x")
        status.report("adjoint", failed, (), lambda values: TooLarge())
        return (g * 3,)

    f = math.custom_gradient(lambda x: x * 1, adjoint)
    g = math.jit_compile(math.gradient(lambda x: math.sum_(f(x), "x"), get_output=False))(xs)
    np.testing.assert_array_equal(g.native("b,x"), [[3, 3], [np.nan, np.nan]])


def test_barrier(x):
    from phiml_core.transform import barrier

    f = math.jit_compile(lambda x: barrier({"a": x * 2, "n": "s"}))
    out = f(x)
    assert out["a"].numpy().tolist() == [2, 4] and out["n"] == "s"
    assert barrier((x,))[0].numpy().tolist() == [1, 2]
    assert grad(lambda x: barrier(x * 2), x) == [2, 2]
