"""Unknowns of several tensors that depend on each other: saddle points, multipliers, vectors; against dense matrices."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.extrapolation import PERIODIC
from phiml_core.math import Solve, channel, matrix_from_function, record_solves, solve_linear, spatial, tensor, wrap
from phiml_solvers.assemble import has_matrix
from phiml_solvers.operator import Identity, Product, inverse
from phiml_solvers.trace import NotTraceable, structured
from phiml_solvers.trees import UnfitTree
from traced_functions import largest

GRID = spatial("x,y")
EVERY = ["auto", "direct", "GMres(100)", "minres", "scipy-GMres"]


def difference(u, dim, by):
    return by * (math.shift(u, (by,), dim, padding=PERIODIC, stack_dim=None)[0] - u)


def stokes(s):
    """Viscous momentum, and a slightly compressible fluid; each block acts along other dims."""
    force = {d: s[d] - math.laplace(s[d], padding=PERIODIC) + difference(s["p"], d, -1) for d in "xy"}
    return {**force, "p": -difference(s["x"], "x", 1) - difference(s["y"], "y", 1) - 0.01 * s["p"]}


def dense(f, like):
    """The matrix of a function of dictionaries, column by column."""
    keys, sizes = list(like), [v.shape.volume for v in like.values()]
    columns = []
    for unit in np.eye(sum(sizes)):
        parts = np.split(unit, np.cumsum(sizes)[:-1])
        x = {k: tensor(p.reshape(like[k].shape.sizes), like[k].shape) for k, p in zip(keys, parts, strict=True)}
        columns.append(vector(f(x), like))
    return np.stack(columns, 1)


def vector(tree, like):
    return np.concatenate([tree[k].numpy(v.shape.names).ravel() for k, v in like.items()])


@pytest.mark.parametrize("method", EVERY)
def test_blocks_that_act_along_other_dims(double, rng, method):
    rhs = {k: tensor(rng.normal(size=(4, 3)), GRID) for k in ("x", "y", "p")}
    found = solve_linear(stokes, rhs, Solve(method, rel_tol=1e-9))
    expected = np.linalg.solve(dense(stokes, rhs), vector(rhs, rhs))
    np.testing.assert_allclose(vector(found, rhs), expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("method", ["auto", "minres"])
def test_a_multiplier_that_holds_the_mean(place, double, rng, method):
    def with_mean(s):
        return {"u": math.laplace(s["u"], padding="zero-gradient") + s["mean"], "mean": math.sum_(s["u"], GRID)}

    rhs = {"u": tensor(rng.normal(size=(4, 5)), GRID), "mean": tensor(2.0)}
    found = solve_linear(with_mean, rhs, Solve(method, rel_tol=1e-9))
    expected = np.linalg.solve(dense(with_mean, rhs), vector(rhs, rhs))
    np.testing.assert_allclose(vector(found, rhs), expected, atol=1e-6 * np.abs(expected).max())


def test_dims_that_only_some_tensors_have(double, rng):
    """A vector and a number per cell, of which no block mixes components."""

    def f(s):
        return {
            "v": s["v"] * wrap([2.0, 3.0], channel("vector")) + s["p"],
            "p": 4 * s["p"] - math.sum_(s["v"], "vector"),
        }

    rhs = {
        "v": tensor(rng.normal(size=(3, 2)), spatial("x"), channel("vector")),
        "p": tensor(rng.normal(size=3), spatial("x")),
    }
    found = solve_linear(f, rhs)
    assert found["p"].shape.names == ("x",)
    np.testing.assert_allclose(vector(found, rhs), np.linalg.solve(dense(f, rhs), vector(rhs, rhs)), rtol=1e-9)


def test_vectors_whose_components_depend_on_each_other_have_sparse_factors(double, rng):
    """Elasticity: stiff in volume changes."""

    def elastic(u):
        shear = math.laplace(u, padding=0)
        volume = sum(
            math.spatial_gradient(u.vector[d], padding=0, stack_dim=channel(vector="x,y")).vector[d] for d in "xy"
        )
        return shear + 2 * math.spatial_gradient(volume, padding=0, stack_dim=channel(vector="x,y")) - 0.1 * u

    y = tensor(rng.normal(size=(6, 5, 2)), GRID, channel(vector="x,y"))
    with record_solves() as tape:
        x = solve_linear(elastic, y)
    assert tape[0].method == "direct, sparse LU" and largest(elastic(x) - y) < 1e-9
    x = solve_linear(elastic, y, Solve("GMres", preconditioner="ilu"))
    assert largest(elastic(x) - y) < 1e-8


def test_sums_over_grids_are_no_sparse_matrices():
    few, many = math.zeros(spatial(x=10, y=10)), math.zeros(spatial(x=40, y=40))
    for x, expected in ((few, True), (many, False)):
        assert has_matrix(structured(lambda u: u - math.laplace(u) + math.mean(u, GRID), x)) == expected


@pytest.mark.parametrize("method", ["auto", "direct", "GMres", "biCG-stab", "lsmr"])
def test_products_of_operators_along_different_dims(double, rng, method):
    """Alternating directions: none of the factors knows all dims."""
    x = tensor(rng.normal(size=(5, 4)), GRID)
    weights = tensor(rng.uniform(1, 2, 4), spatial("y"))
    along_x = structured(lambda u: u - math.laplace(u, dims="x", padding=0), x)
    along_y = structured(lambda u: 2 * u - weights * math.laplace(u, dims="y", padding=0), x)
    both = structured(lambda u: u - 0.3 * math.laplace(u, padding="periodic"), x)
    for operator in (along_x @ along_y, along_y @ along_x, both @ along_x, along_x @ both, along_y @ both @ along_x):
        assert isinstance(operator, Product) and operator.domain == operator.range == x.shape
        y = operator(x)
        assert largest(solve_linear(operator, y, Solve(method, rel_tol=1e-10)) - x) < 1e-6
        assert (
            abs(float(math.sum_(operator.T(x) * y, GRID) - math.sum_(x * operator(y), GRID))) < 1e-9 * largest(y) ** 2
        )


def test_products_of_factors_that_are_not_square(double, rng):
    """Faces of x and y apart: a divergence of fluxes, and what follows along the other dim."""
    x = tensor(rng.normal(size=(5, 4)), GRID)
    faces = structured(lambda u: u.x[1:] - u.x[:-1], x)
    shorter = structured(lambda u: u.y[1:] + 2 * u.y[:-1], x)
    operator = shorter @ faces
    assert operator.domain == x.shape and operator.range == spatial(x=4, y=3)
    y = operator(x)
    least = solve_linear(operator, y)
    assert least.shape == x.shape and largest(operator(least) - y) < 1e-8


def test_a_number_as_first_guess_of_all_tensors(double, rng):
    rhs = {k: tensor(rng.normal(size=(4, 3)), GRID) for k in ("x", "y", "p")}
    expected = vector(solve_linear(stokes, rhs), rhs)
    np.testing.assert_allclose(vector(solve_linear(stokes, rhs, Solve("GMres(100)", x0=0.5)), rhs), expected, atol=1e-7)
    apart = solve_linear(
        lambda s: {"a": 2 * s["a"], "b": 4 * s["b"]}, {"a": rhs["x"], "b": rhs["y"]}, Solve("CG", x0=1)
    )
    assert largest(apart["b"] - rhs["y"] / 4) < 1e-9


@pytest.mark.parametrize("method", ["auto", "CG", "GMres(100)", "minres"])
def test_schur_complements(double, rng, method):
    """Inverses inside of operators and of functions are applied as they are."""
    like = math.zeros(spatial(x=5, y=4))
    heat = structured(lambda u: u - 0.1 * math.laplace(u, padding="periodic"), like)
    slope = structured(lambda u: 1.1 * u - difference(u, "x", 1), like)
    operator = slope @ inverse(heat) @ slope.T
    y = tensor(rng.normal(size=(5, 4)), GRID)
    for f in (operator, operator + Identity(), lambda u: slope(solve_linear(heat, slope.T(u)))):
        x = solve_linear(f, y, Solve(method, rel_tol=1e-9))
        assert largest(f(x) - y) < 1e-7
    with pytest.raises(NotTraceable, match="Cannot trace a solve"):
        matrix_from_function(lambda u: solve_linear(heat, u), y)


def test_preconditioners_of_trees_and_matrices(double, rng):
    """Functions get and return trees; a matrix is applied."""
    rhs = {k: tensor(rng.normal(size=(4, 3)), GRID) for k in ("a", "b")}

    def f(s):
        return {"a": 50 * s["a"] + s["b"], "b": 0.02 * s["b"] - math.laplace(s["b"], padding=0) + 0.1 * s["a"]}

    def scaled(r):
        return {"b": r["b"], "a": r["a"] * 0.02}

    found = solve_linear(f, rhs, Solve("GMres", preconditioner=scaled))
    np.testing.assert_allclose(vector(found, rhs), np.linalg.solve(dense(f, rhs), vector(rhs, rhs)), atol=1e-8)
    matrix = rng.normal(size=(5, 5)) + 9 * np.diag(np.arange(1.0, 6.0))
    A, near = (tensor(m, channel("i"), math.dual("i")) for m in (matrix, np.linalg.inv(np.diag(np.diag(matrix)))))
    y = tensor(rng.normal(size=5), channel("i"))
    x = solve_linear(A, y, Solve("GMres", preconditioner=near))
    np.testing.assert_allclose(x.numpy("i"), np.linalg.solve(matrix, y.numpy("i")), rtol=1e-8)


def test_dictionaries_belong_together_by_keys(double, rng):
    """In whatever order the function, the right-hand side and the first guess were written."""
    a, b = (tensor(rng.normal(size=3), spatial("x")) for _ in range(2))

    def f(s, coupling):
        return {"b": 2 * s["b"] + coupling * s["a"], "a": 4 * s["a"] + coupling * s["b"]}

    for rhs in ({"a": a, "b": b}, {"b": b, "a": a}):
        for settings in (None, Solve("GMres", x0={"b": b, "a": a}), Solve("GMres", x0={"a": a, "b": b})):
            apart = solve_linear(f, rhs, settings, 0)
            assert list(apart) == list(rhs if settings is None else settings.x0)
            assert largest(apart["a"] - a / 4) + largest(apart["b"] - b / 2) < 1e-12
            image = f(solve_linear(f, rhs, settings, 0.5), 0.5)
            assert largest(image["a"] - a) + largest(image["b"] - b) < 1e-8
    operator, _ = matrix_from_function(lambda s: f(s, 0.5), {"b": b, "a": a})
    assert largest(operator({"a": a, "b": b})["a"] - f({"a": a, "b": b}, 0.5)["a"]) < 1e-12
    assert largest(operator.T({"a": a, "b": b})["b"] - 2 * b - 0.5 * a) < 1e-12
    with pytest.raises(UnfitTree, match=r"keys \{'a': None, 'c': None\}, but those of the right-hand side are"):
        solve_linear(lambda s: {"a": s["a"], "c": s["b"]}, {"a": a, "b": b})


def test_examples_that_only_some_coefficients_make(double, rng):
    """Each is a system of its own, of all tensors."""
    k, a, b = (tensor(rng.uniform(1, 2, n), d) for n, d in ((3, math.batch("k")), (4, spatial("x")), (2, channel("c"))))

    def f(s, k=k):
        return {"a": 2 * k * s["a"] + math.sum_(s["b"], "c"), "b": 5 * s["b"] + math.sum_(s["a"], "x")}

    rhs = {"a": a, "b": b}
    for method in ("auto", "GMres", "direct", "lsmr"):
        found = solve_linear(f, rhs, method)
        for i in range(3):
            expected = np.linalg.solve(dense(lambda s, i=i: f(s, k.k[i]), rhs), vector(rhs, rhs))
            mine = {q: v.k[i] if "k" in v.shape.names else v for q, v in found.items()}
            np.testing.assert_allclose(vector(mine, rhs), expected, rtol=1e-7)
    operator, _ = matrix_from_function(f, rhs)
    assert largest(operator(rhs)["a"] - f(rhs)["a"]) < 1e-12


def test_trees_of_other_kinds_on_both_sides(double, rng):
    """A tensor that is mapped to several, several that are mapped to one, and a tensor that nothing depends on."""
    a = tensor(rng.normal(size=4), spatial("x"))
    rhs = {"values": a, "slopes": a.x[1:]}

    def measured(u):
        return {"values": 2 * u, "slopes": u.x[1:] - u.x[:-1]}

    found = solve_linear(measured, rhs, Solve(x0=0 * a))
    slopes = np.diff(np.eye(4), axis=0)
    matrix = np.concatenate([slopes, 2 * np.eye(4)])
    right = np.concatenate([a.numpy("x")[1:], a.numpy("x")])
    np.testing.assert_allclose(found.numpy("x"), np.linalg.lstsq(matrix, right, rcond=None)[0], rtol=1e-7)
    u, v = solve_linear(lambda pair: pair[0] + 2 * pair[1], a, Solve(x0=(0 * a, 0 * a)))
    assert largest(u - a / 5) + largest(v - 2 * a / 5) < 1e-8  # of least norm
    with pytest.raises(math.SingularOperator):
        solve_linear(lambda s: {"a": s["a"], "b": 0 * s["b"]}, {"a": a, "b": a})
