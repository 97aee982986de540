"""Eager solves on the CPU are computed in NumPy; whose arrays they are, nobody can tell but by the clock."""

import importlib.util

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend.choose import backend_named
from phiml_core.math import LinearProblem, NotConverged, Solve, batch, precision, solve, spatial
from phiml_core.solve import SolveTape
from phiml_solvers import BoxLaplace, MaskedLaplace, Stencil, borrowed, poisson, solve_increments
from phiml_solvers.borrowed import is_plain, within_frameworks
from phiml_solvers.multigrid.algorithm import Multigrid
from solver_grids import OBSTACLES, grid, largest, open_faces, tensor

FRAMEWORKS = [
    n for n, p in (("jax", "jax"), ("torch", "torch"), ("tensorflow", "tf")) if importlib.util.find_spec(f"phiml_{p}")
]
XY = spatial("x,y")


@pytest.fixture(params=FRAMEWORKS)
def framework(request):
    with math.backend(request.param):
        yield backend_named(request.param)


@pytest.fixture
def runs(monkeypatch):
    """The backends that systems and their solutions were moved to."""
    seen = []
    plain = borrowed._moved

    def moved(value, target):
        if seen[-1:] != [target.name]:
            seen.append(target.name)
        return plain(value, target)

    monkeypatch.setattr(borrowed, "_moved", moved)
    return seen


def parts(x, info):
    return [x, info.residual, info.tolerance, info.iterations, info.converged]


def load(operator, rng):
    """A right-hand side that can be solved for."""
    return operator(tensor(rng.normal(size=operator.resolution.sizes), XY))


def implicit_diffusion():
    box, walls = grid((6, 5), "open"), np.arange(30).reshape(6, 5) % 7 == 0
    return MaskedLaplace(box.with_coefficients(-0.3, 1.0), open_faces(box, walls))


def star(rng):
    centre = tensor(rng.uniform(4.5, 5.0, (9, 8)), XY)
    return Stencil.of(
        {(0, 0): centre, (1, 0): -1.0, (-1, 0): -1.0, (0, 1): -1.0, (0, -1): -1.0},
        spatial(x=9, y=8),
        "dirichlet",
        symmetric=True,
    )


OPERATORS = {
    "box": lambda rng: grid((9, 8), "open").with_coefficients(-0.3, 1.0),
    "obstacles": lambda rng: grid((9, 8), "open above", OBSTACLES["boxes"]((9, 8))),
    "stencil": star,
    "sum": lambda rng: star(rng) - grid((9, 8), "open", OBSTACLES["boxes"]((9, 8))),
}


METHODS = "CG", "CG-adaptive", "minres", "GMres", "biCG-stab(2)", "multigrid", "lsmr"
CASES = [(name, m) for name in OPERATORS for m in METHODS if (name, m) != ("sum", "multigrid")]


@pytest.mark.parametrize(("name", "method"), CASES)
def test_the_results_of_numpy_as_tensors_of_the_framework(name, method, framework, bits, runs):
    def solved():
        rng = np.random.default_rng(0)
        operator = OPERATORS[name](rng)
        y = operator(tensor(rng.normal(size=(2, 9, 8)), batch("b"), XY))
        return solve(LinearProblem(operator, y), Solve(method, x0=y * 0.1, record=True))

    x, info = solved()
    assert runs == ["numpy", framework.name]
    with math.backend("numpy"):
        reference, expected = solved()
    assert all(t.backend is framework for t in parts(x, info))
    assert (
        x.dtype == reference.dtype
        and x.shape == reference.shape
        and info.method.replace("|", "") == expected.method.replace("|", "")
    )
    assert np.allclose(x.numpy("b,x,y"), reference.numpy("b,x,y"), rtol={32: 1e-4, 64: 1e-8}[bits], atol=1e-4)
    assert (info.iterations.numpy("b") == expected.iterations.numpy("b")).all()
    assert info.history.shape == expected.history.shape and info.converged.numpy("b").all() and info.time > 0


def test_solutions_in_parts(framework, rng, runs):
    operator = grid((9, 8), "closed", OBSTACLES["boxes"]((9, 8)))
    y = load(operator, rng)
    found, info = solve_increments(LinearProblem(operator, y), Solve("CG"))
    assert runs == ["numpy", framework.name] and len(found) == 2
    assert all(t.backend is framework for t in [*found, info.residual])
    assert largest(operator(found[0]) + operator(found[1]) - y) < 1e-4 * largest(y)


