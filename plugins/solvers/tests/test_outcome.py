"""What a solve tells: errors with the state inside, tapes, messages."""

from dataclasses import replace

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, laplace, precision, spatial
from phiml_core.solve import (
    Diverged,
    LinearProblem,
    NotConverged,
    PrecisionLimit,
    Solve,
    UnknownAlgorithm,
    record_solves,
    solve,
    solve_linear,
)
from phiml_core.transform import jit_compile
from phiml_solvers import CG, Stencil, poisson
from phiml_solvers.operator import UnknownSide
from phiml_solvers.precondition import UnknownPreconditioner
from solver_grids import OBSTACLES, grid, largest, random_faces, tensor, weighted


@pytest.fixture
def problem(rng):
    operator = grid((16, 16), "closed", OBSTACLES["boxes"]((16, 16)))
    return LinearProblem(operator, operator.divergence(weighted(operator, random_faces(operator, rng))))


def test_not_converged_carries_the_state(place, problem):
    with pytest.raises(NotConverged, match=r"stopped after 2 iterations.*Allow more iterations") as caught:
        solve(problem, Solve(max_iterations=2))
    error = caught.value
    assert error.iterations.item() == 2
    assert error.x.shape == problem.rhs.shape
    left = problem.operator(error.x) - problem.rhs
    np.testing.assert_allclose(error.residual.item(), np.sqrt((left.numpy("x,y") ** 2).sum()), rtol=1e-3)
    assert error.residual.item() > error.result.tolerance.item()


def test_not_converged_comes_out_of_compiled_code(rng):
    pytest.importorskip("phiml_jax")
    from phiml_core.backend import backend

    with backend("jax"):
        operator = grid((16, 16), "closed", OBSTACLES["boxes"]((16, 16)))
        y = operator.divergence(weighted(operator, random_faces(operator, rng)))
        compiled = jit_compile(lambda y, limit: solve(LinearProblem(operator, y), Solve(max_iterations=limit))[0])
        compiled(y, 100)
        with pytest.raises(NotConverged) as caught:
            compiled(y, 2)
        assert caught.value.iterations.item() == 2
        assert caught.value.x.shape == y.shape
        assert compiled.traces == 1


def test_suppressed(place, problem):
    x, info = solve(problem, Solve(max_iterations=2, suppress=(NotConverged,)))
    assert not bool(info.converged) and x.shape == problem.rhs.shape
    with pytest.raises(Diverged):
        solve(LinearProblem(problem.operator, problem.rhs * float("nan")), Solve(suppress=(NotConverged,)))


def test_nan_diverges(place, problem):
    with pytest.raises(Diverged, match="finite"):
        solve(LinearProblem(problem.operator, problem.rhs * float("nan")), Solve())
    with pytest.raises(Diverged):
        solve(LinearProblem(grid((16, 16)), problem.rhs * float("inf")), Solve())


def test_tolerance_below_precision_is_refused(place, rng):
    """A single-precision solution cannot have a residual of 1e-9: said instead of pretended."""
    operator = grid((64, 64))
    y = operator(tensor(rng.normal(size=(64, 64)), spatial("x,y")))
    with pytest.raises(PrecisionLimit, match="precision"):
        solve(LinearProblem(operator, y), Solve(rel_tol=1e-9))


def test_tape(place, problem):
    with record_solves() as tape:
        solve(problem, Solve())
        solve(LinearProblem(grid((16, 16)), problem.rhs), Solve())
    assert [info.method.split(",")[0] for info in tape] == ["CG", "transform"]
    assert len(tape) == 2 and tape[0].iterations.item() > 1


def test_tape_of_compiled_code(rng):
    pytest.importorskip("phiml_jax")
    from phiml_core.backend import backend

    with backend("jax"):
        operator = grid((16, 16), "closed", OBSTACLES["disc"]((16, 16)))
        y = operator.divergence(weighted(operator, random_faces(operator, rng)))
        compiled = jit_compile(lambda y: solve(LinearProblem(operator, y), Solve())[0])
        compiled(y)
        with record_solves() as tape:
            compiled(y)
        assert tape[0].iterations.item() > 1
        assert "converged after" in tape[0].message


def test_batch_reports_each_example(place, rng):
    operator = grid((16, 16), "closed", OBSTACLES["boxes"]((16, 16)))
    y = operator.divergence(weighted(operator, random_faces(operator, rng)))
    y = y * tensor([1.0, 0.0, 5.0], batch("b"))
    _, info = solve(LinearProblem(operator, y), Solve())
    assert info.iterations.shape == batch(b=3) and info.converged.shape == batch(b=3)
    assert float(info.iterations.b[1]) == 0
    with pytest.raises(NotConverged) as caught:
        solve(LinearProblem(operator, y), Solve(abs_tol=1e-2, rel_tol=0.0, max_iterations=1))
    assert caught.value.result.converged.numpy("b").tolist() == [False, True, False]


@pytest.mark.parametrize("method", ["CG", "cg", "auto", "direct", CG("jacobi"), CG("none")])
def test_methods_by_name_and_object(method, place, rng):
    operator = grid((12, 10), ("closed", "open"))
    x = tensor(rng.normal(size=(12, 10)), spatial("x,y"))
    found = solve_linear(operator, operator(x), Solve(method))
    assert largest(found - x) < 1e-2


def test_function_as_operator(place, rng):
    box = grid((12, 10), "open")
    x = tensor(rng.normal(size=(12, 10)), spatial("x,y"))
    found = solve_linear(lambda x, a: a * x - box(x), 0.5 * x - box(x), Solve("CG", 1e-6), 0.5)
    assert largest(found - x) < 1e-3


