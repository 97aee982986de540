"""Solutions against analytic ones, for all mixes of boundaries."""

import itertools

import numpy as np
import pytest
from phiml_core.math import batch, spatial
from phiml_core.solve import Incompatible, LinearProblem, Solve, solve
from phiml_solvers import MaskedLaplace, poisson
from solver_grids import SIDES, grid, largest, tensor

# u along one axis of length 1, and k with u'' = -k² u
WAVES = {
    "periodic": (lambda x: np.sin(2 * np.pi * x + 0.4), 2 * np.pi),
    "closed": (lambda x: np.cos(np.pi * x), np.pi),
    "open": (lambda x: np.sin(np.pi * x), np.pi),
    "open above": (lambda x: np.cos(1.5 * np.pi * x), 1.5 * np.pi),
    "open below": (lambda x: np.sin(1.5 * np.pi * x), 1.5 * np.pi),
}


def manufactured(sides, sizes):
    """u with the given boundaries at cell centers, and its Laplacian."""
    at = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in sizes], indexing="ij")
    u = np.prod([WAVES[s][0](x) for s, x in zip(sides, at)], 0)
    return u, -sum(WAVES[s][1] ** 2 for s in sides) * u


def error(sides, sizes, method):
    operator = grid(sizes, sides, dx=[1 / n for n in sizes])
    u, f = manufactured(sides, sizes)
    dims = spatial(*operator.dims)
    x, info = solve(LinearProblem(operator, tensor(f, dims)), Solve(method))
    assert bool(info.converged.all)
    return largest(x - tensor(u, dims))


@pytest.mark.parametrize("sides", [*itertools.product(SIDES, repeat=1), *itertools.product(SIDES, repeat=2)])
def test_second_order_with_transform(sides, double):
    coarse = error(sides, (12, 15)[: len(sides)], "transform")
    fine = error(sides, (24, 30)[: len(sides)], "transform")
    assert 3.6 < coarse / fine < 4.4


@pytest.mark.parametrize("sides", [*itertools.product(SIDES, repeat=3)])
def test_second_order_in_3d_with_transform(sides, double):
    assert 3.5 < error(sides, (8, 9, 10), "transform") / error(sides, (16, 18, 20), "transform") < 4.5


@pytest.mark.parametrize(
    "sides", [("open", "closed", "periodic"), ("open above", "periodic", "open below"), ("closed",) * 3]
)
def test_second_order_in_3d(sides, double, place):
    assert 3.6 < error(sides, (8, 9, 10), "auto") / error(sides, (16, 18, 20), "auto") < 4.4


@pytest.mark.parametrize("sides", [*itertools.product(SIDES, repeat=1), *itertools.product(SIDES, repeat=2)])
def test_second_order_with_multigrid(sides, double):
    coarse = error(sides, (12, 15)[: len(sides)], "multigrid")
    fine = error(sides, (24, 30)[: len(sides)], "multigrid")
    assert 3.6 < coarse / fine < 4.4


@pytest.mark.parametrize("method", ["auto", "multigrid"])
@pytest.mark.parametrize("sides", ["open", "closed"])
def test_second_order_with_varying_coefficients(sides, method, double):
    """∇ · (k ∇u) = f with k = exp(x + y / 2), taken at the faces."""

    def largest_error(n):
        box = grid((n, n), sides, dx=1 / n)
        centers = (np.arange(n) + 0.5) / n
        weights = []
        for axis in range(2):
            at = [centers, centers]
            at[axis] = np.arange(n + 1) / n if sides == "open" else np.arange(1, n) / n
            x, y = np.meshgrid(*at, indexing="ij")
            weights.append(tensor(np.exp(x + y / 2), spatial("x,y")))
        x, y = np.meshgrid(centers, centers, indexing="ij")
        wave, slope = (np.sin, np.cos) if sides == "open" else (np.cos, lambda t: -np.sin(t))
        u = wave(np.pi * x) * wave(np.pi * y)
        u_x, u_y = np.pi * slope(np.pi * x) * wave(np.pi * y), np.pi * wave(np.pi * x) * slope(np.pi * y)
        f = np.exp(x + y / 2) * (u_x + u_y / 2 - 2 * np.pi**2 * u)
        settings = Solve(
            method, rank_deficiency=1 if sides == "closed" else None
        )  # f has a mean of the order of the error
        found, _ = solve(LinearProblem(MaskedLaplace(box, tuple(weights)), tensor(f, spatial("x,y"))), settings)
        difference = found.numpy("x,y") - u
        return abs(difference - difference.mean() if sides == "closed" else difference).max()

    assert 3.5 < largest_error(16) / largest_error(32) < 4.5


@pytest.mark.parametrize("method", ["direct", "CG"])
@pytest.mark.parametrize("sides", [("closed", "open above"), ("periodic", "closed"), ("open", "open below")])
def test_algorithms_agree(sides, method, double, place):
    assert abs(error(sides, (12, 15), method) - error(sides, (12, 15), "transform")) < 1e-9


