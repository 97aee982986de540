"""Solutions of each method against NumPy's, eager and compiled, batched and one by one, in both precisions."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.conformance.bounds import EPS
from phiml_core.math import LinearProblem, Solve, batch, solve, spatial

from .grids import METHODS, SIDES, dense, largest, masked, operator, rhs, tensor

XY = spatial("x,y")
RUNS = {"eager": lambda f: f, "compiled": math.jit_compile}


def exact(of, y):
    """The solution of least norm, by NumPy in double precision."""
    return (np.linalg.pinv(dense(of), rcond=1e-10) @ y.ravel()).reshape(6, 5)


def check(x, of, y, bits, singular):
    """The error is at most the condition of the matrix times the residual that the tolerance allows."""
    found, expected = x.numpy("x,y").astype(float), exact(of, y)
    if singular:  # the solution is determined up to a constant
        found = found - found.mean() + expected.mean()
    values = np.linalg.svd(dense(of), compute_uv=False)
    smallest = values[values > 1e-9 * values[0]][-1]
    allowed = {32: 1e-5, 64: 1e-10}[bits] * np.linalg.norm(y) / smallest + 64 * EPS[bits] * np.abs(expected).max()
    assert np.abs(found - expected).max() <= allowed


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.parametrize(
    ("method", "sides"),
    [*(("transform", s) for s in SIDES), *((m, s) for m in METHODS[1:] for s in ("closed", "mixed"))],
)
def test_laplace(method, sides, how, place, bits):
    y = rhs(lambda: operator(sides))
    run = RUNS[how](lambda y: solve(LinearProblem(operator(sides), y), Solve(method)))
    x, info = run(tensor(y, XY))
    assert x.backend is place and x.dtype.name == f"float{bits}" and x.shape == spatial(x=6, y=5)
    assert bool(info.converged.all)
    check(x, lambda: operator(sides), y, bits, sides in ("closed", "periodic"))
    left = largest(operator(sides)(x) - tensor(y, XY))
    assert left <= max(float(info.residual.max), 1.0) * {32: 1e-3, 64: 1e-8}[bits]


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.parametrize("sides", ["closed", "mixed"])
def test_around_an_obstacle(sides, how, place, bits):
    y = rhs(lambda: masked(sides))
    run = RUNS[how](lambda y: solve(LinearProblem(masked(sides), y), Solve()))
    x, info = run(tensor(y, XY))
    assert bool(info.converged.all) and 0 < int(info.iterations.max) <= 25
    assert largest(masked(sides)(x) - tensor(y, XY)) <= {32: 1e-4, 64: 1e-9}[bits] * np.abs(y).max()


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.parametrize("method", METHODS)
def test_batch(method, how, place, double):
    """Several systems with matrices of their own are what they are one by one."""
    scale = [-0.5, -2.0, -0.1]
    ys = np.stack([rhs(operator, i) for i in range(3)])

    def run(y, scale):
        return solve(LinearProblem(operator(scale=scale, shift=1.0), y), Solve(method))[0]

    together = RUNS[how](run)(tensor(ys, batch("b"), XY), tensor(scale, batch("b")))
    for i in range(3):
        one = run(tensor(ys[i], XY), tensor(scale[i]))
        assert largest(together.b[i] - one) <= 1e-9 * max(1.0, largest(one))
        check(one, lambda i=i: operator(scale=scale[i], shift=1.0), ys[i], 64, False)


def test_tolerance_guess_and_matrix_are_values(place):
    """Changing them does not trace anew."""

    @math.jit_compile
    def run(y, tolerance, guess, shift):
        problem = LinearProblem(operator("open", shift=shift), y, guess)
        return solve(problem, Solve("CG", rel_tol=tolerance, preconditioner="none"))[1].residual

    y = tensor(rhs(lambda: operator("open")), XY)
    residuals = [
        float(run(y, tol, y * guess, shift).max) for tol, guess, shift in ((1e-1, 0.0, 0.0), (1e-4, 0.5, -1.0))
    ]
    assert residuals[1] < residuals[0]
    assert run.traces == (1 if place.can_jit else 0)


def test_stencils(place, double):
    """A matrix that is not symmetric, given by its coefficients."""
    from phiml_solvers import Stencil

    def stencil():
        star = {(0, 0): 5.0, (1, 0): -1.0, (-1, 0): -0.5, (0, 1): 0.3, (1, 1): 0.2}
        return Stencil.of(star, spatial(x=6, y=5), {"x": ("neumann", "neumann"), "y": ("periodic", "periodic")})

    y = rhs(stencil)
    for run in RUNS.values():
        x, _ = run(lambda y: solve(LinearProblem(stencil(), y), "direct"))(tensor(y, XY))
        np.testing.assert_allclose(x.numpy("x,y"), exact(stencil, y), atol=1e-9)
