"""Derivatives of values of any shape: Jacobians, per example, Hessians, products with them."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import NoGradient
from phiml_core.math import batch, channel, dual, instance, spatial, tensor
from phiml_core.shape import ShapeError

from ..claims import capability, claimed
from .values import State, close, vector

RUNS = {"eager": lambda f: f, "compiled": math.jit_compile}
EVERY = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
W = np.array([[1.0, 2, 3], [4, 5, 6]])
X = np.array([1.0, -2, 3])


def weights():
    return tensor(W, channel("y"), spatial("x"))


def model(x, w):
    """y = w · x²; its Jacobian by x is 2 w x, by w it is δ x²."""
    return math.sum_(w * x**2, "x")


@EVERY
@capability("gradient")
def test_jacobian(run, place, double):
    with claimed(place, "gradient"):
        value, by_x = run(math.jacobian(model))(vector(*X), weights())
        close(value, W @ X**2)
        assert by_x.shape == dual(x=3) & channel(y=2)
        close(by_x, (2 * W * X).T if by_x.shape.names[0] == "~x" else 2 * W * X, 1e-12)
        by_x, by_w = run(math.jacobian(model, "x,w", get_output=False))(vector(*X), weights())
        np.testing.assert_allclose(by_x.numpy("y,~x"), 2 * W * X, rtol=1e-12)
        np.testing.assert_allclose(by_w.numpy("y,~y,~x"), np.eye(2)[:, :, None] * X**2, rtol=1e-12)


@EVERY
@capability("gradient")
def test_it_is_a_matrix(run, place, double):
    """Its product with a change of x is the change of the value, as jvp says; with a cotangent it is what vjp says."""
    with claimed(place, "gradient"):
        x, w, dx = vector(*X), weights(), vector(0.3, -0.1, 2)
        j = math.jacobian(model, get_output=False)(x, w)
        value, change = math.jvp(run(model), (x, w), (dx, None))
        close(value, W @ X**2)
        np.testing.assert_allclose((j.numpy("y,~x") @ dx.numpy()), change.numpy(), rtol=1e-12)
        _, pull_back = math.vjp(run(model), x, w)
        slope = tensor([0.5, -2.0], channel("y"))
        for scale in (1, 3):
            by_x, by_w = pull_back(slope * scale)
            np.testing.assert_allclose(slope.numpy() @ j.numpy("y,~x") * scale, by_x.numpy(), rtol=1e-12)
            np.testing.assert_allclose(by_w.numpy("y,x"), np.outer(slope.numpy(), X**2) * scale, rtol=1e-12)


@EVERY
@capability("gradient")
def test_several_directions(run, place, double):
    """A batch of tangents is a batch of products."""
    with claimed(place, "gradient"):
        x, w = vector(*X), weights()
        directions = tensor(np.eye(3), batch("direction"), spatial("x"))
        value, change = math.jvp(run(model), (x, w), (directions, None))
        np.testing.assert_allclose(change.numpy("y,direction"), 2 * W * X, rtol=1e-12)
        close(value.direction[1], W @ X**2)


@EVERY
@capability("gradient")
def test_more_values_than_arguments_and_fewer(run, place, double):
    """Whichever way is chosen, against differences."""
    with claimed(place, "gradient"):
        for n, m in ((2, 5), (5, 2), (1, 1)):
            a = np.linspace(0.1, 1, n * m).reshape(m, n)
            t = tensor(a, channel("y"), spatial("x"))
            f = lambda x, t=t: math.sin(math.sum_(t * x, "x"))
            x = np.linspace(0.5, 1, n)
            j = run(math.jacobian(f, get_output=False))(tensor(x, spatial("x"))).numpy("y,~x")
            numeric = [(np.sin(a @ (x + e)) - np.sin(a @ (x - e))) / 2e-6 for e in 1e-6 * np.eye(n)]
            np.testing.assert_allclose(j, np.array(numeric).T, rtol=1e-7)


@EVERY
@capability("gradient")
def test_trees_and_auxiliary_values(run, place):
    with claimed(place, "gradient"):
        state = State(vector(1, 2), 3)
        (value, extra), j = run(math.jacobian(lambda s, k: (s.value**2 * k, {"k": k})))(state, tensor(2.0))
        close(value, [2, 8])
        close(extra["k"], 2)
        np.testing.assert_allclose(j.value.numpy("x,~x"), np.diag([4, 8]))
        assert j.label == "s" and float(math.sum_(j.count, j.count.shape)) == 0


@EVERY
@capability("gradient")
def test_per_example(run, place, double):
    """Each example by itself, and by what all share; the work is that of one example's values, not of all."""
    with claimed(place, "gradient"):
        xs = np.stack([X, X + 1, X * 2, X - 3])
        x, w = tensor(xs, batch("b"), spatial("x")), weights()
        calls = []

        def f(x, w):
            calls.append(x.shape)
            return model(x, w)

        by_x, by_w = run(math.batch_jacobian(f, "x,w", get_output=False))(x, w)
        np.testing.assert_allclose(by_x.numpy("b,y,~x"), 2 * W * xs[:, None], rtol=1e-12)
        assert by_w.shape == batch(b=4) & channel(y=2) & dual(y=2, x=3)
        np.testing.assert_allclose(by_w.numpy("b,y,~y,~x"), np.eye(2)[:, :, None] * xs[:, None, None] ** 2, rtol=1e-12)
        assert len(calls) <= 3  # once, and where shapes are found out; not once per example
        full = math.jacobian(model, get_output=False)(x, w)
        np.testing.assert_allclose(
            full.numpy("b,y,~b,~x"), np.eye(4)[:, None, :, None] * (2 * W * xs[:, None])[:, :, None], atol=1e-12
        )