def test_failures_hold_tensors_of_the_framework(framework, rng):
    operator = grid((16, 16), "open", OBSTACLES["boxes"]((16, 16)))
    with pytest.raises(NotConverged) as caught, SolveTape() as tape:
        solve(LinearProblem(operator, load(operator, rng)), Solve("CG", max_iterations=1, preconditioner="none"))
    assert caught.value.x.backend is framework
    assert all(
        t.backend is framework for t in parts(caught.value.x, caught.value.result) + parts(caught.value.x, tape[0])
    )


def test_derivatives(framework, rng, runs):
    """Those of eager code, whose values are known, and of compiled code, whose values are not."""
    with precision(64):
        operator = implicit_diffusion()
        y, weight = (tensor(rng.normal(size=(6, 5)), XY) for _ in range(2))

        def loss(y):
            return math.sum_(solve(LinearProblem(operator, y), "CG")[0] * weight, XY)

        slope = math.gradient(loss, get_output=False)(y)
        step = 1e-4
        for place in ({"x": 0, "y": 0}, {"x": 4, "y": 2}):
            unit = tensor(np.zeros((6, 5)), XY)
            where = math.wrap(np.arange(6) == place["x"], spatial("x")) & math.wrap(
                np.arange(5) == place["y"], spatial("y")
            )
            unit = math.where(where, step, unit)
            expected = (loss(y + unit) - loss(y - unit)) / (2 * step)
            assert abs(float(slope[place]) - float(expected)) < 1e-6 * largest(slope)
        compiled = math.jit_compile(math.gradient(loss, get_output=False))(y)
        assert largest(slope - compiled) < 1e-8 * largest(slope)


def test_compiled_code_stays_with_its_framework(framework, rng, runs):
    operator = grid((9, 8), "open", OBSTACLES["boxes"]((9, 8)))
    y = load(operator, rng)
    x = math.jit_compile(lambda y: solve(LinearProblem(operator, y), "CG")[0])(y)
    constant = math.jit_compile(lambda z: z + solve(LinearProblem(operator, y), "CG")[0])(y * 0)
    assert not runs
    assert largest(x - constant) < 1e-4 * largest(x)


def test_what_users_wrote_for_their_framework_gets_its_tensors(framework, rng, runs):
    operator, seen = grid((9, 8), "open", OBSTACLES["boxes"]((9, 8))), []

    def halved(r):
        seen.append(r.backend)
        return r * -0.2

    y = load(operator, rng)
    solve(LinearProblem(operator, y), Solve("CG", preconditioner=halved))
    assert set(seen) == {framework} and not runs


def test_large_systems_stay(framework, monkeypatch, rng, runs):
    with within_frameworks():
        solve(LinearProblem(star(rng), tensor(rng.normal(size=(9, 8)), XY)), "CG")
    monkeypatch.setattr(borrowed, "LARGEST", 71)
    solve(LinearProblem(grid((9, 8), "open"), tensor(rng.normal(size=(9, 8)), XY)), "CG")
    assert not runs


def test_what_is_plain():
    box = poisson(spatial(x=4), 1.0, "dirichlet")
    assert is_plain(box) and is_plain(box + box) and is_plain(Multigrid("W")) and is_plain("Jacobi") and is_plain(None)

    class Mine(BoxLaplace):
        """What a subclass computes, nobody knows."""

    assert not is_plain(object.__new__(Mine))
    assert not is_plain(lambda r: r) and not is_plain("amg") and not is_plain(object())


@pytest.mark.skipif("torch" not in FRAMEWORKS, reason="PyTorch is not installed")
def test_transforms_of_pytorch(rng):
    """vmap and derivatives of torch.func, whose tensors no NumPy reads."""
    import torch

    with math.backend("torch"), precision(64):
        operator = implicit_diffusion()

        def solution(y):
            return solve(LinearProblem(operator, math.tensor(y, XY)), "CG")[0].native("x,y")

        y = torch.tensor(rng.normal(size=(3, 6, 5)))
        single = torch.stack([solution(e) for e in y])
        (slope,) = torch.func.vjp(solution, y[0])[1](y[1])
        assert torch.allclose((slope * y[2]).sum(), (solution(y[2]) * y[1]).sum(), rtol=1e-7)
        y = y.clone().requires_grad_()
        solution(y[0]).sum().backward()
        ones = solution(torch.ones(6, 5, dtype=torch.float64))
        assert torch.allclose(y.grad[0], ones, atol=1e-8) and single.shape == (3, 6, 5)
