"""Hand-written derivatives: used to any order, nested, in every transform, and refused where they would be wrong."""

import pytest

from phiml_core import math
from phiml_core.math import batch, tensor
from phiml_core.transform import CapturedGradient, status

from ..claims import capability, claimed
from .values import State, TooLarge, close, vector

BOTH = pytest.mark.parametrize("run", [lambda f: f, math.jit_compile], ids=["eager", "compiled"])


def marked(factor):
    """x³, whose hand-written derivative is `factor` times too large, to see that it is used."""
    return math.custom_gradient(lambda x: x**3, lambda inputs, out, g: (factor * 3 * g * inputs[0] ** 2,))


def grad(f):
    return math.gradient(lambda x: math.sum_(f(x)), get_output=False)


def need(run):
    return "compiled gradient" if run is math.jit_compile else "gradient"


@capability("gradient", "compiled gradient")
@BOTH
def test_is_used(run, place):
    cube = marked(10)
    close(run(cube)(vector(1, 2)), [1, 8])
    with claimed(place, need(run), "custom_gradient"):
        close(run(grad(cube))(vector(1, 2)), [30, 120])
        close(grad(run(cube))(vector(1, 2)), [30, 120])


@capability("second gradient")
@BOTH
def test_second_order_differentiates_the_hand_written_one(run, place):
    with claimed(place, "second gradient", "custom_gradient"):
        close(run(grad(grad(marked(10))))(vector(1, 2)), [60, 120])


@capability("second gradient")
@BOTH
def test_second_order_through_a_result_that_is_also_reported(run, place):
    def inverse(x):
        found = 1 / x
        status.report("size", math.max_(found, "x") > 1e3, {"found": found}, TooLarge)
        return found

    f = math.custom_gradient(inverse, lambda inputs, out, g: (-out * out * g,))
    with claimed(place, "second gradient", "custom_gradient"):
        close(run(grad(grad(f)))(vector(1, 2)), [2, 0.25])


@capability("second gradient")
@BOTH
def test_second_order_of_functions_that_return_what_they_are_given(run, place):
    by_input = math.custom_gradient(lambda x: x, lambda inputs, out, g: (g * inputs[0] ** 2,))
    by_output = math.custom_gradient(lambda x: (x, x), lambda inputs, out, g: ((g[0] + g[1]) * out[1] ** 2,))
    with claimed(place, "second gradient", "custom_gradient"):
        close(run(grad(grad(by_input)))(vector(1, 3)), [2, 6])
        close(run(grad(grad(lambda x: by_output(x)[0])))(vector(1, 3)), [2, 54])


@capability("second gradient")
def test_recursive_to_third_order(place):
    def power(n):
        """x^n, whose gradient is built of itself."""
        return math.custom_gradient(lambda x: x**n, lambda i, o, g: (g * n * power(n - 1)(i[0]),))

    with claimed(place, "second gradient", "custom_gradient"):
        f = power(4)
        for _ in range(3):
            f = math.gradient(f, get_output=False)
        assert abs(float(f(tensor(2.0))) - 48) < 1e-4


@capability("gradient", "compiled gradient")
@BOTH
def test_nested(run, place):
    inner = marked(10)
    outer = math.custom_gradient(lambda x: inner(x) * 2, lambda i, o, g: (g * inner(i[0]),))
    with claimed(place, need(run), "custom_gradient"):
        close(run(grad(outer))(vector(1, 2)), [1, 8])
        close(run(grad(lambda x: inner(inner(x))))(vector(1, 2)), [10 * 3 * 30, 10 * 3 * 64 * 120])


IN_CONTROL_FLOW = {
    "cond": lambda f, x: math.cond(x.x[0] > 0, f, lambda x: x, x),
    "fori_loop": lambda f, x: math.fori_loop(1, lambda i, x: (f(x),), (x,))[0],
    "scan": lambda f, x: math.scan(lambda i, x: (f(x),), (x,), 1, batch("t"))[1][0].t[0],
    "iterate": lambda f, x: math.iterate(f, 1, x),
    "while_loop": lambda f, x: math.while_loop(lambda x: math.sum_(x) < 8, lambda x: (f(x),), (x,))[0],
}


