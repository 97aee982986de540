"""Derivatives of functions of trees."""

import dataclasses

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.backend.backend import NoGradient
from phiml_core.math import batch, channel, spatial, stack, tensor, wrap
from phiml_core.shape import ShapeError
from phiml_core.transform import GradientMismatch


@pytest.fixture
def x():
    return tensor([1.0, 2.0], spatial("x"))


@dataclasses.dataclass(frozen=True)
class State:
    velocity: object
    step: object
    name: str = "s"
    __value_attrs__ = ("velocity", "step")


def f(x, y=2.0):
    return math.sum_(x**2 * y), x * 2


def test_return_conventions(x):
    """Those of ΦML for given `wrt`; without it the gradient by the first parameter, alone."""
    (loss, aux), g = math.gradient(f, "x")(x, 3.0)
    assert float(loss) == 15 and aux.numpy().tolist() == [2, 4] and g.numpy().tolist() == [6, 12]
    assert math.gradient(f, "x", get_output=False)(x, 3.0).numpy().tolist() == [6, 12]
    assert math.gradient(f, get_output=False)(x, y=3.0).numpy().tolist() == [6, 12]
    _, (gx, gy) = math.gradient(f, "x, y")(x, 3.0)
    assert gx.numpy().tolist() == [6, 12] and float(gy) == 5
    gy, gx = math.gradient(f, ("y", "x"), get_output=False)(x)
    assert gx.numpy().tolist() == [4, 8] and float(gy) == 5
    (g,) = math.gradient(f, ["x"], get_output=False)(x)
    assert g.numpy().tolist() == [4, 8]
    (loss, _), g = math.value_and_gradient(f)(x)
    assert float(loss) == 10 and g.numpy().tolist() == [4, 8]


def test_trees(x):
    def loss(s, n):
        return math.sum_(s["a"][0].velocity * s["b"]) * n + s["a"][1]

    s = {"a": (State(x, 3), 5.0), "b": x}
    for function in (loss, math.jit_compile(loss)):
        g = math.gradient(function, "s", get_output=False)(s, 2)
        assert g["a"][0].velocity.numpy().tolist() == [2, 4]
        assert g["b"].numpy().tolist() == [2, 4]
        assert float(g["a"][1]) == 1
        assert int(g["a"][0].step) == 0 and g["a"][0].name == "s"


def test_batches_have_gradients_of_their_own():
    b = tensor([[1.0, 2.0], [3.0, 4.0]], batch("b"), spatial("x"))
    loss, g = math.gradient(lambda x: math.sum_(x**2, "x"))(b)
    assert loss.shape.names == ("b",)
    np.testing.assert_allclose(g.native("b,x"), [[2, 4], [6, 8]])
    g = math.gradient(lambda x: math.l2_loss(math.expand(x, batch(c=3))), get_output=False)(tensor(2.0))
    assert float(g) == 6  # a constant dim counts as often as it is long


def test_nan_stays_where_it_is():
    g = math.gradient(lambda a, b: math.sum_(a) + math.sum_(b) * float("inf"), "a,b", get_output=False)(
        tensor([1.0, np.nan], spatial("x")), tensor([1.0], spatial("y"))
    )
    assert g[0].numpy().tolist() == [1, 1]
    assert g[1].numpy().tolist() == [np.inf]


def test_complex():
    z = tensor(np.array([1 + 2j, 3 - 1j], np.complex64), spatial("x"))
    g = math.gradient(lambda z: math.sum_(math.real(z) ** 2 + 3 * math.imag(z)), get_output=False)(z)
    np.testing.assert_allclose(g.numpy(), [2 - 3j, 6 - 3j])  # ∂/∂x − i ∂/∂y, on all backends


def test_second_order_and_mixtures_with_compilation(x):
    def cube(x):
        return math.sum_(x**3)

    def curvature(x):
        return math.sum_(math.gradient(cube, get_output=False)(x))

    expected = [6, 12]
    for second in (
        math.gradient(curvature, get_output=False),
        math.jit_compile(math.gradient(curvature, get_output=False)),
        math.gradient(math.jit_compile(curvature), get_output=False),
        math.gradient(
            lambda x: math.sum_(math.jit_compile(math.gradient(cube, get_output=False))(x)), get_output=False
        ),
    ):
        np.testing.assert_allclose(second(x).numpy(), expected)


def test_compiled_gradient_is_one_trace(x):
    g = math.jit_compile(math.gradient(lambda x, dt: math.sum_(x * dt) ** 2, "x,dt"))
    for dt in (1.0, 2.0, 3.0):
        loss, (gx, gdt) = g(x, dt)
        np.testing.assert_allclose(float(loss), (3 * dt) ** 2)
        np.testing.assert_allclose(gx.numpy(), [6 * dt * dt] * 2)
        np.testing.assert_allclose(float(gdt), 18 * dt)
    assert g.traces == 1
    assert g.__name__ == "<lambda>"


