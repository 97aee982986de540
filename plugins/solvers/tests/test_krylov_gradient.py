"""Derivatives that are special to methods: least squares with a residual, closures, second order, settings of the adjoint system.

Those of every method by right-hand side and coefficients, on every backend, are in the conformance kit.
"""

import importlib.util

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import Solve, channel, dual, record_solves, solve_linear, spatial
from phiml_core.transform import gradient, jit_compile
from phiml_solvers import DenseMatrix, Stencil
from solver_grids import tensor

DIFFERENTIABLE = [
    name
    for name, package in {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}.items()
    if importlib.util.find_spec(package)
]
XY = spatial("x,y")
STEP = 1e-5


@pytest.fixture(params=DIFFERENTIABLE)
def differentiable(request):
    with math.backend(request.param), math.precision(64):
        yield request.param


def check(grad, along, value, at):
    """A gradient in a direction against central differences of `value(array)`; relative error < 1e-6."""
    expected = (value(at + STEP * along) - value(at - STEP * along)) / (2 * STEP)
    terms = grad * along
    assert abs(terms.sum() - expected) <= 1e-6 * max(np.abs(terms).sum(), abs(expected))


@pytest.mark.parametrize("shape", [(9, 5), (5, 9)], ids=["least squares", "least norm"])
@pytest.mark.parametrize("method", ["lsmr", "scipy-lsmr"])
def test_least_squares(shape, method, differentiable, rng):
    """Compiled, where a residual is left; eager, where the solution of least norm is one of many."""
    if method == "scipy-lsmr" and differentiable != "jax":
        return
    a, y, probe = rng.normal(size=shape), rng.normal(size=shape[0]), rng.normal(size=shape[1])
    settings = Solve(method, rel_tol=1e-12, suppress=(math.NotConverged,))

    def loss(a, y):
        operator = DenseMatrix(a)
        return math.sum_(solve_linear(operator, y, settings) ** 3 * tensor(probe, channel("column")), "column")

    def by_numpy(a, y):
        return float(((np.linalg.pinv(a) @ y) ** 3 * probe).sum())

    given = tensor(a, channel("row"), dual("column")), tensor(y, channel("row"))
    derivative = gradient(loss, "a,y", get_output=False)
    by_a, by_y = (jit_compile(derivative) if shape == (9, 5) else derivative)(*given)
    check(by_a.numpy("row,~column"), rng.normal(size=shape), lambda a: by_numpy(a, y), a)
    check(by_y.numpy("row"), rng.normal(size=shape[0]), lambda y: by_numpy(a, y), y)


def stencil(c):
    return Stencil.of(
        {(0, 0): 4.0 + c * c, (1, 0): -1.4, (-1, 0): -0.6, (0, 1): -1.0, (0, -1): -1.0}, spatial(x=5, y=4)
    )


def by_numpy(c, y, probe):
    with math.backend("numpy"):
        columns = stencil(tensor(c, XY))(tensor(np.eye(20).reshape(20, 5, 4), math.batch("column"), XY))
        matrix = columns.numpy("x,y,column").reshape(20, 20)
    return float((np.linalg.solve(matrix, y.ravel()) ** 3 * probe.ravel()).sum())


@pytest.mark.parametrize("method", ["biCG-stab", "direct"])
def test_closures(method, differentiable, rng):
    """A lambda that captures what is differentiated, eager and compiled, also one that cannot be traced."""
    c0, y0, probe = rng.uniform(0.5, 1, (5, 4)), rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    settings = Solve(method, rel_tol=1e-13, suppress=(math.NotConverged,))

    def loss(c, traceable):
        def scaled(x):
            if not traceable and type(x).__name__ not in ("Dense", "Stacked"):
                raise NotImplementedError("for numbers only")
            return base(x) + c * c * x

        base = stencil(0.0 * tensor(c0, XY))
        x = solve_linear(lambda x: scaled(x), tensor(y0, XY), settings)
        return math.sum_(x * x * x * tensor(probe, XY), "x,y")

    along = rng.normal(size=(5, 4))
    derivative = gradient(loss, "c", get_output=False)
    compiled = jit_compile(derivative)
    for run, traceable in ((derivative if differentiable == "torch" else compiled, True), (compiled, False)):
        grad = run(tensor(c0, XY), traceable).numpy("x,y")
        check(grad, along, lambda c: by_numpy(c, y0, probe), c0)


