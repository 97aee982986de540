"""Linear interpolation, for all boundaries, and its derivative."""

import itertools

import numpy as np
import pytest
from phiml_core import extrapolation as e
from phiml_core import math
from phiml_core.math import batch, channel, closest_grid_values, grid_sample, instance, pad, spatial, tensor, wrap
from phiml_core.ops.interpolate import corner_values, linear
from phiml_core.shape import ShapeError, UnknownDim

FAR = ["zero-gradient", "periodic", "symmetric", "antisymmetric", 0, 2.5, {"x": (0, 1.5), "y": "periodic"}]
NEAR = [
    {"x": ("zero-gradient", 1), "y": (2, "symmetric")},
    {"x": (1, "periodic"), "y": ("periodic", "zero-gradient")},
    {"x": ("antisymmetric", "zero-gradient"), "y": ("symmetric", "antisymmetric")},
]


def reference(grid, points, boundary, margin=24):
    """Interpolation within a window so wide that the boundary does not matter; positions one by one."""
    dims = grid.shape.spatial.names
    wide = pad(grid, dict.fromkeys(dims, (margin, margin)), boundary).numpy(",".join(dims))
    result = []
    for point in points:
        cell = np.floor(point).astype(int)
        total = 0.0
        for corner in itertools.product((0, 1), repeat=len(dims)):
            weights = [f if c else 1 - f for c, f in zip(corner, point - cell, strict=True)]
            total += np.prod(weights) * wide[tuple(cell + corner + margin)]
        result.append(total)
    return np.array(result)


@pytest.fixture
def grid(place, bits, rng):
    return tensor(rng.normal(size=(5, 4)).astype(f"float{bits}"), spatial("x,y"))


@pytest.mark.parametrize("boundary", FAR + NEAR, ids=str)
def test_all_boundaries(grid, bits, rng, tolerance, boundary):
    reach = 12 if boundary in FAR else 1  # two different mirrors are only followed once
    points = rng.uniform(-reach, 4 + reach, (60, 2)).astype(f"float{bits}")
    points[:5] = [[0, 0], [4, 3], [-1, 0], [4, -1], [2, 1]]  # whole numbers, also outside
    expected = reference(grid, points, boundary)
    positions = tensor(points, instance("p"), channel(vector="x,y"))
    for p in (positions, positions.vector["y,x"], math.stack(math.unstack(positions, "vector"), channel(vector="x,y"))):
        found = grid_sample(grid, p, boundary)
        assert found.shape == instance(p=60)
        assert np.allclose(found.numpy(), expected, rtol=10 * tolerance, atol=100 * tolerance)


@pytest.mark.parametrize("sizes", [{"x": 6}, {"x": 4, "y": 3, "z": 5}])
def test_any_number_of_dims(place, rng, sizes):
    with math.precision(64):
        grid = tensor(rng.normal(size=tuple(sizes.values())), spatial(**sizes))
        points = rng.uniform(-2, 6, (40, len(sizes)))
        positions = tensor(points, instance("p"), channel(vector=tuple(sizes)))
        assert np.allclose(grid_sample(grid, positions, "symmetric").numpy(), reference(grid, points, "symmetric"))


def test_grid_points_and_linear_functions_are_exact(grid, tolerance):
    points = math.meshgrid(grid.shape)
    math.assert_close(grid_sample(grid, points * 1.0, 0), grid, rel_tolerance=tolerance)
    shifted = points * 0.5 + 0.25
    plane = 1 + 2 * points.vector["x"] - 3.0 * points.vector["y"]
    expected = 1 + 2 * shifted.vector["x"] - 3 * shifted.vector["y"]
    math.assert_close(grid_sample(plane, shifted, 0), expected, abs_tolerance=20 * tolerance)