def test_gradient_through_a_compiled_function_with_auxiliary_args(x):
    @math.jit_compile(auxiliary_args="n")
    def power(x, n):
        return math.sum_(x**n)

    assert math.gradient(power, "x", get_output=False)(x, 2).numpy().tolist() == [2, 4]
    g = math.gradient(lambda x: power(x, n=3), get_output=False)(x)
    np.testing.assert_allclose(g.numpy(), [3, 12])


def test_non_uniform_tensors(x):
    v = stack([x, tensor([1.0, 2.0, 3.0], spatial("x"))], channel(vector="x,y"))
    g = math.gradient(lambda v: math.sum_(v.vector["x"] ** 2) + math.sum_(v.vector["y"]), get_output=False)(v)
    assert g.vector["x"].numpy().tolist() == [2, 4]
    assert g.vector["y"].numpy().tolist() == [1, 1, 1]


def test_stop_gradient(x):
    g = math.gradient(lambda x: math.sum_(x * math.stop_gradient({"a": x})["a"]), get_output=False)(x)
    assert g.numpy().tolist() == [1, 2]
    v = stack([x, 2 * x], channel("vector"))
    assert math.stop_gradient(v).native("vector,x").tolist() == [[1, 2], [2, 4]]


def test_errors(x):
    with pytest.raises(TypeError, match=r"gradient: wrt names z, but f has \(x, y=2.0\)"):
        math.gradient(f, "z")
    with pytest.raises(ShapeError, match=r"needs a scalar loss.*<lambda> returned \(xˢ=2\).*l2_loss"):
        math.gradient(lambda x: x)(x)
    with pytest.raises(TypeError, match="real floating point loss, but <lambda> returned int32"):
        math.gradient(lambda x: math.sum_(math.cast(x, int)))(x)
    with pytest.raises(TypeError, match="returned None"):
        math.gradient(lambda x: None)(x)
    with pytest.raises(TypeError, match=r"argument 'x' holds no floating point values.*Give it as float"):
        math.gradient(lambda x: math.sum_(x))(tensor([1, 2], spatial("x")))
    with backend("numpy"), pytest.raises(NoGradient, match="pip install phiml-jax"):
        math.gradient(lambda x: math.sum_(x))(wrap([1.0, 2.0], spatial("x")))


def test_while_loop_has_no_reverse_derivative(x):
    def loss(x):
        return math.sum_(math.while_loop(lambda v: math.sum_(v) < 10, lambda v: (v * 2,), (x,))[0])

    with pytest.raises(NoGradient, match="fixed number of steps"):
        math.jit_compile(math.gradient(loss))(x)


def test_numpy_arguments_are_differentiated_by_the_default_backend():
    g = math.gradient(lambda x: math.sum_(x**2), get_output=False)(wrap(np.array([1.0, 2.0], np.float32), spatial("x")))
    assert g.backend.name == "torch" and g.numpy().tolist() == [2, 4]
    g = math.gradient(lambda a, x: math.sum_(x) * a**2, "a", get_output=False)(3.0, tensor([1.0, 2.0], spatial("x")))
    assert float(g) == 18


# --- check_gradient ---


def test_check_gradient():
    s = State(tensor([0.3, 0.7], spatial("x")), 3)
    check = math.check_gradient(lambda s, c: math.sum_(math.sin(s.velocity) * c), "s,c", s, 2.0)
    assert len(check.analytic) == 3 and check.max_error < 1e-7
    assert check.places[0] == ("s", {"x": 0})
    assert repr(check).startswith("GradientCheck(3 elements")
    assert math.check_gradient(lambda x: math.sum_(x**2))(tensor([1.0, 2.0], spatial("x"))).max_error < 1e-7


def test_check_gradient_names_where_they_part():
    wrong = math.custom_gradient(lambda x: x**2, lambda inputs, out, g: (g * inputs[0],))
    with pytest.raises(GradientMismatch, match=r"x\{'x': 1\}: derivative 2, difference 4") as error:
        math.check_gradient(lambda x: math.sum_(wrong(x)), "x", tensor([1.0, 2.0], spatial("x")))
    assert error.value.check.numeric[0] == pytest.approx(2, rel=1e-6)


def test_check_gradient_at_a_kink():
    def ramp(x):
        return math.where(x >= 0, x, 0.0)

    with pytest.raises(GradientMismatch):
        math.check_gradient(ramp, "x", 0.0)
    check = math.check_gradient(ramp, "x", 0.0, one_sided=True)
    assert check.numeric[0] == pytest.approx(1)


def test_check_gradient_of_many_elements():
    check = math.check_gradient(
        lambda x: math.l2_loss(x), "x", tensor(np.ones(100, np.float32), spatial("x")), samples=7
    )
    assert len(check.places) == 7
