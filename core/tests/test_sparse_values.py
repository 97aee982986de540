"""Sparse tensors on all backends against NumPy: element-wise operations, reductions, structure."""

import pickle

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, concat_shapes, dual, instance, precision, spatial, wrap
from sparse_matrices import equal, random_matrix, sparse

FORMATS = ["coo", "csr", "compact-cols"]  # the others are these with rows and columns exchanged


@pytest.fixture(autouse=True)
def double():
    with precision(64):
        yield


@pytest.fixture(params=FORMATS)
def format(request):
    return request.param


@pytest.fixture
def A(rng):
    return random_matrix(rng)


# --- element by element ---


def test_elementwise(everywhere, format, A, rng):
    t = sparse(A, format)
    row, column = rng.uniform(1, 2, 4), rng.uniform(1, 2, 3)
    v, w = math.tensor(row, spatial("x")), math.tensor(column, dual("y"))
    equal(-t, -A)
    equal(2 * t, 2 * A)
    equal(t / 4, A / 4)
    equal(abs(t), abs(A))
    equal(t**2, A**2)
    equal(math.sin(t), np.sin(A))
    equal(math.clip(t, -0.5, 0.5), np.clip(A, -0.5, 0.5))
    equal(t * v, A * row[:, None])
    equal(w * t, A * column)
    equal(t / v, A / row[:, None])
    equal(t * math.tensor([2.0, 3.0], channel("c")), A[..., None] * [2, 3], "x,~y,c")
    equal(t * math.tensor(np.outer(row, column), spatial("x"), dual("y")), A * np.outer(row, column))
    equal(math.where(v > 1.5, t, 0.0), np.where(row[:, None] > 1.5, A, 0))
    assert np.array_equal((t > 0.2).numpy("x,~y"), A > 0.2)


@pytest.mark.parametrize("other", ["coo", "csr", "csc"])
def test_two_sparse(everywhere, format, other, A, rng):
    B = random_matrix(rng)
    t, u = sparse(A, format), sparse(B, other)
    equal(t + t, 2 * A)
    equal(t * (t * 2), 2 * A * A)
    equal(t + u, A + B)
    equal(t - u, A - B)
    equal(t * u, A * B)
    equal(math.maximum(t, u), np.maximum(A, B))
    assert np.array_equal((t != u).numpy("x,~y"), A != B)
    assert (t + u).format == (format if format == other else "coo")
    row = rng.normal(size=4)
    equal(math.where(math.tensor(row, spatial("x")) > 0, t, u), np.where(row[:, None] > 0, A, B))
    turned = math.to_format(math.tensor(A.reshape(4, 3).T, spatial("y"), dual("x")), format)
    equal(math.rename_dims(turned, "y,~x", concat_shapes(dual("y"), spatial("x"))) + u, A + B)


def test_entries_at_the_same_position(everywhere):
    index = wrap([[0, 1], [0, 1], [1, 0]], instance("e"), channel(index="x,~y"))
    t = math.sparse_tensor(index, math.tensor([1.0, 2.0, 5.0], instance("e")), spatial(x=2) & dual(y=2))
    expected = np.array([[0, 3.0], [5, 0]])
    equal(t**2, expected**2)
    equal(abs(-t), expected)
    equal(t * t, expected**2)
    assert float(math.max_(t)) == 5 and float(math.min_(t)) == 3 and float(math.mean(t)) == 4
    equal(t * 2, expected * 2)


@pytest.mark.parametrize("order", [[1, 0, 2], [1, 0, 3, 2], [2, 0, 1], [3, 1, 0, 2]], ids=str)
def test_positions_in_another_order(everywhere, order):
    """Also in one that is its own inverse, as that of a transposed band."""
    n = len(order)
    index = wrap([[i, i % 2] for i in order], instance("e"), channel(index="x,~y"))
    t = math.sparse_tensor(index, wrap([10.0 + i for i in order], instance("e")), spatial(x=n) & dual(y=2))
    expected = np.zeros((n, 2))
    expected[range(n), [i % 2 for i in range(n)]] = 10.0 + np.arange(n)
    for found in (t, math.to_format(t, "csr"), math.to_format(t, "csc"), abs(t)):
        equal(found, expected)
    equal(t * t, expected**2)


# --- reductions ---


def test_reductions(everywhere, format):
    A = np.array([[0, -1.0, -2], [0, 0, 0], [0, 3, 4]])
    t = sparse(A, format)
    assert float(t.sum) == A.sum() and float(math.sum_(t, "x,~y")) == A.sum()
    equal(math.sum_(t, "~y"), A.sum(1), "x")
    equal(math.sum_(t, "x"), A.sum(0), "~y")
    # all others look at what is stored, as in ΦML
    assert (float(t.max), float(t.min), float(t.mean)) == (4, -2, 1)
    assert math.max_(t, "~y").numpy().tolist() == [-1, -np.inf, 4]
    assert math.min_(t, "~y").numpy().tolist() == [-2, np.inf, 3]
    mean = math.mean(t, "~y").numpy()
    assert mean[0] == -1.5 and np.isnan(mean[1]) and mean[2] == 3.5
    assert math.any_(t > 3, "~y").numpy().tolist() == [False, False, True]
    assert bool(math.all_(t)) and not bool(math.all_(math.where(t > 0, t, 0.0)))
    batched = t * math.tensor([1.0, 2.0], batch("b"))
    equal(batched.sum, [4, 8], "b")
    equal(math.sum_(batched, "b"), 3 * A)
    equal(math.max_(batched, "b,~y"), [-1, -np.inf, 8], "x")


