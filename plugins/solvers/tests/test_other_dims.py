"""Operators along some dims beside coefficients that vary along others: compositions keep both apart, as the dense matrices do."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import Solve, dual, precision, spatial, tensor
from phiml_solvers.assemble import assemble, assemble_between
from phiml_solvers.operator import DenseMatrix, Diagonal, Identity, Zero
from phiml_solvers.trace import structured

GRID = spatial(x=5, y=3)


@pytest.fixture(autouse=True)
def double():
    with precision(64):
        yield


def random(seed, dims=GRID):
    return tensor(np.random.default_rng(seed).uniform(0.5, 2, dims.sizes), dims.with_sizes((None,) * dims.rank))


def along_x(function):
    return structured(function, math.zeros(spatial(x=5)))


def square():
    values = np.random.default_rng(3).normal(size=(5, 5)) + 8 * np.eye(5)
    return DenseMatrix(tensor(values, spatial("x"), dual("x")))


OPERATORS = {
    "laplace": lambda: Identity() - along_x(math.laplace),
    "stencil": lambda: along_x(lambda x: 3 * x - math.roll(x, {"x": 1})),
    "dense": square,
}


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("dims", ["y", "x,y"])
@pytest.mark.parametrize("compose", ["sum", "product", "both"])
def test_coefficients_along_other_dims(name, dims, compose):
    A, k = OPERATORS[name](), random(1, GRID[dims])
    composed = {"sum": A + Diagonal(k), "product": Diagonal(k) @ A, "both": (A * k + Diagonal(k)) * 2}[compose]
    x, z = random(2), random(4)
    expected = {"sum": A(x) + k * x, "product": k * A(x), "both": 2 * (k * A(x) + k * x)}[compose]
    assert float(math.max(abs(composed(x) - expected))) < 1e-12
    left, right = math.sum(composed(x) * z, "x,y"), math.sum(x * composed.T(z), "x,y")
    assert abs(float(left - right)) < 1e-10
    for method in ("auto", "direct"):
        y = math.solve_linear(composed, x, Solve(method, rel_tol=1e-10))
        assert float(math.max(abs(composed(y) - x))) < 1e-7


def test_dims_of_products_with_scalars():
    A = square()
    for product in (Diagonal(2.0) @ A, A @ Diagonal(2.0), Diagonal(2.0) @ A @ Diagonal(3.0)):
        assert product.domain == product.range == spatial(x=5)
        np.testing.assert_allclose(
            (product + Diagonal(1.0)).diagonal().numpy("x"), np.diag(assemble(product).toarray()) + 1
        )
    assert assemble(Diagonal(2.0) @ A + Diagonal(1.0)).shape == (5, 5)


def test_dims_of_products_with_zero():
    A = along_x(math.laplace)
    for zero in (A @ Zero(GRID), Zero(GRID) @ A):
        assert zero.domain == zero.range == GRID
    assert assemble_between(A @ Zero(GRID), GRID, GRID).shape == (15, 15)
