"""Reading and writing at computed positions, and masks."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, boolean_mask, channel, gather, instance, scatter, spatial, tensor, wrap
from phiml_core.ops.scatter import OutsideGrid
from phiml_core.shape import DimTypeConflict, ShapeError, UnknownDim

ARRAY = np.arange(24.0).reshape(2, 4, 3)
INDEX = np.array([[0, 1], [3, 2], [-1, 0], [0, 1]])


@pytest.fixture
def grid(place):
    return tensor(ARRAY, batch("b"), spatial("x,y"))


@pytest.fixture
def index(place):
    return tensor(INDEX, instance("p"), channel(vector="x,y"))


def test_positions(grid, index):
    expected = ARRAY[:, INDEX[:, 0], INDEX[:, 1]]
    assert np.array_equal(gather(grid, index).numpy("b,p"), expected)
    assert np.array_equal(gather(grid, index.vector["y,x"]).numpy("b,p"), expected)  # found by name
    lazy = math.stack([index.vector["x"], index.vector["y"]], channel(vector="x,y"))
    assert np.array_equal(gather(grid, lazy).numpy("b,p"), expected)
    nameless = tensor(INDEX, instance("p"), channel(vector=2))
    assert np.array_equal(gather(grid, nameless).numpy("b,p"), expected)
    small = index.p[:1]
    swapped = gather(grid, wrap([0, 1], channel(vector=2)), "y,x")
    assert np.array_equal(swapped.numpy("b"), ARRAY[:, 1, 0]) and gather(grid, small).shape == batch(b=2) & instance(
        p=1
    )


def test_one_dim(grid, index):
    x = index.vector["x"]
    assert np.array_equal(gather(grid, x, "x").numpy("b,p,y"), ARRAY[:, INDEX[:, 0]])
    assert np.array_equal(gather(grid, index.vector[["x"]]).numpy("b,p,y"), ARRAY[:, INDEX[:, 0]])
    assert gather(grid, wrap(1), "x").shape == batch(b=2) & spatial(y=3)
    assert gather(grid.b[0].y[0], wrap(2)).item() == 6


def test_shared_dims_pair_up(grid):
    index = tensor(np.array([[[0, 0], [1, 1]], [[3, 2], [2, 2]]]), batch("b"), instance("p"), channel(vector="x,y"))
    assert gather(grid, index).numpy("b,p").tolist() == [[0, 4], [23, 20]]
    # also where one of them is constant along the shared dim
    assert gather(grid.b[0], index).numpy("b,p").tolist() == [[0, 4], [11, 8]]
    assert gather(grid, index.b[0]).numpy("b,p").tolist() == [[0, 4], [12, 16]]
    assert gather(math.expand(grid.b[0], batch(b=2)), index).numpy("b,p").tolist() == [[0, 4], [11, 8]]


def test_vectors_and_trees(grid, index):
    v = math.stack([grid, -grid], channel(vector="x,y"))
    expected = ARRAY[:, INDEX[:, 0], INDEX[:, 1]]
    for values in (v, v.block()):
        assert np.array_equal(gather(values, index).numpy("b,p,vector"), np.stack([expected, -expected], -1))
    assert np.array_equal(gather({"a": grid}, index)["a"].numpy("b,p"), expected)
    constant = math.expand(tensor(2.0), spatial(x=4, y=3))
    assert (gather(constant, index) == 2).all


def test_compiled_positions_are_clipped():
    jax = pytest.importorskip("jax")
    f = jax.jit(lambda x, i: gather(tensor(x, spatial("x")), tensor(i, instance("p"))).native())
    assert f(jax.numpy.arange(3.0), jax.numpy.array([-1, 0, 7, -9])).tolist() == [2, 0, 2, 0]


def test_derivative_of_gather():
    jax = pytest.importorskip("jax")
    f = jax.grad(lambda x: (gather(tensor(x, spatial("x")), wrap([0, 2, 0], instance("p"))) ** 2).sum.native())
    assert f(jax.numpy.arange(1.0, 4)).tolist() == [4, 0, 6]


def test_masks(grid):
    mask = np.array([True, False, True, True])
    assert np.array_equal(boolean_mask(grid, "x", wrap(mask, spatial("x"))).numpy("b,x,y"), ARRAY[:, mask])
    per_item = boolean_mask(grid, "x", wrap([mask, ~mask], batch("b"), spatial("x")))
    assert [p.shape.get_size("x") for p in per_item.b] == [3, 1]
    named = tensor([1.0, 2.0, 3.0], channel(vector="x,y,z"))
    chosen = wrap([True, False, True], channel(vector="x,y,z"))
    assert boolean_mask(named, "vector", chosen, preserve_names=True).shape == channel(vector="x,z")
    assert boolean_mask(named, "vector", chosen).shape == channel(vector=2)
    lazy = math.stack([grid, grid], channel(c="u,v"))
    assert boolean_mask(lazy, "x", wrap(mask, spatial("x"))).shape.get_size("x") == 3
    assert boolean_mask(lazy, "c", wrap([True, False], channel(c="u,v"))).shape.get_size("c") == 1
    assert boolean_mask(grid, "x", wrap([False] * 4, spatial("x"))).shape.get_size("x") == 0


# --- scatter ---

POINTS = np.array([[0, 1], [2, 0], [0, 1]])


@pytest.fixture
def points(place):
    return tensor(POINTS, instance("p"), channel(vector="x,y"))


@pytest.mark.parametrize(
    "mode, first, second",
    [("update", None, 2), ("add", 5 + 1 + 3, 5 + 2), ("mean", 2, 2), ("max", 5, 5), ("min", 1, 2)],
)
def test_modes(place, points, mode, first, second):
    base = math.zeros(spatial(x=3, y=2)) + 5
    found = scatter(base, points, tensor([1.0, 2.0, 3.0], instance("p")), mode)
    assert found.shape == base.shape
    array = found.numpy("x,y")
    assert array[2, 0] == second and (array[1] == 5).all() and array[0, 0] == 5 and array[2, 1] == 5
    assert array[0, 1] in (1, 3) if first is None else array[0, 1] == first


def test_new_tensors(place, points):
    values = tensor([1.0, 2.0, 3.0], instance("p"))
    s = spatial(x=3, y=2)
    assert scatter(s, points, values, "add").numpy("x,y").tolist() == [[0, 4], [0, 0], [2, 0]]
    assert np.isnan(scatter(s, points, values, "mean").numpy("x,y")).sum() == 4
    assert scatter(s, points, values, "mean", default=-1).numpy("x,y").tolist() == [[-1, 2], [-1, -1], [2, -1]]
    assert scatter(s, points, 1, "add").numpy("x,y").tolist() == [[0, 2], [0, 0], [1, 0]]
    assert scatter(s, points, tensor([1, 2, 3], instance("p")), "add").dtype.kind is int
    named = points.vector["y,x"]
    assert (scatter(s, named, values, "add") == scatter(s, points, values, "add")).all


def test_batches_and_components(place, points):
    values = tensor([1.0, 2.0, 3.0], instance("p"))
    s = spatial(x=3, y=2)
    one = scatter(s, points, values, "add")
    per_item = math.stack([points, points * 0], batch("b"))
    for base in (s, s & batch(b=2)):
        found = scatter(base, per_item, values, "add")
        assert (found.b[0] == one).all and found.b[1].numpy("x,y").tolist() == [[6, 0], [0, 0], [0, 0]]
    vectors = math.stack([values, -values], channel(vector="x,y"))
    found = scatter(s, points, vectors, "add")
    assert (found.vector["x"] == one).all and (found.vector["y"] == -one).all
    two = scatter(s, points, math.stack([values, 2 * values], batch("b")), "add")
    assert (two.b[1] == 2 * one).all


def test_outside(place):
    points = tensor([[0, 1], [2, 0], [3, 1], [-1, 0]], instance("p"), channel(vector="x,y"))
    values, base = tensor([1.0, 2.0, 3.0, 4.0], instance("p")), math.zeros(spatial(x=3, y=2))
    with pytest.raises(OutsideGrid, match=r"position -1 lies outside dim 'x' of size 3.*outside_handling"):
        scatter(base, points, values)
    inside = scatter(base, points, values, "add", outside_handling="discard")
    assert inside.numpy("x,y").tolist() == [[0, 1], [0, 0], [2, 0]]
    moved = scatter(base, points, values, "add", outside_handling="clamp")
    assert moved.numpy("x,y").tolist() == [[4, 1], [0, 0], [2, 3]]


def test_scatter_is_the_adjoint_of_gather(place, rng):
    with math.precision(64):
        grid = tensor(rng.normal(size=(4, 3)), spatial("x,y"))
        index = tensor(rng.integers(0, 3, (20, 2)), instance("p"), channel(vector="x,y"))
        values = tensor(rng.normal(size=20), instance("p"))
        left = (gather(grid, index) * values).sum.item()
        right = (grid * scatter(grid.shape, index, values, "add")).sum.item()
        assert left == pytest.approx(right, rel=1e-12)


X = math.zeros(spatial(x=4, y=3))
V = channel(vector="x,y")


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: gather(X, wrap([4, 0], V)), IndexError, r"Position 4 lies outside dim 'x': it must be from -4 to 3"),
        (lambda: gather(X, wrap([0, -4], V)), IndexError, r"Position -4 lies outside dim 'y'"),
        (lambda: gather(X, wrap([0.5, 0], V)), TypeError, r"Indices must be integers, not float64.  Round"),
        (lambda: gather(X, wrap([0, 0], channel(vector="x,z"))), UnknownDim, r"indices name z"),
        (lambda: gather(X, wrap([0, 0, 0], channel(vector=3))), ShapeError, r"3 components for the 2 dims x, y"),
        (lambda: gather(X, wrap([0, 0], instance("p"))), ShapeError, r"without a channel dim select along one dim"),
        (lambda: gather(X, wrap([[0]], channel("a,b"))), ShapeError, r"Which of the channel dims"),
        (lambda: gather(X, wrap([0], instance(y=1)), "x"), DimTypeConflict, r"Cannot gather"),
        (lambda: boolean_mask(X, "x", wrap([1, 0, 1, 0], spatial("x"))), TypeError, r"needs a boolean mask, not int"),
        (lambda: boolean_mask(X, "y", wrap([True] * 4, spatial("x"))), UnknownDim, r"needs one dim of the mask"),
        (
            lambda: scatter(X, wrap([0, 0], V), 1.0, "median"),
            ValueError,
            r"Unknown mode of scatter 'median'.  Use one of",
        ),
        (lambda: scatter(X, wrap([0, 0], V), 1.0, outside_handling="?"), ValueError, r"Use one of check, discard"),
        (lambda: scatter(X, wrap([0.0, 0.5], V), 1.0), TypeError, r"Indices must be integers"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_masks_while_compiling():
    jax = pytest.importorskip("jax")
    with pytest.raises(TypeError, match="the size of the result depends on the mask"):
        jax.jit(lambda m: boolean_mask(X, "x", tensor(m, spatial("x"))).native("x,y"))(jax.numpy.ones(4, bool))
