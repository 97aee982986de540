"""Derivatives of solutions: implicit, by right-hand side and by coefficients, eager and compiled."""

from dataclasses import replace

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import batch, spatial, sum_
from phiml_core.solve import LinearProblem, Solve, solve, solve_linear
from phiml_core.transform import gradient, jit_compile
from phiml_solvers import Stencil, poisson
from solver_grids import OBSTACLES, SIDES, grid, largest, project, random_faces, tensor, weighted

TIGHT = Solve(rel_tol=1e-13, suppress=(Exception,))


def total(t):
    return sum_(t, t.shape)


def directional(function, value, direction, step=1e-5):
    """Central difference of a scalar function of an array."""
    return (float(function(value + step * direction)) - float(function(value - step * direction))) / (2 * step)


def check(function, array, dims, rng, rtol=1e-6):
    """The gradient by an argument, eager and compiled, against differences in random directions."""

    def of(values):
        return function(tensor(values, *dims))

    analytic = gradient(function, get_output=False)(tensor(array, *dims))
    compiled = jit_compile(lambda v: gradient(function, get_output=False)(v))(tensor(array, *dims))
    assert largest(analytic - compiled) < 1e-7 * max(1.0, largest(analytic))
    names = ",".join(n for d in dims for n in d.names)
    for _ in range(2):
        direction = rng.normal(size=np.shape(array))
        expected = directional(of, np.asarray(array, float), direction)
        found = float((analytic.numpy(names if names else None) * direction).sum())
        assert abs(found - expected) <= rtol * max(abs(expected), 1.0)


@pytest.mark.parametrize("method", ["transform", "CG", "direct"])
@pytest.mark.parametrize("sides", [("closed", "closed"), ("periodic", "open above")])
def test_by_right_hand_side(sides, method, jax_double, rng):
    operator = grid((7, 6), sides)
    probe = tensor(rng.normal(size=(7, 6)), spatial("x,y"))

    def loss(y):
        x, _ = solve(LinearProblem(operator, y), TIGHT.with_(method=method))
        return total(x * x * probe)

    check(loss, rng.normal(size=(7, 6)), [spatial("x,y")], rng)


@pytest.mark.parametrize("method", ["transform", "CG", "direct"])
def test_by_scale_and_shift(method, jax_double, rng):
    y = tensor(rng.normal(size=(7, 6)), spatial("x,y"))
    probe = tensor(rng.normal(size=(7, 6)), spatial("x,y"))

    def loss(coefficients):
        scale, shift = coefficients.c[0], coefficients.c[1]
        operator = poisson(spatial(x=7, y=6), 1.0, "neumann", shift=shift, scale=scale)
        return total(solve(LinearProblem(operator, y), TIGHT.with_(method=method))[0] * probe)

    check(loss, [-0.7, 1.3], [batch("c")], rng)


@pytest.mark.parametrize("sides, method", [("closed", "auto"), ("open above", "auto"), ("periodic", "direct")])
def test_by_face_weights(sides, method, jax_double, rng):
    operator = grid((8, 7), sides, OBSTACLES["disc"]((8, 7)))
    y = operator.divergence(weighted(operator, random_faces(operator, rng)))
    probe = operator.without_null_space(tensor(rng.normal(size=(8, 7)), spatial("x,y")))
    open_x = operator.weights[0].numpy("x,y")

    def loss(weights):
        # closed faces stay closed
        changed = replace(operator, weights=(weights * tensor(open_x, spatial("x,y")), operator.weights[1]))
        x, _ = solve(LinearProblem(changed, y), TIGHT.with_(method=method))
        return total(x * x * probe)

    check(loss, rng.uniform(0.3, 1, size=open_x.shape), [spatial("x,y")], rng, rtol=1e-5)


@pytest.mark.parametrize(
    "shape, sides", [(None, "closed"), (None, "periodic"), ("disc", "open above"), ("pocket", "closed")]
)
def test_projection(shape, sides, jax_double, rng):
    solid = shape and OBSTACLES[shape]((9, 8))
    operator = grid((9, 8), sides, solid)
    faces = random_faces(operator, rng)
    probe = random_faces(operator, rng)

    def loss(v):
        projected, _ = project(operator, [v, faces[1]], TIGHT)
        return total(projected[0] * projected[0] * probe[0]) + total(projected[1] * probe[1])

    check(loss, faces[0].numpy("x,y"), [spatial("x,y")], rng)


