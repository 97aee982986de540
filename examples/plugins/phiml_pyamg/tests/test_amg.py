"""The preconditioner is held to the proofs of phiml-solvers, and does what it is for: few iterations where coefficients jump."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import LinearProblem, Solve, batch, solve, spatial
from phiml_pyamg import PyAMG
from phiml_solvers import SparseMatrix, Stencil
from phiml_solvers.conformance import kit
from phiml_solvers.precondition import UnknownPreconditioner, preconditioner

N = 48
GRID, XY = spatial(x=N, y=N), spatial("x,y")


def jumps(sign=1.0):
    """∇·(c ∇) with c jumping by 10⁴ between squares, as a matrix."""
    from scipy.sparse import coo_array

    c = np.where((np.indices((N, N)) // 8).sum(0) % 2, 1e4, 1.0)
    number = np.arange(N * N).reshape(N, N)
    rows, columns, entries = [], [], []
    diagonal = np.zeros(N * N)
    for axis in (0, 1):
        a, b = (np.take(number, range(*r), axis).ravel() for r in ((0, N - 1), (1, N)))
        left, right = c.ravel()[a], c.ravel()[b]
        face = 2 * left * right / (left + right)
        rows += [a, b]
        columns += [b, a]
        entries += [-face, -face]
        np.add.at(diagonal, a, face)
        np.add.at(diagonal, b, face)
    diagonal[number[0]] += 2 * c[0]
    rows.append(number.ravel())
    columns.append(number.ravel())
    entries.append(diagonal)
    matrix = coo_array(
        (sign * np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), (N * N, N * N)
    )
    return SparseMatrix.of(matrix, GRID, symmetric=True, definite="positive" if sign > 0 else "negative")


@pytest.mark.parametrize("system", [s for s in kit.SYSTEMS if s.name in ("definite", "advection", "matrix")], ids=str)
def test_conformance(bits, system):
    kit.prove_preconditioner(PyAMG(max_coarse=5), system)


def test_conformance_on(place):
    with math.precision(64):
        kit.prove_preconditioner(PyAMG(max_coarse=5), kit.SYSTEMS[0])


def test_gradient(place):
    with math.precision(64):
        if place != "numpy":
            kit.prove_gradient("CG", kit.SYSTEMS[0], preconditioner=PyAMG(max_coarse=5))


@pytest.mark.parametrize("coarsening, sign", [("classical", -1.0), ("aggregation", 1.0)])
def test_few_iterations_where_coefficients_jump(place, coarsening, sign):
    with math.precision(64):
        operator = jumps(sign)
        x = math.tensor(np.random.default_rng(0).normal(size=(2, N, N)), batch("b"), XY)
        y = operator(x)
        settings = Solve("CG", rel_tol=1e-8, preconditioner=PyAMG(coarsening))
        found, info = solve(LinearProblem(operator, y), settings)
        plain = solve(LinearProblem(operator, y), settings.with_(preconditioner="jacobi"))[1]
        assert int(math.max_(info.iterations, "b")) <= 40 < int(math.max_(plain.iterations, "b"))
        left = y - operator(found)
        assert float(math.max_(math.sqrt(math.sum_(left * left, XY) / math.sum_(y * y, XY)), "b")) <= 1e-8


def test_by_name_without_import():
    star = {(0, 0): 4.0, (1, 0): -1.0, (-1, 0): -1.0, (0, 1): -1.0, (0, -1): -1.0}
    operator = Stencil.of(star, GRID, "dirichlet", symmetric=True)
    _, info = solve(LinearProblem(operator, math.ones(GRID)), Solve("CG", preconditioner="pyamg"))
    assert info.method == "CG, preconditioner pyamg" and int(info.iterations.max) < 20


def test_errors():
    with pytest.raises(ValueError, match="'classical' or 'aggregation'"):
        PyAMG("geometric")

    from phiml_solvers import LinearOperator

    class Opaque(LinearOperator):
        def __call__(self, x):
            return 2 * x

    with pytest.raises(UnknownPreconditioner, match="needs a sparse matrix"):
        preconditioner(PyAMG(), Opaque(), math.ones(GRID))
