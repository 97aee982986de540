"""Tolerances that the precision of a solution cannot keep: what is returned, what is said, what is raised."""

import importlib.util
import sys
import warnings

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import PrecisionWarning
from phiml_core.math import Solve, batch, record_solves, solve_linear, spatial
from phiml_core.solve import NotConverged, PrecisionLimit
from phiml_core.transform import gradient, jit_compile
from solver_grids import tensor

N = 64
FRAMEWORKS = [
    name
    for name, package in {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}.items()
    if importlib.util.find_spec(package)
]
METHODS = ["CG", "transform", "minres", "GMres", "biCG-stab", "direct", "multigrid"]


@pytest.fixture(params=FRAMEWORKS)
def framework(request):
    with math.backend(request.param):
        yield request.param


def laplace(p):
    return math.laplace(p, padding="zero-gradient")


def wave(n=N):
    """A long wave, whose solution is n² times larger than itself: rounded to single precision it leaves 4e-5."""
    at = np.pi * (np.arange(n) + 0.5) / n
    return tensor(np.add.outer(np.cos(at), np.cos(2 * at)), spatial("x,y"))


def left(x, y):
    """The relative residual in double precision."""
    with math.precision(64):
        x, y = (math.tensor(t.numpy("x,y").astype(float), spatial("x,y")) for t in (x, y))
        rest = (y - laplace(x)).numpy("x,y")
        return np.linalg.norm(rest) / np.linalg.norm(y.numpy("x,y"))


@pytest.mark.parametrize("method", METHODS)
def test_what_rounding_leaves_is_returned_with_a_warning(method):
    y = wave()
    with pytest.warns(PrecisionWarning, match="as well as the precision allows for") as said, record_solves() as tape:
        x = solve_linear(laplace, y, Solve(method, 1e-6))
    assert said[0].filename == __file__
    assert 1e-6 < left(x, y) < 6e-5
    assert not bool(tape[0].converged) and tape[0].is_rounded and tape[0].failure is PrecisionLimit
    assert int(tape[0].iterations) < 30


def test_compiled_code_warns_after_the_call(framework):
    y = wave()
    compiled = jit_compile(lambda y: solve_linear(laplace, y, Solve("CG", 1e-6)))
    with pytest.warns(PrecisionWarning):
        x = compiled(y)
    assert left(x, y) < 6e-5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled(tensor((-1.0) ** np.add.outer(range(N), range(N)), spatial("x,y")))  # short waves leave less


@pytest.mark.parametrize("method", METHODS)
def test_tolerances_below_the_precision_are_refused(method):
    with pytest.raises(PrecisionLimit, match="precision") as stopped:
        solve_linear(laplace, wave(), Solve(method, 1e-8))
    assert int(stopped.value.iterations) < 100 and left(stopped.value.x, wave()) < 6e-5


def test_warnings_can_be_left_out_or_raised():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for quiet in (PrecisionLimit, NotConverged):
            solve_linear(laplace, wave(), Solve("CG", 1e-6, suppress=[quiet]))
        with pytest.raises(PrecisionWarning):
            solve_linear(laplace, wave(), Solve("CG", 1e-6))


def test_of_a_batch_with_another_failure_the_other_is_raised():
    """The example that is rounded does not hide the one that needs more iterations."""
    limits = math.wrap([1000, 1], batch("b"))
    with pytest.raises(NotConverged) as stopped:
        solve_linear(laplace, wave(), Solve("CG", 1e-6, max_iterations=limits, preconditioner="jacobi"))
    assert type(stopped.value) is NotConverged


@pytest.mark.parametrize("method", [*METHODS, "lsmr", "CG-adaptive", "auto"])
def test_no_method_computes_in_another_precision(method, monkeypatch, rng):
    """Constants of an algorithm are made in the precision of the context, so that none is said to be converted."""
    monkeypatch.setattr(sys.modules["phiml_core.backend.precision"], "_warned", False)
    y = tensor(rng.normal(size=(6, 5)), spatial("x,y"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrecisionWarning)
        solve_linear(lambda p: math.laplace(p, padding=0), y, method)
        if method in ("GMres", "biCG-stab", "direct", "auto"):
            solve_linear(lambda p: math.fori_loop(2, lambda i, p: (1.5 * p,), (p,))[0], y, method)


def test_derivatives_are_not_lost(framework):
    """An adjoint system may be rounded where the solution met its tolerance."""
    weights = wave()

    def loss(y):
        return math.sum_(solve_linear(lambda p: laplace(p) - p, y, Solve("CG", 1e-6)) * weights, "x,y")

    slope = jit_compile(gradient(loss, "y", get_output=False))(wave())
    assert np.isfinite(slope.numpy("x,y")).all()
