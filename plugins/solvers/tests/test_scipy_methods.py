"""SciPy's methods with SciPy's incomplete factors."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import Solve, channel, dual, instance, solve_linear
from phiml_solvers import DenseMatrix
from phiml_solvers.precondition import UnknownPreconditioner
from solver_grids import tensor

I = instance("i")


def by_edges(x):
    """The Laplacian of a graph of a pair and a single vertex: its matrix has a row of zeros."""
    first, second = math.wrap([0], instance("edge")), math.wrap([1], instance("edge"))
    flow = math.gather(x, first, dims="i") - math.gather(x, second, dims="i")
    return math.scatter(math.scatter(0 * x, first, flow, mode="add"), second, -flow, mode="add")


def test_matrices_that_have_no_incomplete_factors(double):
    y = tensor([1.0, -1.0, 0.0], I)
    x = solve_linear(by_edges, y, Solve("scipy-GMres", preconditioner="ilu"))
    assert np.abs((by_edges(x) - y).numpy("i")).max() < 1e-9


def test_complex_right_hand_sides_of_real_matrices(double, rng):
    a, y = rng.normal(size=(6, 6)) + 5 * np.eye(6), rng.normal(size=6) + 1j * rng.normal(size=6)
    matrix = math.tensor(a, channel("i"), dual("i"))
    x = solve_linear(matrix, math.tensor(y, channel("i")), Solve("scipy-GMres", preconditioner="ilu"))
    assert np.abs(a @ x.numpy("i") - y).max() < 1e-8


@pytest.mark.parametrize("method", ["scipy-lsmr", "scipy-lsqr"])
def test_least_squares_take_no_incomplete_factors(method, double, rng):
    operator = DenseMatrix(tensor(rng.normal(size=(5, 3)), channel("row"), dual("column")))
    with pytest.raises(UnknownPreconditioner, match="takes no preconditioner"):
        solve_linear(operator, tensor(rng.normal(size=5), channel("row")), Solve(method, preconditioner="ilu"))