def test_unknown_names(place):
    y = tensor(np.zeros((4, 4)), spatial("x,y"))
    with pytest.raises(UnknownAlgorithm, match=r"known: .*cg.*phiml-solvers"):
        solve(LinearProblem(grid((4, 4)), y), "gauss")
    with pytest.raises(UnknownPreconditioner, match=r"'jacobi'.*'multigrid'"):
        solve(LinearProblem(grid((4, 4)), y), Solve("CG", preconditioner="gauss"))
    with pytest.raises(UnknownPreconditioner, match="no separable"):
        solve(
            LinearProblem(Stencil.of({(0, 0): 1.0}, spatial(x=4, y=4), symmetric=True), y),
            Solve("CG", preconditioner="spectral"),
        )
    with pytest.raises(ValueError, match="'2' or 'max'"):
        Solve(norm="1")
    with pytest.raises(TypeError, match="separable operator"):
        solve(LinearProblem(grid((4, 4), "closed", np.zeros((4, 4), bool)), y), "transform")


def test_operators_by_class(place, rng):
    """'auto' looks at the class and at what is declared, never at values."""
    resolution, y = spatial(x=6), tensor(rng.normal(size=6), spatial("x"))
    symmetric = Stencil.of({(0,): 3.0, (1,): -1.0, (-1,): -1.0}, resolution, symmetric=True)
    upwind = Stencil.of({(0,): 3.0, (-1,): -1.0}, resolution)
    known = replace(symmetric, definite="positive")
    assert solve(LinearProblem(known, y), Solve(record=True))[1].method == "CG, preconditioner jacobi"
    for other in (known, symmetric, upwind):
        assert solve(LinearProblem(other, y), Solve())[1].method == "direct, sparse LU"
    with pytest.raises(TypeError, match="symmetric=True if it is"):
        solve(LinearProblem(upwind, y), "CG")


def test_wrong_boundaries():
    with pytest.raises(UnknownSide, match="Known: 'periodic'"):
        poisson(spatial(x=4), 1.0, "robin")
    with pytest.raises(UnknownSide, match="one side only"):
        poisson(spatial(x=4), 1.0, {"x": ("periodic", "neumann")})
    with pytest.raises(UnknownSide, match="lacks dim 'y'"):
        poisson(spatial(x=4, y=4), 1.0, {"x": "neumann"})
    with pytest.raises(ValueError, match="Give one for each"):
        poisson(spatial(x=4, y=4), (1.0,))


def test_minres_takes_a_definite_preconditioner_by_itself(bits, rng):
    operator = poisson(spatial(x=12, y=12), 1.0, "dirichlet", shift=1.7)  # indefinite, and so is what transforms invert
    y = tensor(rng.normal(size=(12, 12)), spatial("x,y"))
    x, _ = solve(LinearProblem(operator, y), Solve("minres", max_iterations=3000))
    assert largest(operator(x) - y) < {32: 1e-3, 64: 1e-8}[bits]


def test_a_tolerance_below_rounding_is_not_taken_for_an_incompatible_system(rng):
    operator = Stencil.of({(0,): -2.0, (1,): 1.0, (-1,): 1.1}, spatial(x=60), "dirichlet")
    with pytest.raises(NotConverged) as caught:
        solve(LinearProblem(operator, tensor(rng.normal(size=60), spatial("x"))), Solve("GMres", rel_tol=1e-9))
    assert type(caught.value) is NotConverged


@pytest.mark.parametrize("method", ["direct", "scipy-direct", "scipy-GMres", "GMres(200)", "minres"])
def test_the_default_tolerance_allows_for_rounding_of_any_operator(place, rng, method):
    """The squared Laplacian has no bound of its own for what rounding leaves."""
    y = tensor(rng.standard_normal((14, 14)), spatial("x,y"))

    def twice(u):
        return laplace(laplace(u, padding=0), padding=0)

    with precision(32):
        x = solve_linear(twice, y, method)
    with precision(64):
        exact = solve_linear(twice, y, "direct")
    assert largest(x - exact) < 1e-3 * largest(exact)


@pytest.mark.parametrize("run", [lambda f: f, jit_compile], ids=["eager", "compiled"])
def test_tapes_and_exceptions_hold_the_solution(run, place, rng):
    operator, y = grid((6, 5), "open"), tensor(rng.normal(size=(6, 5)), spatial("x,y"))
    with record_solves() as tape:
        x = run(lambda y: solve_linear(operator, y, Solve("CG")))(y)
    assert largest(tape[0].x - x) == 0
    with pytest.raises(NotConverged) as stopped:
        run(lambda y: solve_linear(operator, y, Solve("CG", max_iterations=1, preconditioner="none")))(y)
    assert stopped.value.result.x is stopped.value.x and largest(stopped.value.x) > 0


def test_a_limit_of_iterations_is_not_taken_for_a_singular_operator():
    """Large coefficients make a solution's rounding weigh more, but this one is only not finished."""
    away = np.hypot(*np.meshgrid(np.arange(64) - 30.0, np.arange(48) - 20.0, indexing="ij"))
    k, source = tensor(np.where(away < 12, 1000.0, 1.0), spatial("x,y")), np.zeros((64, 48))
    source[10, 10], source[50, 30] = 1, -1

    def flow(p):
        total = 0
        for d in "xy":
            upper, lower = {d: slice(1, None)}, {d: slice(None, -1)}
            flux = math.pad(k[upper] * (p[upper] - p[lower]), {d: (1, 1)}, 0)
            total = total + flux[upper] - flux[lower]
        return total

    with pytest.raises(NotConverged) as stopped:
        solve_linear(flow, tensor(source, spatial("x,y")), Solve("CG", max_iterations=2))
    assert type(stopped.value) is NotConverged