def test_other_dims(grid, rng, tolerance):
    """Batch dims pair up, vectors are kept, whether stored, stacked or constant."""
    vectors = math.stack([math.stack([grid, 2 * grid], channel(vector="x,y")), math.stack([grid + 1, grid], channel(vector="x,y"))],
                         batch("b"))  # fmt: skip
    points = tensor(rng.uniform(-1, 4, (2, 7, 2)), batch("b"), instance("p"), channel(vector="x,y"))
    found = grid_sample(vectors, points, "periodic")
    assert found.shape == batch(b=2) & instance(p=7) & channel(vector="x,y")
    math.assert_close(found, grid_sample(math.store(vectors), points, "periodic"), abs_tolerance=tolerance)
    for b, v in itertools.product((0, 1), "xy"):
        one = grid_sample(vectors.b[b].vector[v], points.b[b], "periodic")
        math.assert_close(found.b[b].vector[v], one, abs_tolerance=10 * tolerance)
    same = math.expand(grid, batch(b=2))
    math.assert_close(grid_sample(same, points, 0).b[1], grid_sample(grid, points.b[1], 0), abs_tolerance=tolerance)
    math.assert_close(grid_sample(vectors, points.b[0], 0).b[1], grid_sample(vectors.b[1], points.b[0], 0))


def test_boundaries_per_component_and_batch(grid, rng):
    v = math.stack([grid, grid], channel(vector="x,y"))
    points = tensor(rng.uniform(-1, 4, (7, 2)), instance("p"), channel(vector="x,y"))
    found = grid_sample(v, points, e.combine_components(x=1, y="periodic"))
    math.assert_close(found.vector["x"], grid_sample(grid, points, 1))
    math.assert_close(found.vector["y"], grid_sample(grid, points, "periodic"))
    found = grid_sample(grid, points, wrap([1.0, 2.0], batch("b")))
    assert found.shape == batch(b=2) & instance(p=7)
    math.assert_close(found.b[1], grid_sample(grid, points, 2))


def test_non_uniform(grid, rng):
    """A staggered grid: components of different size, each sampled at its own positions."""
    v = math.stack([grid, grid.x[1:]], channel(vector="x,y"))
    points = tensor(rng.uniform(0, 2, (7, 2)), instance("p"), channel(vector="x,y"))
    found = grid_sample(v, points, 0)
    math.assert_close(found.vector["y"], grid_sample(grid.x[1:], points, 0))
    own = math.stack([points, points * 0.5], channel(component="u,w"))
    both = grid_sample(grid, own, 0)
    math.assert_close(both.component["w"], grid_sample(grid, points * 0.5, 0))


def test_corners(grid, rng, tolerance):
    points = tensor(rng.uniform(-2, 6, (30, 2)), instance("p"), channel(vector="x,y"))
    corners, fractions = corner_values(grid, points, "zero-gradient")
    assert len(corners) == 4 and len(fractions) == 2
    value = grid_sample(grid, points, "zero-gradient")
    math.assert_close(linear(corners, fractions), value, abs_tolerance=10 * tolerance)
    low = math.minimum(math.minimum(corners[0], corners[1]), math.minimum(corners[2], corners[3]))
    assert (low <= value + 1e-5).all
    joined = closest_grid_values(grid, points, "zero-gradient")
    assert joined.shape == instance(p=30) & channel(closest_x=2, closest_y=2)
    assert (joined.closest_x[1].closest_y[0] == corners[2]).all


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_far_and_undefined_positions(grid):
    far = tensor([[1e30, 0.0], [-1e30, 3.0], [np.nan, 0.0], [np.inf, 1.0]], instance("p"), channel(vector="x,y"))
    found = grid_sample(grid, far, "zero-gradient").numpy()
    assert found[0] == grid.numpy("x,y")[-1, 0] and found[1] == grid.numpy("x,y")[0, 3] and np.isnan(found[2])


def test_integers_and_trees(place):
    whole = tensor([[1, 2], [3, 5]], spatial("x,y"))
    point = wrap([0.5, 0.5], channel(vector="x,y"))
    assert grid_sample(whole, point, 0).item() == 2.75
    assert grid_sample({"a": whole, "b": None}, point, 0)["a"].item() == 2.75


# --- derivatives ---


@pytest.fixture
def jax64():
    pytest.importorskip("jax")
    pytest.importorskip("phiml_jax")
    with math.precision(64), math.backend("jax"):
        yield


@pytest.mark.parametrize("boundary", FAR + NEAR, ids=str)
def test_gradients(jax64, rng, boundary):
    grid = tensor(rng.normal(size=(5, 4)), spatial("x,y"))
    points = tensor(rng.uniform(-1, 5, (6, 2)), instance("p"), channel(vector="x,y"))
    math.check_gradient(_loss(boundary), "grid,points", grid, points, samples=20)


