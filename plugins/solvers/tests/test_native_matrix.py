"""Matrices of SciPy and native arrays, as one has them before one names dims."""

import numpy as np
import pytest
import scipy.sparse as sp
from phiml_core import math
from phiml_core.math import Solve, batch, channel, solve_linear, spatial, wrap
from phiml_core.shape import ShapeError

A = sp.diags([-1.0, 2.5, -0.5], [-1, 0, 1], shape=(12, 12)).tocsr()


@pytest.mark.parametrize("make", [lambda: A, lambda: sp.coo_array(A), lambda: A.toarray()], ids=["csr", "coo", "dense"])
@pytest.mark.parametrize("dims", [channel(i=12), spatial(x=3, y=4)], ids=str)
def test_takes_the_dims_of_the_right_hand_side(make, dims, rng):
    y = rng.normal(size=(2, 12))
    with math.precision(64):
        x = solve_linear(make(), math.reshaped_tensor(y, [batch("k").with_size(2), dims]))
        assert x.shape == batch(k=2) & dims
        np.testing.assert_allclose(x.numpy(x.shape).reshape(2, 12) @ A.toarray().T, y, atol=1e-9)


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_arrays_of_frameworks(name):
    pytest.importorskip({"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}[name])
    with math.backend(name):
        matrix = math.tensor([[2.0, 1.0], [0.0, 4.0]], channel("i,j")).native("i,j")
        y = math.tensor([4.0, 8.0], channel("i"))
        x = solve_linear(matrix, y)
        assert x.backend.name == name
        np.testing.assert_allclose(x.numpy("i"), [1, 2], atol=1e-5)


def test_arrays_without_names_give_arrays():
    assert solve_linear(np.eye(3) * 2, np.ones(3)).tolist() == [0.5, 0.5, 0.5]
    assert solve_linear(sp.eye_array(3), np.ones((2, 3)), "biCG-stab").shape == (2, 3)
    with pytest.raises(ShapeError, match=r"\(3, 4\) does not fit .*\(4,\).*Transpose"):
        solve_linear(np.ones((3, 4)), np.ones(4))


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_arrays_without_names_of_frameworks(name, rng):
    """Batches of matrices and of right-hand sides, first guesses."""
    pytest.importorskip({"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}[name])
    a, y = (rng.normal(size=(2, 4, 4)) + 5 * np.eye(4)).astype("f"), rng.normal(size=(2, 4)).astype("f")
    with math.backend(name):
        matrix = math.tensor(a, batch("b"), channel("i,j")).native("b,i,j")
        right = math.tensor(y, batch("b"), channel("i")).native("b,i")
        x = solve_linear(matrix, right, Solve("GMres", x0=right * 0))
        assert type(x) is type(right)
        np.testing.assert_allclose(np.asarray(x), np.linalg.solve(a, y[..., None])[..., 0], atol=1e-4)
        assert np.asarray(solve_linear(matrix[0], right)).shape == (2, 4)


def test_least_squares_needs_the_dims_of_the_unknown(rng):
    y = wrap(rng.normal(size=12), channel("i"))
    with pytest.raises(ShapeError, match=r"12, 5\) has 5 unknowns.*x0=math.zeros\(channel\(u=5\)\)"):
        solve_linear(A[:, :5], y)
    with math.precision(64):
        x = solve_linear(A[:, :5], y, Solve(x0=math.zeros(channel(u=5))))
    expected = np.linalg.lstsq(A[:, :5].toarray(), y.numpy("i"), rcond=None)[0]
    np.testing.assert_allclose(x.numpy("u"), expected, atol=1e-8)


def test_what_is_no_matrix_is_named():
    with pytest.raises(ShapeError, match=r"does not fit the right-hand side .*rows count equations.*from_scipy"):
        solve_linear(A, wrap(np.ones(5), channel("i")))
    with pytest.raises(TypeError, match="A str is no linear operator"):
        solve_linear("laplace", np.ones(3))


@pytest.mark.parametrize(
    "method", ["auto", "CG", "CG-adaptive", "biCG-stab", "GMres", "minres", "lsmr", "direct", "scipy-GMres"]
)
@pytest.mark.parametrize("form", ["dense", "csr"])
def test_rows_may_have_other_names_than_columns(method, form, rng):
    """The dual dims of a matrix name the unknowns, its primal dims the equations; an iteration needs them in one space."""
    a = rng.normal(size=(6, 6))
    a, y = (a @ a.T + 6 * np.eye(6)).astype("f"), rng.normal(size=(2, 6)).astype("f")
    matrix = math.tensor(a.reshape(3, 2, 3, 2), channel("r,s"), math.dual("u,v"))
    if form == "csr":
        matrix = math.to_format(matrix, "csr")
    for x0 in (None, math.zeros(spatial(u=3, v=2))):
        x = solve_linear(matrix, math.tensor(y.reshape(2, 3, 2), batch("k"), channel("r,s")), Solve(method, x0=x0))
        np.testing.assert_allclose(x.numpy("k,u,v").reshape(2, 6), np.linalg.solve(a, y.T).T, atol=1e-3)
        assert set(x.shape.names) == {"k", "u", "v"}


@pytest.mark.parametrize("form", ["dense", "csr"])
def test_rows_and_columns_of_one_name_and_different_sizes_stay_apart(form, rng):
    """Least squares, and dims that both sides share beside those that have other names."""
    a, y = rng.normal(size=(6, 4)).astype("f"), rng.normal(size=6).astype("f")
    matrix = math.tensor(a, spatial("x"), math.dual("x"))
    matrix = matrix if form == "dense" else math.to_format(matrix, "csr")
    x = solve_linear(matrix, wrap(y, spatial("x")), Solve("lsmr", x0=math.zeros(spatial(x=4))))
    np.testing.assert_allclose(x.numpy("x"), np.linalg.lstsq(a, y, rcond=None)[0], atol=1e-4)
    square = (rng.normal(size=(6, 6)) + 6 * np.eye(6)).astype("f")
    shared = math.tensor(square.reshape(3, 2, 3, 2), channel("s,r"), math.dual("s,u"))
    x = solve_linear(shared, math.tensor(y.reshape(3, 2), channel("s,r")), "GMres")
    np.testing.assert_allclose(x.numpy("s,u").ravel(), np.linalg.solve(square, y), atol=1e-4)