# --- structure ---


def test_slicing(everywhere, format, A):
    t = sparse(A, format)
    equal(t.x[1], A[1], "~y")
    equal(t[{"~y": -1}], A[:, -1], "x")
    assert float(t[{"x": 0, "~y": 0}]) == A[0, 0]
    for item in (slice(1, 3), slice(None, None, 2), slice(None, None, -1), slice(3, 0, -2), slice(2, 2)):
        equal(t.x[item], A[item])
        equal(t[{"~y": item}], A[:, item])
    equal(t.x[[3, 0, 3]], A[[3, 0, 3]])
    equal(t[{"~y": wrap([2, 0], instance("k"))}], A[:, [2, 0]], "x,k")
    equal(t.x[wrap([True, False, True, True], spatial("x"))], A[[0, 2, 3]])
    assert t.x[1:3].format == format
    equal(math.flip(t, "x"), A[::-1])
    equal(math.roll(t, {"x": 1, "~y": -1}), np.roll(A, (1, -1), (0, 1)))
    equal(math.pad(t, {"x": (1, 0), "~y": (0, 2)}, 0), np.pad(A, ((1, 0), (0, 2))))
    named = math.to_format(math.tensor(A[:3], channel(vector="x,y,z"), dual(vector="a,b,c")), format)
    equal(named.vector["z,x"], A[[2, 0]], "vector,~vector")
    equal(named[{"~vector": "b"}], A[:3, 1], "vector")


def test_joining(everywhere, format, A, rng):
    B = random_matrix(rng, 4, 3)
    t, u = sparse(A, format), sparse(B, format)
    equal(math.concat([t, u], "x"), np.concatenate([A, B]))
    equal(math.concat([t, u.x[:0], t], "x"), np.concatenate([A, A]))
    equal(math.concat([t, u], "~y"), np.concatenate([A, B], 1))
    assert math.concat([t, u], "x").format == format
    for dim in (batch("b"), channel(c="u,v"), spatial("s")):
        both = math.stack([t, u], dim)
        assert both.format == format and both.value_dims == dim.with_size(2)
        equal(both, np.stack([A, B]), (dim.name, "x", "~y"))
    same = math.stack([t, 2 * t], batch("b"))
    assert same.pattern is t.pattern
    equal(math.concat([same, math.stack([u], batch("b"))], "b"), np.stack([A, 2 * A, B]), "b,x,~y")
    equal(math.expand(t, batch(b=2)), np.stack([A, A]), "b,x,~y")
    equal(math.rename_dims(same, "b", channel("c")), np.stack([A, 2 * A]), "c,x,~y")


def test_lists(everywhere, format, A):
    t = sparse(A, format)
    values, index = math.stored_values(t), math.stored_indices(t)
    assert values.shape.names == ("entries",) and index.shape == instance(entries=values.shape.volume) & channel(
        index="x,~y"
    )
    found = np.zeros_like(A)
    found[tuple(index.numpy("index,entries"))] = values.numpy()
    assert np.array_equal(found, A)
    equal(math.tensor_like(t, values * 3), 3 * A)
    equal(math.tensor_like(t, 1.0), A != 0)
    assert math.nonzero(t).numpy("nonzero,vector").tolist() == np.argwhere(A).tolist()
    whole = math.tensor(A, spatial("x,y"))
    assert math.nonzero(whole).numpy("nonzero,vector").tolist() == np.argwhere(A).tolist()
    assert math.stored_values(whole).shape.volume == 12 and math.stored_indices(whole).shape.volume == 24
    equal(math.tensor_like(whole, math.stored_values(whole)), A, "x,y")


def test_values_and_places(everywhere, format, A):
    t = sparse(A, format)
    assert t.available and t.dtype.name == "float64"
    with precision(32):
        assert math.cast(t, float).dtype.name == "float32"
    numpy = math.convert(t, "numpy")
    assert numpy.backend.name == "numpy" and numpy.pattern.numbers()[0].backend.name == "numpy"
    equal(numpy, A)
    text = repr(t)
    assert format in text and "stored" in text and "xˢ=4" in text
    kept = pickle.loads(pickle.dumps(numpy))
    assert kept.format == format
    equal(kept, A)
    assert math.close(t, math.to_format(t, "coo")) and math.close(t, math.tensor(A, spatial("x"), dual("y")))
    tree = math.dense({"a": t, "b": [t, 1.0]})
    assert not math.is_sparse(tree["a"]) and not math.is_sparse(tree["b"][0])