@pytest.mark.parametrize("sides", ["closed", "periodic", "open above"])
def test_low_modes_carry_their_share(sides, rng):
    """In single precision, where low modes are a part of their own: a projection is its own adjoint."""
    pytest.importorskip("phiml_jax")
    from phiml_core.backend import backend

    with backend("jax"):
        operator = grid((20, 24), ("closed" if sides == "open above" else sides, sides))
        faces, probe = random_faces(operator, rng), random_faces(operator, rng)
        half = [1.0] * 2
        if sides == "open above":  # the outer face bounds half a cell
            edge = np.ones(probe[1].shape.get_size("y"))
            edge[-1] = 0.5
            half[1] = tensor(edge, spatial("y"))

        def loss(v, w):
            return sum(total(p * q * h) for p, q, h in zip(project(operator, [v, w], Solve())[0], probe, half))

        grads = gradient(loss, "v,w", get_output=False)(*faces)
        expected, _ = project(operator, probe, Solve())
        for g, e, h in zip(grads, expected, half):
            assert largest(g - e * h) < 1e-4


def test_through_batches(jax_double, rng):
    """Coefficients without the batch dim of the right-hand side gather the gradients of all examples."""
    operator = grid((6, 5), "closed", OBSTACLES["disc"]((6, 5)))
    y = operator.divergence([v * w for v, w in zip(random_faces(operator, rng), operator.weights)])
    y = y * tensor([1.0, 2.0, -1.0], batch("b"))

    def loss(weights):
        changed = replace(operator, weights=(weights * operator.weights[0], operator.weights[1]))
        x, _ = solve(LinearProblem(changed, y), TIGHT)
        return total(x * x)

    check(loss, rng.uniform(0.5, 1, size=(5, 5)), [spatial("x,y")], rng, rtol=1e-5)


def test_tolerances_have_no_derivative(jax_double, rng):
    operator = grid((6, 5), "open", OBSTACLES["disc"]((6, 5)))
    y = tensor(rng.normal(size=(6, 5)), spatial("x,y")) * operator.active
    grad = gradient(lambda tol: total(solve(LinearProblem(operator, y), Solve(rel_tol=tol))[0]), get_output=False)(1e-3)
    assert float(grad) == 0


def test_by_coefficients_of_a_stencil(jax_double, rng):
    """Also of one that is not symmetric: its transpose is the derivative of its application."""
    y = tensor(rng.normal(size=(5, 4)), spatial("x,y"))
    probe = tensor(rng.normal(size=(5, 4)), spatial("x,y"))

    def loss(c):
        star = {(0, 0): 5.0 + c, (1, 0): -1.0 * c, (-1, 0): -0.5, (0, 1): 0.3, (1, 1): 0.2}
        stencil = Stencil.of(star, spatial(x=5, y=4), {"x": SIDES["closed"], "y": SIDES["periodic"]})
        return total(solve(LinearProblem(stencil, y), TIGHT.with_(method="direct"))[0] * probe)

    check(loss, rng.uniform(0, 1, size=(5, 4)), [spatial("x,y")], rng)


def test_by_arguments_of_a_function(jax_double, rng):
    box = grid((6, 5), "open")
    y = tensor(rng.normal(size=(6, 5)), spatial("x,y"))

    def loss(a):
        x = solve_linear(lambda x, a: (1 + a * a) * x - box(x), y, TIGHT.with_(method="CG"), a)
        return total(x * x)

    check(loss, 0.7, [], rng)


def test_second_derivative(jax_double, rng):
    operator = grid((6, 5), "open")
    probe = tensor(rng.normal(size=(6, 5)), spatial("x,y"))

    def loss(y):
        x, _ = solve(LinearProblem(operator, y), TIGHT)
        return total(x * x * x * probe)

    def slope(y):
        grad = gradient(loss, get_output=False)(y)
        return total(grad * grad)

    check(slope, rng.normal(size=(6, 5)), [spatial("x,y")], rng)


def test_an_adjoint_may_stop_at_rounding_where_the_solution_met_its_tolerance():
    """A tolerance near the precision that a right-hand side allows need not be possible for the adjoint one."""
    numbers = np.random.default_rng(0).standard_normal((48, 48)).astype(np.float32)

    def loss(y):
        x = math.solve_linear(
            lambda u: u - 30.0 * math.laplace(u, padding=0), y, math.Solve("CG", rel_tol=1e-6, x0=math.zeros_like(y))
        )
        return math.sum_(x**2, "x,y")

    with backend("jax"):
        y = math.tensor(numbers, spatial("x,y"))
        assert float(loss(y)) > 0  # converges
        slope = math.gradient(loss, "y", get_output=False)(y)
    assert np.isfinite(slope.numpy("x,y")).all()