@pytest.mark.parametrize("method", ["GMres", "direct"])
def test_second_derivatives(method, differentiable, rng):
    """By right-hand side and coefficients mixed, against differences of the gradient."""
    c0, y0, probe = rng.uniform(0.5, 1, (5, 4)), rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    settings = Solve(method, rel_tol=1e-13, suppress=(math.NotConverged,))
    first, second = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))

    def loss(c, y):
        x = solve_linear(stencil(c), y, settings)
        return math.sum_(x * x * x * tensor(probe, XY), "x,y")

    def slope(c, y):
        return math.sum_(gradient(loss, "c", get_output=False)(c, y) * tensor(first, XY), "x,y")

    y = tensor(y0, XY)
    mixed = gradient(slope, "y", get_output=False)(tensor(c0, XY), y).numpy("x,y")
    check(mixed, second, lambda y: float(slope(tensor(c0, XY), tensor(y, XY))), y0)


def test_the_adjoint_system_has_settings(differentiable, rng):
    y = tensor(rng.normal(size=(5, 4)), XY)
    operator = stencil(tensor(np.ones((5, 4)), XY))

    def loss(y, settings):
        return math.sum_(solve_linear(operator, y, settings), "x,y")

    derivative = gradient(loss, "y", get_output=False)
    plain = derivative(y, Solve("direct"))
    with record_solves() as tape:
        other = derivative(y, Solve("direct", gradient_solve=Solve("GMres", rel_tol=1e-12)))
    np.testing.assert_allclose(other.numpy("x,y"), plain.numpy("x,y"), atol=1e-9)
    assert any("GMRES" in info.method for info in tape) or differentiable != "jax"


def test_singular_matrices(differentiable, rng):
    """Of a matrix that is singular by its values: the cotangent of y has no part that y cannot have."""
    a = rng.normal(size=(6, 4))
    matrix, probe = a @ a.T, rng.normal(size=6)

    def loss(y):
        x = solve_linear(DenseMatrix(tensor(matrix, channel("v"), dual("v")), symmetric=True), y, "direct")
        return math.sum_(x * tensor(probe, channel("v")), "v")

    y = tensor(matrix @ rng.normal(size=6), channel("v"))
    grad = gradient(loss, get_output=False)(y).numpy("v")
    np.testing.assert_allclose(grad, np.linalg.pinv(matrix, rcond=1e-10) @ probe, atol=1e-7)


def test_preprocessing_is_differentiated(differentiable, rng):
    y0 = rng.normal(size=(5, 4))
    operator = stencil(tensor(np.ones((5, 4)), XY))
    settings = Solve("direct", preprocess_y=lambda y: y * y)
    grad = gradient(lambda y: math.sum_(solve_linear(operator, y, settings), "x,y"), get_output=False)(tensor(y0, XY))
    plain = gradient(lambda y: math.sum_(solve_linear(operator, y, "direct"), "x,y"), get_output=False)(
        tensor(y0 * y0, XY)
    )
    np.testing.assert_allclose(grad.numpy("x,y"), 2 * y0 * plain.numpy("x,y"), rtol=1e-9)


@pytest.mark.parametrize("name", ["CG", "GMres"])
def test_preconditioners_may_read_what_is_differentiated(name, differentiable, rng):
    y, at = rng.normal(size=8), rng.uniform(1, 2, 8)

    def loss(k):
        preconditioned = Solve(name, preconditioner=lambda r: r / (k + 2))
        x = solve_linear(lambda u: k * u - math.laplace(u, padding=0), tensor(y, spatial("x")), preconditioned)
        return math.sum(x**2)

    def by_numpy(k):
        matrix = np.diag(k + 2) - np.eye(8, k=1) - np.eye(8, k=-1)
        return float((np.linalg.solve(matrix, y) ** 2).sum())

    derivative = gradient(loss, get_output=False)(tensor(at, spatial("x"))).numpy("x")
    check(derivative, rng.normal(size=8), by_numpy, at)