def test_methods_agree_with_dense_matrix(double, place, rng):
    """The operator applied to unit vectors is the matrix that NumPy inverts."""
    operator = grid((4, 5), ("open above", "periodic"), dx=(0.5, 0.2))
    columns = operator(tensor(np.eye(20).reshape(20, 4, 5), batch("b"), spatial("x,y"))).numpy("x,y,b").reshape(20, 20)
    np.testing.assert_allclose(columns, columns.T, atol=1e-12)
    y = rng.normal(size=(4, 5))
    x = solve(LinearProblem(operator, tensor(y, spatial("x,y"))), Solve())[0].numpy("x,y")
    np.testing.assert_allclose(x.ravel(), np.linalg.solve(columns, y.ravel()), rtol=1e-9)


@pytest.mark.parametrize("sides", ["closed", "periodic", "open"])
def test_helmholtz(sides, double, place, rng):
    """Implicit diffusion: (1 − a ∇²) x = y with a per example of a batch."""
    sizes = (10, 12)
    amount = tensor([0.1, 2.0], batch("b"))
    operator = poisson(spatial(x=10, y=12), 0.5, {n: SIDES[sides] for n in "xy"}, scale=-amount, shift=1.0)
    y = tensor(rng.normal(size=(2, *sizes)), batch("b"), spatial("x,y"))
    x, info = solve(LinearProblem(operator, y), Solve())
    assert info.method == "transform"
    assert largest(operator(x) - y) < 1e-10
    reference, _ = solve(LinearProblem(operator, y), "direct")
    assert largest(x - reference) < 1e-10


@pytest.mark.parametrize("sides", SIDES)
def test_residual_is_the_true_one(sides, bits, place, rng):
    operator = grid((20, 17), sides, dx=0.1)
    y = operator.without_null_space(tensor(rng.normal(size=(3, 20, 17)), batch("b"), spatial("x,y")))
    x, info = solve(LinearProblem(operator, y), Solve())
    residual = np.sqrt(((operator(x) - y).numpy("b,x,y") ** 2).sum((1, 2)))
    np.testing.assert_allclose(info.residual.numpy("b"), residual, rtol=0.2, atol=1e-30)
    assert (residual < {32: 3e-5, 64: 1e-10}[bits] * np.sqrt((y.numpy("b,x,y") ** 2).sum((1, 2)))).all()


@pytest.mark.parametrize("sides", ["closed", "periodic"])
@pytest.mark.parametrize("method", ["transform", "CG", "direct"])
def test_null_space_is_fixed(sides, method, double, place, rng):
    """A right-hand side with a mean is solved without it, for a solution of mean zero, if the operator is said to be singular."""
    operator = grid((9, 8), sides)
    y = tensor(rng.normal(size=(9, 8)) + 3, spatial("x,y"))
    with pytest.raises(Incompatible):
        solve(LinearProblem(operator, y), Solve(method))
    x, info = solve(LinearProblem(operator, y), Solve(method, rank_deficiency=1))
    assert bool(info.converged)
    assert abs(x.numpy("x,y").mean()) < 1e-10
    np.testing.assert_allclose(operator(x).numpy("x,y"), y.numpy("x,y") - y.numpy("x,y").mean(), atol=1e-8)


@pytest.mark.parametrize("order", ["x,y,b", "b,y,x", "y,b,x"])
def test_order_of_dims_does_not_matter(order, bits, place, rng):
    operator = grid((6, 7), ("open above", "closed"), dx=(0.3, 0.2))
    y = rng.normal(size=(6, 7, 2))
    reference = solve(LinearProblem(operator, tensor(y, spatial("x,y"), batch("b"))), Solve())[0].numpy("x,y,b")
    names = order.split(",")
    shape = [batch("b") if n == "b" else spatial(n) for n in names]
    moved = y.transpose(["xyb".index(n) for n in names])
    x = solve(LinearProblem(operator, tensor(moved, *shape)), Solve())[0].numpy("x,y,b")
    np.testing.assert_allclose(x, reference, rtol={32: 1e-4, 64: 1e-11}[bits], atol={32: 1e-6, 64: 1e-12}[bits])


def test_order_of_the_resolution_is_part_of_the_operator(double, place, rng):
    """The boundaries and cell sizes belong to dims by name, whatever order a shape was made in."""
    y = tensor(rng.normal(size=(5, 5)), spatial("x,y"))
    boundary, size = {"x": "periodic", "y": ("neumann", "dirichlet")}, {"x": 0.5, "y": 0.2}
    forth, back = poisson(spatial(x=5, y=5), size, boundary), poisson(spatial(y=5, x=5), size, boundary)
    assert largest(forth(y) - back(y)) < 1e-10
    assert largest(solve(LinearProblem(forth, y), Solve())[0] - solve(LinearProblem(back, y), Solve())[0]) < 1e-12
