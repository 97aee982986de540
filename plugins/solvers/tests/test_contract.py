"""Products of matrices inside of traced functions: summed one dim after the other, never stored as a whole."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import channel, instance, matrix_from_function, solve_linear, spatial, tensor, wrap
from phiml_core.tree import tree_leaves
from phiml_solvers.assemble import assemble
from phiml_solvers.trace import structured
from traced_functions import largest


def normal(features, damping=0.0):
    """w ↦ Xᵀ X w + damping w, written with sums."""

    def f(w):
        return math.sum_(features * math.sum_(features * w, "w"), "data") + damping * w

    return f


def features(rng, samples, count):
    return tensor(rng.normal(size=(samples, count)), instance("data"), channel("w"))


def test_few_unknowns_and_many_samples_are_one_small_matrix(double, rng):
    x = features(rng, 50, 4)
    operator = structured(normal(x), math.zeros(channel(w=4)))
    assert operator.domain == channel(w=4) and sum(t.shape.volume for t in tree_leaves(operator)) <= 16
    dense = x.numpy("data,w")
    np.testing.assert_allclose(assemble(operator).toarray(), dense.T @ dense, rtol=1e-12)


def test_many_unknowns_and_few_samples_stay_two_factors(place, double, rng):
    """A product with a vector is two of them."""
    x, w = features(rng, 3, 40), tensor(rng.normal(size=40), channel("w"))
    operator = structured(normal(x, 0.5), w)
    assert max(t.shape.volume for t in tree_leaves(operator)) <= 120
    dense = x.numpy("data,w")
    expected = dense.T @ dense + 0.5 * np.eye(40)
    np.testing.assert_allclose(operator(w).numpy("w"), expected @ w.numpy("w"), rtol=1e-10)
    np.testing.assert_allclose(operator.T(w).numpy("w"), expected @ w.numpy("w"), rtol=1e-10)
    np.testing.assert_allclose(assemble(operator).toarray(), expected, rtol=1e-10)
    np.testing.assert_allclose(operator.diagonal().numpy("w"), np.diag(expected), rtol=1e-10)


def test_ridge_regression_of_many_samples(double, rng):
    """600 × 200 numbers, whose product with themselves over all dims would be 24 million."""
    x, y = features(rng, 600, 200), tensor(rng.normal(size=600), instance("data"))
    dense = x.numpy("data,w")
    for damping in (1.0, tensor(1.0)):
        w = solve_linear(normal(x, damping), math.sum_(x * y, "data"))
        expected = np.linalg.solve(dense.T @ dense + np.eye(200), dense.T @ y.numpy("data"))
        np.testing.assert_allclose(w.numpy("w"), expected, atol=1e-8)


def test_windows_masks_and_several_matrices(double, rng):
    u = tensor(rng.normal(size=(4, 5)), spatial("x,y"))
    a, b = (tensor(rng.normal(size=(4, 4)), spatial("x"), instance("k")) for _ in range(2))
    mask = wrap(rng.uniform(size=(4, 4)) < 0.5, spatial("x"), instance("k"))
    hole = math.where(mask, a, float("nan"))
    functions = [
        lambda u: math.sum_(b * math.sum_(a * u, "x"), "k"),
        lambda u: math.sum_((b * math.sum_(a.x[1:] * u.x[1:], "x")).k[:3], "k"),
        lambda u: math.pad(math.sum_(b.x[1:3] * math.sum_(a.x[:3] * u.x[:3], "x"), "k"), {"x": (1, 1)}, 0),
        lambda u: math.sum_(math.where(mask, hole * math.sum_(b * u, "x"), 0), "k"),
        lambda u: math.sum_(b * math.sum_(a, "x") * u.x[0], "k") + math.sum_(u, "x"),
    ]
    for f in functions:
        operator, _ = matrix_from_function(f, u)
        assert largest(operator(u) - f(u)) < 1e-12
        matrix = assemble(operator).toarray()
        columns = [f(tensor(e.reshape(4, 5), spatial("x,y"))).numpy("x,y").ravel() for e in np.eye(20)]
        whole = operator.domain.volume == 20
        assert not whole or np.allclose(matrix, np.stack(columns, 1), atol=1e-12)


@pytest.mark.parametrize("n", [6, 12])
def test_filters_in_fourier_space(double, rng, n):
    k = tensor(rng.uniform(0.5, 1.5, (n, n)), spatial("x,y"))
    u = tensor(rng.normal(size=(n, n)), spatial("x,y"))

    def smooth(u):
        return math.real(math.ifft(math.fft(u) * k))

    operator, _ = matrix_from_function(smooth, u)
    assert (
        sum(t.shape.volume for t in tree_leaves(operator)) <= 6 * n**4
    )  # two matrices and the places of their entries
    assert largest(solve_linear(smooth, smooth(u)) - u) < 1e-9


DIAGONALS = {
    "mean": lambda u, k: u - math.laplace(u, padding=0) + math.mean(u, "x,y"),
    "weighted": lambda u, k: k * math.sum_(u, "x,y") + u,
    "weights inside": lambda u, k: math.sum_(k * u, "x,y") + 0 * u,
    "part": lambda u, k: math.pad(math.sum_(u.x[1:3], "x") + 0 * u.x[:2], {"x": (0, 2)}, 0) + k * u,
    "one": lambda u, k: u.x[2] + 0 * u + u.x[1].y[0],
    "running": lambda u, k: math.cumulative_sum(u, "y") + math.sum_(u, "x"),
    "turned": lambda u, k: math.flip(u, "x") + math.mean(u, "y"),
    "components": lambda u, k: math.concat([k.x[:2] * math.sum_(u, "x"), u.x[2:] + u.x[:2]], "x"),
}


@pytest.mark.parametrize("name", DIAGONALS)
def test_diagonals(name, double, rng):
    u, k = (tensor(rng.normal(size=(4, 5)), spatial("x,y")) for _ in range(2))
    operator, _ = matrix_from_function(lambda u: DIAGONALS[name](u, k), u)
    columns = [DIAGONALS[name](tensor(e.reshape(4, 5), spatial("x,y")), k).numpy("x,y").ravel() for e in np.eye(20)]
    found = math.expand(operator.diagonal(), u.shape).numpy("x,y").ravel()
    np.testing.assert_allclose(found, np.diag(np.stack(columns, 1)), atol=1e-12)


def test_means_of_large_grids_take_no_matrix(rng):
    """Whose 16384² entries would take minutes and gigabytes."""
    u = tensor(rng.normal(size=(128, 128)), spatial("x,y"))

    def f(u):
        return u - math.laplace(u, padding=0) + math.mean(u, "x,y")

    assert largest(f(solve_linear(f, u)) - u) < 1e-3
