"""Neighbours and finite differences, comparison, and packed native arrays."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, spatial, tensor, wrap
from phiml_core.shape import ShapeError


@pytest.fixture
def array(bits, rng):
    return rng.normal(size=(5, 4)).astype(f"float{bits}")


@pytest.fixture
def x(place, array):
    return tensor(array, spatial("x,y"))


def test_shift(x, array):
    left, right = math.shift(x, (-1, 2), padding="periodic")
    assert left.shape == x.shape & channel(shift="x,y")
    assert np.array_equal(left.shift["x"].numpy("x,y"), np.roll(array, 1, 0))
    assert np.array_equal(right.shift["y"].numpy("x,y"), np.roll(array, -2, 1))
    inner = math.shift(x, (-1, 0, 1), "x", padding=None, stack_dim=None)
    assert [i.shape for i in inner] == [spatial(x=3, y=4)] * 3 and np.array_equal(inner[0].numpy("x,y"), array[:-2])


@pytest.mark.parametrize("difference", ["central", "forward", "backward"])
@pytest.mark.parametrize("padding", ["zero-gradient", "periodic", 0])
def test_gradient_of_arrays(x, array, tolerance, difference, padding):
    mode = {"zero-gradient": "edge", "periodic": "wrap", 0: "constant"}[padding]
    wide = np.pad(array, 1, mode=mode)
    lo, up = {"central": (0, 2), "forward": (1, 2), "backward": (0, 1)}[difference]
    expected = [wide[up : up + 5, 1:-1] - wide[lo : lo + 5, 1:-1], wide[1:-1, up : up + 4] - wide[1:-1, lo : lo + 4]]
    found = math.spatial_gradient(x, math.vec(x=0.5, y=2.0), difference, padding)
    assert found.shape == x.shape & channel(gradient="x,y")
    for name, part, dx in zip("xy", expected, (0.5, 2), strict=True):
        assert np.allclose(found.gradient[name].numpy("x,y"), part / (up - lo) / dx, tolerance, 10 * tolerance)


def test_orders_of_convergence():
    """Central differences and the Laplacian are of second order, one-sided differences of first."""
    errors = {}
    with math.precision(64):
        for n in (32, 64):
            dx = 2 * np.pi / n
            x = math.arange(spatial("x"), n) * dx
            u = math.sin(x)
            for difference in ("central", "forward", "backward"):
                du = math.spatial_gradient(u, dx, difference, "periodic", stack_dim=None)
                errors.setdefault(difference, []).append(abs(du - math.cos(x)).max.item())
            errors.setdefault("laplace", []).append(abs(math.laplace(u, dx, "periodic") + u).max.item())
    orders = {name: np.log2(a / b) for name, (a, b) in errors.items()}
    assert orders == pytest.approx({"central": 2, "forward": 1, "backward": 1, "laplace": 2}, abs=0.05)


def test_laplace(x, array, tolerance):
    wide = np.pad(array, 1)
    parts = wide[:-2, 1:-1] + wide[2:, 1:-1] - 2 * array, wide[1:-1, :-2] + wide[1:-1, 2:] - 2 * array
    assert np.allclose(math.laplace(x, padding=0).numpy("x,y"), sum(parts), tolerance, 20 * tolerance)
    found = math.laplace(x, 2, 0, weights=math.vec(x=1.0, y=3.0))
    assert np.allclose(found.numpy("x,y"), (parts[0] + 3 * parts[1]) / 4, tolerance, 20 * tolerance)
    inner = math.laplace(x, padding=None)
    assert np.allclose(inner.numpy("x,y"), sum(parts)[1:-1, 1:-1], tolerance, 20 * tolerance)
    assert np.allclose(math.laplace(x, padding=0, dims="y").numpy("x,y"), parts[1], tolerance, 20 * tolerance)


def test_neighbors(x, array, tolerance):
    middle = (array[1:, 1:] + array[1:, :-1] + array[:-1, 1:] + array[:-1, :-1]) / 4
    assert np.allclose(math.neighbor_mean(x).numpy("x,y"), middle, tolerance, 10 * tolerance)
    assert np.array_equal(math.neighbor_max(x, "x").numpy("x,y"), np.maximum(array[1:], array[:-1]))
    assert np.array_equal(math.neighbor_min(x, "x").numpy("x,y"), np.minimum(array[1:], array[:-1]))
    assert math.neighbor_mean(x, padding="periodic").shape == x.shape


def test_staggered_components(place):
    """Differences without padding leave components of different size."""
    found = math.spatial_gradient(math.zeros(spatial(x=5, y=4)), difference="forward", padding=None)
    assert [found.gradient[n].shape for n in "xy"] == [spatial(x=4, y=4), spatial(x=5, y=3)]


# --- comparison ---


def test_close(x):
    assert math.close(x, x + 0) and not math.close(x, x + 1) and math.close(1.0, 1 + 1e-7)
    assert math.close(math.expand(tensor(1.0), spatial(x=3)), tensor([1.0, 1.0, 1.0], spatial("x")), 1)
    assert not math.close(x, math.zeros(spatial(x=3))) and not math.close({"a": x}, {"a": x, "b": x})
    nan = tensor(float("nan"))
    assert not math.close(nan, nan) and math.close(nan, nan, equal_nan=True)
    v = math.stack([math.zeros(spatial(x=3)), math.zeros(spatial(x=2))], channel(vector="x,y"))
    assert math.close(v, v) and not math.close(v, v + 1)
    assert math.is_scalar(1) and math.is_scalar(tensor(1)) and not math.is_scalar(x)


def test_assert_close_says_where(place):
    x = tensor([[1.0, 2.0], [3.0, 4.0]], spatial("x,y"))
    math.assert_close(x, x, x * 1)
    with pytest.raises(
        AssertionError, match=r"flow: 1 of 4 values .* first at x=1, y=0: 3.0 and 3.5; .*difference is 0.5"
    ):
        math.assert_close(x, x + wrap([[0, 0], [0.5, 0]], spatial("x,y")), msg="flow")
    with pytest.raises(AssertionError, match="dim 'x' has size 2 and 3"):
        math.assert_close(x, math.zeros(spatial(x=3)))


# --- packed native arrays ---


def test_packed_arrays(x, array):
    wide = math.expand(x, batch(b=2))
    assert np.array_equal(math.reshaped_numpy(wide, [batch, "y,x", None])[1, :, 0], array.T.reshape(-1))
    assert math.reshaped_native(wide, [batch, "x", "y"], force_expand=False).shape == (1, 5, 4)
    assert math.reshaped_native(x, [batch(b=3), spatial]).shape == (3, 20)
    back = math.reshaped_tensor(math.reshaped_native(wide, [batch, spatial]), [batch(b=2), spatial(x=5, y=4)])
    assert (back == wide).all.numpy("b").all()
    with pytest.raises(ShapeError, match=r"leave out .*yˢ=4"):
        math.reshaped_native(x, ["x"])
    with pytest.raises(ShapeError, match="Give their sizes"):
        math.reshaped_native(x, [batch("b"), "x,y"])


X = math.zeros(spatial(x=4, y=3))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: math.shift(X, (1,), stack_dim=None), ShapeError, r"shift without stack_dim goes along one dim"),
        (lambda: math.spatial_gradient(X, stack_dim=None), ShapeError, r"without stack_dim"),
        (
            lambda: math.spatial_gradient(X, difference="upwind"),
            ValueError,
            r"Unknown difference 'upwind'.  Use 'central'",
        ),
        (lambda: math.spatial_gradient(X, (1, 2)), ShapeError, r"Which component of .* belongs to dim 'x'"),
        (lambda: math.laplace(X, dims=batch), ShapeError, r"selects none of"),
        (lambda: math.quantile(X, 0.5, batch), ShapeError, r"selects none of"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
