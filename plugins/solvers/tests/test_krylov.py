"""Krylov methods, factors and preconditioners: what is special about each; what all share is in the conformance kit."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import (
    LinearProblem,
    Solve,
    batch,
    channel,
    dual,
    instance,
    record_solves,
    solve,
    solve_linear,
    spatial,
)
from phiml_core.solve import algorithm_named
from phiml_core.transform import jit_compile
from phiml_solvers import (
    GMRES,
    Block,
    DenseMatrix,
    IncompleteFactors,
    SparseMatrix,
    Stencil,
    poisson,
    preconditioner,
)
from phiml_solvers.factors import Factors
from solver_grids import grid, largest, tensor

XY = spatial("x,y")


def star(sizes=(8, 7), east=-1.0, west=-1.0, center=4.5, **known):
    offsets = {(0, 0): center, (1, 0): east, (-1, 0): west, (0, 1): -1.0, (0, -1): -1.0}
    return Stencil.of(offsets, spatial(x=sizes[0], y=sizes[1]), "dirichlet", **known)


def noise(rng, *sizes):
    return tensor(rng.normal(size=sizes or (8, 7)), XY)


def total(t):
    return float(math.sum_(t, t.shape))


NAMES = [
    "auto", "CG", "cg", "CG-adaptive", "biCG-stab", "BICG-STAB(1)", "biCG-stab(4)", "GMres", "gmres(10)", "minres", "lsmr", "direct",
    "scipy-direct", "scipy-CG", "scipy-GMres", "scipy-biCG", "scipy-biCG-stab", "scipy-CGS", "scipy-QMR", "scipy-GCrotMK",
    "scipy-minres", "scipy-lsmr", "scipy-lsqr", "multigrid",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names(name, double, rng):
    operator = star(symmetric=True)
    x = noise(rng)
    found, info = solve(LinearProblem(operator, operator(x)), name)
    assert largest(found - x) < 1e-7 and info.method
    assert algorithm_named(name.upper()) == algorithm_named(name)


def test_names_with_numbers():
    assert algorithm_named("GMRES(7)") == GMRES(7)


@pytest.mark.parametrize("method", ["CG", "CG-adaptive", "minres", "GMres", "biCG-stab", "lsmr"])
def test_history(method, double, rng):
    """The residual before each iteration; it falls, and NaN stands beyond the last."""
    operator = star(symmetric=True)
    y = tensor(rng.normal(size=(2, 8, 7)), batch("b"), XY) * tensor([1.0, 0.0], batch("b"))
    settings = Solve(method, record=True, max_iterations=200, preconditioner="none")
    _, info = solve(LinearProblem(operator, y), settings)
    history = info.history.numpy("b,iteration")
    assert history.shape == (2, 201)
    count = int(info.iterations.b[0])
    first = np.linalg.norm(y.b[0].numpy("x,y"))
    np.testing.assert_allclose(history[0, 0], first, rtol=1e-6)
    seen = history[0][np.isfinite(history[0])]
    assert seen[-1] <= 1e-9 * first and np.isnan(history[0, count + 1 :]).all()
    assert history[1, 0] == 0 and np.isnan(history[1, 1:]).all()
    if method in ("minres", "GMres"):
        assert (np.diff(seen) <= 1e-9 * first).all()
    assert solve(LinearProblem(operator, y), settings.with_(record=False))[1].history is None


def test_time_and_reason(double, rng):
    operator, y = star(), noise(rng)
    _, info = solve(LinearProblem(operator, y), Solve("GMres"))
    assert 0 < info.time < 60 and info.time == info.solve_time and info.reason == ""
    with record_solves() as tape:
        solve_linear(operator, y)
    assert tape[0].time > 0 and "auto" in tape[0].reason and "converged after" in tape[0].message


@pytest.mark.parametrize("shape", [(20, 12), (12, 20), (15, 15)])
@pytest.mark.parametrize("method", ["lsmr", "auto", "scipy-lsmr"])
def test_least_squares(shape, method, double, rng):
    """Rectangular matrices of any rank: the solution of least squares and least norm."""
    a = rng.normal(size=(shape[0], 6)) @ rng.normal(size=(6, shape[1])) if shape[0] == 15 else rng.normal(size=shape)
    if shape[0] == 15 and method == "auto":
        return
    operator = DenseMatrix(tensor(a, channel("row"), dual("column")))
    y = rng.normal(size=(2, shape[0]))
    x, info = solve(LinearProblem(operator, tensor(y, batch("b"), channel("row"))), Solve(method))
    assert x.shape == batch(b=2) & channel(column=shape[1])
    np.testing.assert_allclose(x.numpy("b,column"), y @ np.linalg.pinv(a, rcond=1e-10).T, atol=1e-7)
    assert info.converged.numpy("b").all()


def test_first_guess(double, rng):
    operator, x = star(symmetric=True), noise(rng)
    for method in ("CG", "minres", "GMres", "biCG-stab", "lsmr", "CG-adaptive"):
        _, cold = solve(LinearProblem(operator, operator(x)), Solve(method, rel_tol=1e-8))
        found, warm = solve(LinearProblem(operator, operator(x)), Solve(method, rel_tol=1e-8, x0=x + 1e-6))
        assert int(warm.iterations) < int(cold.iterations) and largest(found - x) < 1e-6
        _, none = solve(LinearProblem(operator, operator(x), x), Solve(method, rel_tol=1e-8))
        assert int(none.iterations) == 0


def test_skew_symmetric(double, rng):
    """Where the residual is orthogonal to its image, on which simple shadows break down."""
    a = rng.normal(size=(12, 12))
    operator = DenseMatrix(tensor(a - a.T, channel("v"), dual("v")))
    x = tensor(rng.normal(size=12), channel("v"))
    for method in ("GMres", "biCG-stab(2)", "lsmr", "direct", "auto"):
        assert largest(solve_linear(operator, operator(x), method) - x) < 1e-5


def test_operators_with_batch_dims(place, double, rng):
    """Each example stops on its own, having its own matrix."""
    center = tensor([4.1, 40.0], batch("b"))
    operator, y = star(center=center, symmetric=True), noise(rng)
    for method in ("CG", "minres", "GMres", "biCG-stab", "lsmr", "direct", "CG-adaptive"):
        x, info = solve(LinearProblem(operator, y), Solve(method, preconditioner="none"))
        assert x.shape == batch(b=2) & y.shape
        assert largest(operator(x) - y) < 1e-8
        if method != "direct":
            assert int(info.iterations.b[1]) < int(info.iterations.b[0])


def test_norm_of_largest_entry(double, rng):
    operator, y = star(symmetric=True), noise(rng)
    for method in ("CG", "minres", "GMres", "biCG-stab", "direct"):
        x, info = solve(LinearProblem(operator, y), Solve(method, rel_tol=1e-6, norm="max"))
        assert largest(operator(x) - y) <= 1e-6 * largest(y)
        np.testing.assert_allclose(float(info.residual), largest(operator(x) - y), rtol=1e-3, atol=1e-15)


def test_preprocess(place, double, rng):
    operator = grid((8, 7))
    y = noise(rng) + 3.0
    x = solve_linear(operator, y, Solve(preprocess_y=lambda y: y - math.mean(y, "x,y")))
    assert largest(operator(x) - (y - math.mean(y, "x,y"))) < 1e-8
    twice = solve_linear(star(), y, Solve("GMres", preprocess_y=lambda y, c: y * c, preprocess_y_args=(2.0,)))
    assert largest(star()(twice) - 2 * y) < 1e-7


# --- preconditioners ---


@pytest.mark.parametrize("symmetric", [True, False])
def test_incomplete_factors_are_exact_without_fill(symmetric, double, rng):
    """A tridiagonal matrix has no fill: one or two iterations."""
    line = Stencil.of(
        {(0,): 3.0, (1,): -1.0, (-1,): -1.0 if symmetric else -1.7}, spatial(x=50), "dirichlet", symmetric=symmetric
    )
    y = tensor(rng.normal(size=50), spatial("x"))
    how = IncompleteFactors(symmetric, sweeps=60)
    _, info = solve(LinearProblem(line, y), Solve("CG" if symmetric else "GMres", preconditioner=how))
    assert int(info.iterations) <= 2 and info.method.endswith("ic" if symmetric else "ilu")


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_preconditioners_save_iterations(sign, double, rng):
    """Of an operator with a varying diagonal, positive or negative."""
    c = tensor(10.0 ** rng.uniform(0, 3, (24, 20)), XY)
    base = star((24, 20), symmetric=True)
    stencil = Stencil(
        base.resolution,
        base.offsets,
        tuple(
            sign * v if o != (0, 0) else sign * (4.0 + c) for o, v in zip(base.offsets, base.coefficients, strict=True)
        ),
        base.boundary,
        True,
    )
    y = tensor(rng.normal(size=(24, 20)), XY)
    counts = {}
    for name in ("none", "jacobi", "ic", "ilu", "block", Block("x")):
        for method in ("CG", "GMres"):
            if method == "CG" and name == "ilu":
                continue
            x, info = solve(LinearProblem(stencil, y), Solve(method, preconditioner=name))
            assert largest(stencil(x) - y) < 1e-7
            counts[name, method] = int(info.iterations)
    assert all(counts[n, m] < counts["none", m] for n, m in counts if n != "none")
    assert counts["ic", "CG"] <= counts["jacobi", "CG"]
    _, info = solve(LinearProblem(stencil, y), Solve("minres", preconditioner="ic"))
    assert info.method == "MINRES, preconditioner ic" and int(info.iterations) <= counts["none", "CG"]


def test_blocks_of_a_vector(double, rng):
    """Components coupled in each cell, cells not coupled: exact."""
    a = rng.normal(size=(10, 3, 3)) + 4 * np.eye(3)
    full = np.zeros((10, 3, 10, 3))
    for i in range(10):
        full[i, :, i] = a[i]
    operator = DenseMatrix(tensor(full, spatial("x"), channel("v"), dual("x,v")), rows=spatial(x=10) & channel(v=3))
    y = tensor(rng.normal(size=(10, 3)), spatial("x"), channel("v"))
    _, info = solve(LinearProblem(operator, y), Solve("GMres", preconditioner="block"))
    assert int(info.iterations) <= 2


def test_a_function_of_the_user(place, double, rng):
    operator, x = star(symmetric=True), noise(rng)
    box = poisson(spatial(x=8, y=7), 1.0, "dirichlet", scale=-1.0, shift=0.5)
    inverse, _ = preconditioner("transform", box, x)
    exact, info = solve(LinearProblem(operator, operator(x)), Solve("CG", preconditioner=inverse))
    assert largest(exact - x) < 1e-8 and int(info.iterations) <= 3


def test_restarts_keep_the_promise(rng):
    """In single precision recursions say less than is true; the true residual decides."""
    operator = star((40, 40), center=4.01, symmetric=True)
    y = tensor(rng.normal(size=(40, 40)), XY)
    with math.precision(64):
        wide = math.tensor(y.numpy("x,y").astype("f8"), XY)
    for method in ("CG", "minres", "GMres", "biCG-stab", "CG-adaptive"):
        x, info = solve(LinearProblem(operator, y), Solve(method, rel_tol=3e-6))
        with math.precision(64):
            left = operator(math.tensor(x.numpy("x,y").astype("f8"), XY)) - wide
            assert total(left * left) ** 0.5 <= 3.2e-6 * total(wide * wide) ** 0.5, method
        assert bool(info.converged)


# --- factors ---


@pytest.mark.parametrize("n", [60, 1700])
@pytest.mark.parametrize("given", [None, 2])
def test_factors_of_singular_matrices(n, given, rng):
    """Least norm and least squares, by singular values or by a bordered matrix."""
    from scipy.sparse import block_diag, csr_array, diags_array

    line = diags_array([np.full(n // 2 - 1, -1.0), np.full(n // 2, 2.0), np.full(n // 2 - 1, -1.0)], offsets=[-1, 0, 1])
    line = line.tolil()
    line[0, 0] = line[-1, -1] = 1.0
    scale = diags_array(rng.uniform(0.5, 2, n))  # so that the null space is not made of constants
    matrix = csr_array(scale @ block_diag([line, line]) @ scale)
    null = np.stack([(np.arange(n) < n // 2) / scale.diagonal(), (np.arange(n) >= n // 2) / scale.diagonal()])
    null /= np.linalg.norm(null, axis=1, keepdims=True)
    y = rng.normal(size=(2, n))
    x = Factors(matrix, given)(y)
    assert np.abs(x @ null.T).max() < 1e-6 * np.abs(x).max()
    rest = y - x @ matrix.T
    np.testing.assert_allclose(rest, (y @ null.T) @ null, atol=1e-6)


def test_factors_are_kept(double, rng):
    """The second solve with the same coefficients does not factor again; other coefficients do."""
    from phiml_solvers import host

    operator = star(east=-1.1)
    solve_linear(operator, noise(rng), "direct")
    kept = len(host._KEPT)
    solve_linear(operator, noise(rng), "direct")
    assert len(host._KEPT) == kept
    run = jit_compile(lambda c, y: solve_linear(star(east=c), y, "direct"))
    for c in (-1.1, -1.2):
        y = noise(rng)
        assert largest(star(east=c)(run(tensor(c), y)) - y) < 1e-9


def test_sparse_matrices_and_sparse_tensors(place, double, rng):
    from scipy.sparse import csr_array, eye_array, random_array

    matrix = csr_array(random_array((30, 30), density=0.1, rng=rng) + 4 * eye_array(30))
    operator = SparseMatrix.of(matrix, instance(points=30))
    x = tensor(rng.normal(size=(2, 30)), batch("b"), instance("points"))
    y = tensor(x.numpy("b,points") @ matrix.toarray().T, batch("b"), instance("points"))
    for method in ("direct", "GMres", "biCG-stab", "lsmr", "auto"):
        for name in ("jacobi", "ilu") if method in ("GMres", "biCG-stab") else (None,):
            found = solve_linear(operator, y, Solve(method, preconditioner=name))
            assert largest(found - x) < 1e-7