@capability("compiled gradient")
@pytest.mark.parametrize("name", IN_CONTROL_FLOW)
def test_inside_control_flow(name, place):
    cube, through = marked(10), IN_CONTROL_FLOW[name]
    close(math.jit_compile(lambda x: through(cube, x))(vector(1, 2)), [1, 8])
    if name != "while_loop":
        with claimed(place, "compiled gradient", name):
            close(math.jit_compile(grad(lambda x: through(cube, x)))(vector(1, 2)), [30, 120])


@capability("gradient", "compiled gradient")
@BOTH
def test_around_a_loop_of_unknown_length(run, place):
    """What an implicit derivative is made of: the loop is never differentiated."""

    def root(x):
        return math.while_loop(lambda y, n: n < 30, lambda y, n: (0.5 * (y + x / y), n + 1), (x, 0))[0]

    f = math.custom_gradient(root, lambda i, y, g: (g / (2 * y),))
    close(run(f)(vector(4, 9)), [2, 3])
    with claimed(place, need(run), "custom_gradient"):
        close(run(grad(f))(vector(4, 9)), [1 / 4, 1 / 6])


@capability("gradient")
@BOTH
def test_trees_and_none(run, place):
    def function(s, d, n):
        return {"sum": s.value + d["u"] * n, "count": n}

    def gradient(inputs, output, g):
        return State(g["sum"] * 2, None), {"u": g["sum"] * 5, "v": None}, None

    f = math.custom_gradient(function, gradient)

    def loss(s, d):
        return math.sum_(f(s, d, 3)["sum"])

    with claimed(place, need(run), "custom_gradient"):
        x = vector(1, 2)
        s, d = run(math.gradient(loss, "s,d", get_output=False))(State(x, 1.5), {"u": x, "v": x})
        close(s.value, [2, 2])
        close(d["u"], [5, 5])
        close(d["v"], [0, 0])


@capability("gradient")
def test_captured_values_are_refused_or_constant(place):
    """A derivative that would silently leave something out is an error; a value that is not differentiated is a constant."""
    with claimed(place, "gradient", "custom_gradient"):
        y = vector(5, 7)
        f = math.custom_gradient(lambda x: x * y, lambda i, o, g: (g * y,))
        close(grad(f)(vector(1, 2)), [5, 7])

        def captured(x):
            return math.sum_(math.custom_gradient(lambda a: a * x, lambda i, o, g: (g * 1.0,))(x))

        with pytest.raises(CapturedGradient, match="none of its arguments"):
            math.gradient(captured)(vector(1, 2))


@capability("gradient")
def test_wrong_gradients_are_named(place):
    with claimed(place, "gradient", "custom_gradient"):
        for wrong, message in (
            (lambda i, o, g: g, "tuple of 1 gradients"),
            (lambda i, o, g: (math.expand(g, batch(b=2)) * vector(1, 2, dim="b2"),), "has dims"),
        ):
            with pytest.raises(TypeError, match=message):
                grad(math.custom_gradient(lambda x: x * 1, wrong))(vector(1, 2))


@capability("compiled gradient")
def test_failures_in_the_backward_pass_are_nan(place):
    """An adjoint cannot raise in compiled code: what failed there is not a number, never a wrong number."""

    def backward(i, o, g):
        status.report("adjoint", g > 5, {"g": g}, lambda v: TooLarge("adjoint"))
        return (g,)

    f = math.custom_gradient(lambda x: x * 1, backward)
    with claimed(place, "compiled gradient", "custom_gradient"):
        program = math.jit_compile(math.gradient(lambda x, s: math.sum_(f(x) * s), "x", get_output=False))
        close(program(vector(1, 2), 2.0), [2, 2])
        found = program(vector(1, 2), 9.0).numpy("x")
        assert (found != found).all()
