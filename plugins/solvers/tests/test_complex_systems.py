"""Systems with complex numbers, of the operator or of the right-hand side."""

import importlib.util

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import channel, dual, solve_linear, spatial
from phiml_solvers import DenseMatrix


@pytest.mark.parametrize("name", ["auto", "direct", "GMres", "biCG-stab", "lsmr"])
@pytest.mark.parametrize("numbers", [("c", "c"), ("c", "f"), ("f", "c")])
def test_complex_systems(name, numbers, double, rng):
    kind = {"c": lambda *n: rng.normal(size=n) + 1j * rng.normal(size=n), "f": lambda *n: rng.normal(size=n)}
    matrix, right = kind[numbers[0]](9, 9) + 5 * np.eye(9), kind[numbers[1]](9)
    x = solve_linear(math.tensor(matrix, channel("i"), dual("i")), math.tensor(right, channel("i")), name)
    assert np.allclose(x.numpy("i"), np.linalg.solve(matrix, right))


@pytest.mark.parametrize("name", ["CG", "CG-adaptive", "minres"])
def test_methods_for_symmetric_operators_take_hermitian_ones_and_refuse_complex_symmetric_ones(name, double, rng):
    part, right = rng.normal(size=(9, 9)) + 1j * rng.normal(size=(9, 9)), rng.normal(size=9) + 0j
    y = math.tensor(right, channel("i"))
    matrix = part @ part.conj().T + np.eye(9)
    x = solve_linear(math.tensor(matrix, channel("i"), dual("i")), y, name)
    assert np.allclose(x.numpy("i"), np.linalg.solve(matrix, right))
    with pytest.raises(math.NotSymmetric):
        solve_linear(DenseMatrix(math.tensor(part + part.T, channel("i"), dual("i")), symmetric=True), y, name)


@pytest.mark.parametrize("name", ["auto", "GMres", "direct", "lsmr"])
def test_derivatives_by_real_coefficients_of_complex_operators(name, double, rng):
    matrix, right = rng.normal(size=(6, 6)) * (1 + 0.5j) + 5 * np.eye(6), rng.normal(size=6)
    jax = pytest.importorskip("phiml_jax") and math.backend("jax")
    with jax:
        base, y = math.tensor(matrix, channel("i"), dual("i")), math.tensor(right, channel("i"))

        def loss(k):
            x = solve_linear(lambda x: base @ x + (1 + 2j) * k * x, y, name)
            return math.sum(math.real(x) ** 2 + 3 * math.imag(x))

        slope = float(math.gradient(loss, get_output=False)(math.tensor(0.3)))

    def reference(k):
        x = np.linalg.solve(matrix + (1 + 2j) * k * np.eye(6), right)
        return np.sum(x.real**2 + 3 * x.imag)

    assert abs(slope - (reference(0.3 + 1e-6) - reference(0.3 - 1e-6)) / 2e-6) < 1e-6 * abs(slope)


@pytest.mark.parametrize("name", ["auto", "direct", "GMres", "biCG-stab"])
def test_grids_with_complex_shift(name, double, rng):
    y = math.tensor(rng.normal(size=(6, 5)), spatial("x,y"))
    mask = math.tensor((rng.random((6, 5)) > 0.2) * 1.0, spatial("x,y"))

    def damped(u, k):
        return math.laplace(u, padding=0) * mask + k * u

    for k in (1.7 + 0.3j, math.tensor(1.7 + 0.3j)):
        x = solve_linear(damped, y, name, k=k)
        assert float(math.max(abs(damped(x, k) - y))) < 1e-8


PLACES = ["numpy"] + [
    n for n, p in (("torch", "torch"), ("tensorflow", "tf")) if importlib.util.find_spec(f"phiml_{p}")
]


@pytest.mark.parametrize("name", ["auto", "CG", "GMres", "minres", "direct", "multigrid"])
@pytest.mark.parametrize("place", PLACES)
def test_real_operators_and_complex_right_hand_sides(place, name, double, rng):
    """Preconditioners of real operators work on both parts."""
    numbers = rng.normal(size=(16, 12)) + 1j * rng.normal(size=(16, 12))
    mask = rng.random((16, 12)) > 0.2

    def flow(u):
        return math.where(weights, u - math.laplace(math.where(weights, u, 0), padding="periodic"), u)

    with math.backend(place):
        y, weights = math.tensor(numbers, spatial("x,y")), math.wrap(mask, spatial("x,y"))
        for f in (lambda u: u - math.laplace(u, padding="periodic"), flow)[: 1 if name == "multigrid" else 2]:
            assert float(math.max(abs(f(solve_linear(f, y, name)) - y))) < 1e-8
