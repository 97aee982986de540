"""What a solve says of itself, and that failures come out of compiled code."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.conformance.claims import capability, claimed
from phiml_core.math import (
    ConvergenceException,
    Diverged,
    EmptySystem,
    Incompatible,
    Indefinite,
    LinearProblem,
    NotConverged,
    NotFinite,
    NotSymmetric,
    PrecisionLimit,
    SingularOperator,
    Solve,
    SolveTape,
    batch,
    record_solves,
    solve,
    solve_linear,
    spatial,
)  # fmt: skip

from .grids import METHODS, NOISE, largest, masked, operator, rhs, tensor

XY = spatial("x,y")
BOTH = pytest.mark.parametrize("run", [lambda f: f, math.jit_compile], ids=["eager", "compiled"])


@BOTH
def test_not_converged(run, place):
    f = run(lambda y, limit: solve(LinearProblem(masked(), y), Solve("CG", rel_tol=1e-6, max_iterations=limit))[0])
    y = tensor(rhs(masked), XY)
    f(y, 100)
    with pytest.raises(NotConverged) as caught:
        f(y, 1)
    assert isinstance(caught.value, ConvergenceException)
    assert int(caught.value.iterations.max) == 1 and caught.value.x.shape == y.shape
    assert float(caught.value.residual.max) > 0
    f(y, 100)
    if run is math.jit_compile and place.can_jit:
        assert f.traces == 1


@pytest.mark.parametrize("method", METHODS)
@BOTH
def test_nan_is_a_failure(method, run, place):
    f = run(lambda y: solve(LinearProblem(operator("open"), y), Solve(method))[0])
    with pytest.raises(Diverged):
        f(tensor(NOISE[0] * np.nan, XY))


@BOTH
def test_in_a_loop(run, place):
    """A failure in one of the steps of a compiled loop is raised after it."""

    def steps(y, limit):
        def step(i, x):
            settings = Solve("CG", rel_tol=1e-5, max_iterations=limit, preconditioner="jacobi")
            return (solve(LinearProblem(masked(), masked()(x)), settings)[0],)

        return math.fori_loop(2, step, (y,))[0]

    f = run(steps)
    f(tensor(NOISE[0], XY), 60)
    with pytest.raises(NotConverged):
        f(tensor(NOISE[0], XY), 1)


@BOTH
def test_tape(run, place):
    f = run(lambda y: solve(LinearProblem(masked(), y), Solve())[0])
    y = tensor(rhs(masked), XY)
    f(y)
    with record_solves() as tape:
        f(y)
    assert isinstance(tape, SolveTape) and len(tape) == 1
    assert int(tape[0].iterations.max) >= 1 and tape[0].method.startswith("CG")


@BOTH
def test_each_example_has_its_outcome(run, place):
    y = tensor(rhs(masked), XY) * tensor([1.0, 0.0, 5.0], batch("b"))
    _, info = run(lambda y: solve(LinearProblem(masked(), y), Solve()))(y)
    assert info.iterations.shape == batch(b=3) == info.converged.shape
    assert float(info.iterations.b[1]) == 0


@BOTH
def test_functions_as_operators(run, place, double):
    box = operator("open")
    x = tensor(NOISE[0], XY)
    f = run(lambda y, a: solve_linear(lambda x, a: a * x - box(x), y, Solve("CG", 1e-10), a))
    assert largest(f(0.5 * x - box(x), tensor(0.5)) - x) < 1e-7


@capability("compiled gradient")
def test_a_failed_adjoint_is_not_a_number(place):
    """Where the adjoint system was not solved, the gradient is NaN instead of wrong."""
    settings = Solve("CG", rel_tol=1e-6, suppress=(NotConverged,))

    def loss(y, limit):
        return math.sum_(
            solve(LinearProblem(masked(), y), settings.with_(max_iterations=limit))[0] * tensor(NOISE[1], XY)
        )

    with claimed(place, "compiled gradient", "solve"):
        f = math.jit_compile(math.gradient(loss, "y", get_output=False))
        good, bad = (f(tensor(rhs(masked), XY), n).numpy("x,y") for n in (100, 1))
        assert np.isfinite(good).all()
        assert not np.isfinite(bad).any() or np.abs(bad - good).max() > 0


def moved(p):
    return p - 0.5 * math.pad(p.x[1:], {"x": (0, 1)}, 0)


def closed(p):
    return math.laplace(p, padding="zero-gradient")


WRONG = {
    EmptySystem: (lambda p: 2 * p, math.zeros(spatial(x=0)), "auto"),
    Incompatible: (closed, math.ones(spatial(x=8)), "auto"),
    Indefinite: (lambda p: closed(p) + 3 * p, math.random_normal(spatial(x=8)), Solve("CG", preconditioner="none")),
    NotFinite: (lambda p: closed(p) - p, math.ones(spatial(x=8)) * math.wrap(float("inf")), "auto"),
    NotSymmetric: (moved, math.ones(spatial(x=8)), "CG"),
    # Enough values that not all of them are without a rounding error by chance.
    PrecisionLimit: (lambda p: moved(p) + p / 3, math.random_normal(spatial(x=64)), Solve("direct", rel_tol=1e-12)),
    SingularOperator: (lambda p: 0 * p, math.ones(spatial(x=8)), "auto"),
}


@pytest.mark.parametrize("error", WRONG, ids=lambda e: e.__name__)
def test_what_is_wrong_is_named(error, place):
    function, y, method = WRONG[error]
    with pytest.raises(error):
        solve_linear(function, math.convert(y), method)


def test_operators_of_functions(place):
    """What tracing returns does what the function does, and adds what the function adds."""
    y = math.random_normal(spatial(x=8))
    operator, offset = math.matrix_from_function(lambda p: moved(p) + 1, y)
    np.testing.assert_allclose((operator(y) + offset).numpy("x"), (moved(y) + 1).numpy("x"), rtol=1e-5)
    kept = math.jit_compile_linear(moved)
    np.testing.assert_allclose(kept(solve_linear(kept, y)).numpy("x"), y.numpy("x"), rtol=1e-4, atol=1e-5)