def _loss(boundary):
    return lambda grid, points: math.sum_(math.sin(grid_sample(grid, points, boundary)), lambda s: s)


@pytest.mark.parametrize("batched_grid, batched_points", [(True, True), (True, False), (False, True)])
def test_gradients_with_other_dims(jax64, rng, batched_grid, batched_points):
    grid = tensor(rng.normal(size=(5, 4)), spatial("x,y"))
    points = tensor(rng.uniform(-1, 5, (6, 2)), instance("p"), channel(vector="x,y"))
    if batched_grid:
        grid = math.store(math.stack([grid, 2 * grid], channel(vector="x,y")) * wrap([1.0, 2.0], batch("b")))
    if batched_points:
        points = math.stack([points, points + 0.3], batch("b"))
    math.check_gradient(_loss("periodic"), "grid,points", grid, points, samples=20)


def test_gradient_of_the_boundary_value(jax64, rng):
    grid = tensor(rng.normal(size=(5, 4)), spatial("x,y"))
    points = tensor(rng.uniform(-1, 5, (20, 2)), instance("p"), channel(vector="x,y"))
    math.check_gradient(lambda v: (grid_sample(grid, points, v) ** 2).sum, "v", tensor(0.7))


@pytest.mark.parametrize("point", [[0.0, 0.0], [1.0, 2.0], [4.0, 3.0], [-1.0, 0.0], [2.0, 1.5]])
def test_gradient_at_whole_numbers_is_one_sided(jax64, rng, point):
    """At rest a fluid is traced back to whole numbers: the derivative must be that of one side, not zero or the mean."""
    grid = tensor(rng.normal(size=(5, 4)), spatial("x,y"))

    def f(p):
        return grid_sample(grid, p, 0)

    start = tensor(point, channel(vector="x,y"))
    slope = math.gradient(f, get_output=False)(start)
    ahead = [(f(start + 1e-6 * math.vec(x=float(k == "x"), y=float(k == "y"))) - f(start)) / 1e-6 for k in "xy"]
    assert np.allclose(slope.numpy("vector"), [float(a) for a in ahead], atol=1e-5)


def test_adjoint_identity(jax64, rng):
    """⟨A u, w⟩ = ⟨u, Aᵀ w⟩, and second derivatives."""
    grid = tensor(rng.normal(size=(5, 4)), spatial("x,y"))
    points = tensor(rng.uniform(-1, 5, (30, 2)), instance("p"), channel(vector="x,y"))
    w = tensor(rng.normal(size=30), instance("p"))
    value, back = math.gradient(lambda u: (grid_sample(u, points, "antisymmetric") * w).sum)(grid)
    assert float(value) == pytest.approx(float((grid * back).sum), rel=1e-12)
    inner = math.gradient(lambda p: (grid_sample(grid, p, "periodic") ** 2).sum, get_output=False)
    math.check_gradient(lambda p: (inner(p) ** 2).sum, "p", points.p[:5], samples=8)


def test_compiled_is_eager(jax64, rng):
    grid = tensor(rng.normal(size=(5, 4)), spatial("x,y"))
    points = tensor(rng.uniform(-1, 5, (30, 2)), instance("p"), channel(vector="x,y"))
    compiled = math.jit_compile(lambda g, p: grid_sample(g, p, "zero-gradient"))
    math.assert_close(compiled(grid, points), grid_sample(grid, points, "zero-gradient"), rel_tolerance=1e-12)


# --- errors ---

X = math.zeros(spatial(x=4, y=3))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda: grid_sample(X, wrap([0, 0], channel(vector="x,z")), 0),
            UnknownDim,
            r"coordinates name z, but the grid",
        ),
        (lambda: grid_sample(X, wrap(0.0), 0), ShapeError, r"Coordinates need one channel dim"),
        (lambda: grid_sample(X, wrap([0, 0, 0], channel(vector=3)), 0), ShapeError, r"Which dims of the grid"),
        (lambda: grid_sample(X, wrap([0, 0], channel(vector="x,y")), "open"), e.UnknownBoundary, r"no boundary 'open'"),
        (lambda: grid_sample(X, wrap([0, 0], channel(vector="x,y")), {"x": 0}), e.UnknownBoundary, r"for dim 'y'"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
