"""Solves for fields, and what is built on them."""

import numpy as np
import pytest
from phiml_physics.flow import (
    PERIODIC,
    ZERO_GRADIENT,
    Box,
    CenteredGrid,
    Solve,
    StaggeredGrid,
    batch,
    channel,
    diffuse,
    field,
    gradient,
    jit_compile,
    math,
    precision,
    solve_linear,
    tensor,
)

CELLS = {"x": 16, "y": 12, "bounds": Box(x=8, y=6)}


def largest(value):
    parts = getattr(value, "components", [value.values])
    return max(float(math.max(abs(p), p.shape)) for p in parts)


@pytest.mark.parametrize("boundary", [ZERO_GRADIENT, PERIODIC, 0, {"x": (1, ZERO_GRADIENT), "y": PERIODIC}])
def test_a_step_forwards_undoes_one_backwards(boundary, each_backend):
    """Also with boundary values, which make the function affine."""
    for u in (
        CenteredGrid(lambda x, y: math.sin(x) + y * y, boundary, **CELLS),
        StaggeredGrid(lambda x, y: math.stack({"x": math.sin(y), "y": x}, channel("vector")), boundary, **CELLS),
    ):
        later = diffuse.implicit(u, 0.7, 2.0, solve=Solve(rel_tol=1e-5))
        assert type(later) is type(u) and later.boundary == u.boundary
        assert largest(diffuse.explicit(later, 0.7, -2.0) - u) < 3e-4 * largest(u)


def test_waves_decay_as_backward_euler_has_it(each_backend):
    with precision(64):
        wave = CenteredGrid(lambda x, y: math.cos(np.pi * x / 4), PERIODIC, **CELLS)
        rate = (2 - 2 * np.cos(np.pi / 4 * 0.5)) / 0.5**2  # of the second difference
        later = diffuse.implicit(wave, 0.3, 1.5)
        assert largest(later * (1 + 0.3 * 1.5 * rate) - wave) < 1e-9


def test_varying_diffusivity_and_batches(each_backend):
    u = CenteredGrid(lambda x, y: math.sin(x) * y, ZERO_GRADIENT, **CELLS)
    dt = math.wrap([0.5, 2.0], batch("case"))
    conductive = CenteredGrid(lambda x, y: 1 + x, ZERO_GRADIENT, **CELLS)
    for diffusivity, step in ((conductive, 1.0), (0.2, dt)):
        later = diffuse.implicit(u, diffusivity, step, solve=Solve(rel_tol=1e-5))
        back = diffuse.explicit(later, diffusivity, -step) - u
        assert float(math.max(abs(back.values), back.values.shape)) < 1e-3


def test_coupled_fields():
    a = CenteredGrid(lambda x, y: math.sin(x), ZERO_GRADIENT, **CELLS)

    def reaction(u):
        return {"a": u["a"] - 0.2 * u["a"].laplace() + 0.3 * u["b"], "b": 2 * u["b"] + 0.1 * u["a"]}

    for method in ("auto", "GMres", "biCG-stab(2)"):
        found = reaction(solve_linear(reaction, {"a": a, "b": 2 * a}, Solve(method, rel_tol=1e-5)))
        assert largest(found["a"] - a) < 1e-3 and largest(found["b"] - 2 * a) < 1e-3


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_compiled_and_differentiated(name):
    pytest.importorskip(name)
    from phiml_physics.flow import backend

    with backend(name), precision(64):
        u = CenteredGrid(lambda x, y: math.sin(x) * y, ZERO_GRADIENT, **CELLS)

        def energy(dt):
            return math.l2_loss(diffuse.implicit(u, 0.3, dt).values)

        slope = float(jit_compile(gradient(energy, get_output=False))(tensor(0.7)))
        assert abs(slope - float(energy(tensor(0.7 + 1e-5)) - energy(tensor(0.7 - 1e-5))) / 2e-5) < 1e-5 * abs(slope)
        step = jit_compile(lambda u, dt: diffuse.implicit(u, 0.3, dt))
        for dt in (0.1, 0.5, 2.0):
            assert largest(step(u, tensor(dt)) - diffuse.implicit(u, 0.3, dt)) < 1e-9
        assert step.traces == 1


def test_pressure_by_hand():
    """The projection as a user of PhiFlow writes it."""
    velocity = StaggeredGrid(lambda x, y: math.stack({"x": math.sin(y), "y": x}, channel("vector")), 0, **CELLS)
    guess = CenteredGrid(0, ZERO_GRADIENT, **CELLS)
    pressure = solve_linear(field.laplace, field.divergence(velocity).with_boundary(ZERO_GRADIENT), Solve(x0=guess))
    free = velocity - field.spatial_gradient(pressure, 0, at="face")
    assert largest(field.divergence(free)) < 1e-4