@capability("gradient")
def test_examples_that_mix_are_refused(place):
    with claimed(place, "gradient"):
        x = tensor(np.ones((2, 3)), batch("b"), spatial("x"))
        with pytest.raises(ShapeError, match=r"lacks the batch dims \(bᵇ=2\).*mixes examples"):
            math.batch_jacobian(lambda x: math.sum_(x, "b"))(x)


@EVERY
@capability("second gradient")
def test_hessian(run, place, double):
    with claimed(place, "second gradient"):
        f = lambda x, k: math.sum_(x) ** 3 * k
        x = vector(1, 2)
        value, grad, matrix = run(math.hessian(f))(x, tensor(2.0))
        assert float(value) == 54
        close(grad, [54, 54])
        assert matrix.shape == spatial(x=2, x_=2)
        close(matrix, np.full((2, 2), 36.0))
        (matrix,) = run(math.hessian(f, get_output=False, get_gradient=False, dim_suffixes=None))(x, tensor(2.0))
        assert matrix.shape == spatial(x=2) & dual(x=2)
        _, (rows, (across, last)) = run(math.hessian(f, "x,k", get_output=False))(x, tensor(2.0))
        close(rows[1], [27, 27])
        close(across, [27, 27])
        assert float(last) == 0


@capability("second gradient")
def test_hessians_of_examples(place, double):
    with claimed(place, "second gradient"):
        xs = np.array([[1.0, 2], [3, 4], [5, 6]])
        x = tensor(xs, batch("b"), instance("points"))
        value, grad, matrix = math.hessian(lambda x: math.sum_(x**3), dim_suffixes=("_a", "_b"))(x)
        assert value.shape == batch(b=3)
        close(grad, 3 * xs**2)
        np.testing.assert_allclose(matrix.numpy("b,points_a,points_b"), 6 * xs[:, :, None] * np.eye(2))


@EVERY
@capability("second gradient")
def test_through_hand_written_derivatives_and_loops(run, place):
    """Where JAX has no forward mode, and where it has no reverse mode."""
    with claimed(place, "second gradient"):
        cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (g * i[0] ** 2 * 3,))
        _, tangent = math.jvp(run(cube), (vector(1, 2),), (vector(1, 10),))
        close(tangent, [3, 120])
        j = run(math.jacobian(lambda x: math.fori_loop(3, lambda i, v: (v * x,), (x,))[0], get_output=False))
        np.testing.assert_allclose(j(vector(1, 2)).numpy("x,~x"), np.diag([4, 32]), rtol=1e-5)


@capability("gradient")
def test_errors(place):
    with claimed(place, "gradient"):
        x = vector(1, 2)
        with pytest.raises(TypeError, match="wrt names y"):
            math.jacobian(lambda x: x, "y")
        with pytest.raises(TypeError, match=r"argument 'x' holds no floating point values"):
            math.jacobian(lambda x: x * 1.0)(tensor([1, 2], spatial("x")))
        with pytest.raises(TypeError, match="needs a tensor, but f returned dict"):

            def f(x):
                return {"x": x}

            math.jacobian(f)(x)
        with pytest.raises(TypeError, match=r"needs real floating point values, but .* returned complex64"):
            math.jacobian(lambda x: x * 1j)(x)
        with pytest.raises(ShapeError, match="cannot stand in one tensor"):
            math.jacobian(lambda t: t * 2)(tensor(np.ones((2, 2)), channel("y"), dual("y")))
        with pytest.raises(TypeError, match="argument 's' must be a tensor"):
            math.hessian(lambda s: s.value)(State(tensor(1.0)))
        with pytest.raises(TypeError, match="one tangent per argument, but there are 1 arguments and 2 tangents"):
            math.jvp(lambda x: x, (x,), (x, x))
        _, pull_back = math.vjp(lambda x: x * 2, x)
        with pytest.raises(TypeError, match=r"cotangent of .* has dims"):
            pull_back(tensor(np.ones((2, 2)), spatial("x"), channel("c")))
        with pytest.raises(TypeError, match="must keep the structure"):
            pull_back((x, x))


def test_without_derivatives(place):
    if place.can_differentiate:
        return
    x = vector(1, 2)
    for call in (
        lambda: math.jacobian(lambda x: x)(x),
        lambda: math.batch_jacobian(lambda x: x)(x),
        lambda: math.hessian(lambda x: math.sum_(x))(x),
        lambda: math.vjp(lambda x: x, x),
        lambda: math.jvp(lambda x: x, (x,), (x,)),
    ):
        with pytest.raises(NoGradient, match="pip install"):
            call()


@EVERY
@capability("gradient")
def test_print_gradient(run, place, capsys):
    with claimed(place, "gradient"):
        f = run(math.gradient(lambda x: math.sum_(math.print_gradient(x, "x", detailed=True) ** 2), get_output=False))
        close(f(vector(1, 2)), [2, 4])
        printed = capsys.readouterr().out
        assert ("Gradient of x" in printed and "[2.0, 4.0]" in printed) or run is math.jit_compile
    close(math.print_gradient(vector(1, 2)), [1, 2])
