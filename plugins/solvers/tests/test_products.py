"""Products of diagonals and Laplacians, solved factor by factor; coarser grids with coefficients."""

import pytest
from phiml_core.math import LinearProblem, Solve, solve, solve_linear, spatial, tensor, where
from phiml_core.solve import ConvergenceException
from phiml_solvers.operator import Diagonal, Identity, poisson, restricted
from phiml_solvers.operator.masked import MaskedLaplace
from phiml_solvers.operator.restricted import Restricted
from test_algebra import GRID, field, operators
from traced_functions import largest


def test_coarser_grids_with_coefficients(double, rng):
    """Means of coefficients: the means of what comes out of repeated values, but for the distance of the cells."""
    grid = spatial(x=6, y=4)
    for sides in ({"x": "periodic", "y": ("neumann", "dirichlet")}, {"x": ("dirichlet", "neumann"), "y": "neumann"}):
        box = poisson(grid, (0.5, 1.0), sides, scale=2.0)
        masked = MaskedLaplace(
            box, tuple([tensor(rng.uniform(size=box.face_resolution(d).sizes), spatial("x,y")) for d in "xy"])
        )
        coarse, x = restricted(masked), tensor(rng.normal(size=(3, 2)), spatial("x,y"))
        assert isinstance(coarse, MaskedLaplace) and coarse.box.spacing == (1.0, 2.0)
        assert largest(2 * coarse(x) - Restricted(masked)(x)) < 1e-12


def test_products_are_solved_factor_by_factor(double, rng):
    """With diagonals before and behind Laplacians, of either sign, with zeros; few iterations, and none silently wrong."""
    known = operators(rng)
    box, masked = known["box"] - Identity(), known["masked"] - 0.5 * Identity()
    d, x = Diagonal(1 + field(rng) ** 2), field(rng)
    singular = Diagonal(d.values) @ poisson(GRID, 0.5, "neumann")
    for operator in (d @ box, box @ d, d @ box @ d, d @ masked, -2.0 * (masked @ d), box @ box, box @ masked, singular):
        y = operator(x)
        found, info = solve(LinearProblem(operator, y), Solve("auto"))
        assert info.method.endswith("factors in turn") and int(info.iterations) < 20, (operator, info.method)
        assert largest(operator(found) - y) < 1e-8 * largest(y)
    with pytest.raises(ConvergenceException):
        solve_linear(Diagonal(where(d.values > 1.5, 0.0, 1.0)) @ box, x)
