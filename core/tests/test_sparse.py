"""Sparse tensors on all backends against NumPy: creation, formats, products."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, concat_shapes, dual, instance, precision, spatial, wrap
from phiml_core.tensor.sparse import Sparse
from sparse_matrices import equal, random_matrix, sparse

FORMATS = ["coo", "csr", "csc", "compact-cols", "compact-rows"]


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


# --- creation and formats ---


@pytest.mark.parametrize("other", FORMATS)
def test_formats(everywhere, format, other, A):
    t = sparse(A, format)
    assert math.get_format(t) == t.format == format and math.is_sparse(t) and t.backend.name == everywhere
    equal(t, A)
    back = math.to_format(t, other)
    assert back.format == other and back.dtype is t.dtype
    equal(back, A)
    assert math.to_format(t, back).format == other
    assert np.array_equal(math.dense(t).numpy("x,~y"), A)
    assert not math.is_sparse(math.to_format(t, "dense"))


def test_lists_of_positions(everywhere):
    index = wrap([[1, 2], [0, 0], [1, 2]], instance("e"), channel(index="~y,x"))
    values = math.tensor([4.0, 5.0, 6.0], instance("e"))
    t = math.sparse_tensor(index, values, spatial(x=3) & dual(y=2))
    expected = np.array([[5, 0], [0, 0], [0, 10.0]])
    equal(t, expected)
    assert math.stored_values(t).numpy().tolist() == [4, 5, 6]
    assert math.stored_indices(t).index["x"].numpy().tolist() == [2, 0, 2]
    summed = math.to_format(t, "csr")
    assert math.stored_values(summed).numpy().tolist() == [5, 10]
    equal(summed, expected)
    assert math.get_sparsity(summed) == 2 / 6
    empty = math.sparse_tensor(None, 0.0, spatial(x=3) & dual(y=2), format="csr")
    equal(empty, np.zeros((3, 2)))
    vector = math.sparse_tensor(wrap([3, 1], instance("e")), values.e[:2], spatial(x=5))
    assert vector.numpy().tolist() == [0, 5, 0, 4, 0]
    ones = math.sparse_tensor(index.e[:2], 1, spatial(x=3) & dual(y=2))
    equal(ones, expected != 0)


def test_compact_positions(everywhere):
    index = wrap([[1, 0], [0, 1], [1, 1]], spatial("x"), instance("k"))
    values = math.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], spatial("x"), instance("k"))
    t = math.sparse_tensor(index, values, spatial(x=3) & dual(y=2))
    expected = np.array([[2, 1], [3, 4], [0, 11.0]])
    assert t.format == "compact-cols"
    equal(t, expected)
    equal(math.to_format(t, "csr"), expected)
    across = math.sparse_tensor(
        math.rename_dims(index, "x", dual("y")), math.rename_dims(values, "x", dual("y")), spatial(x=2) & dual(y=3)
    )
    assert across.format == "compact-rows"
    equal(across, expected.T)


def test_threshold_and_dims(everywhere, rng):
    grid = rng.normal(size=(2, 3, 4))
    t = math.to_format(math.tensor(grid, batch("b"), spatial("x,y")), "coo", threshold=0.5)
    kept = (np.abs(grid) > 0.5).any(0)
    assert t.sparse_dims == spatial(x=3, y=4) and t.value_dims == batch(b=2)
    assert np.array_equal(t.numpy("b,x,y"), grid * kept)
    rows = math.to_format(math.tensor(grid, batch("b"), spatial("x,y")), "csr", sparse_dims="x")
    assert rows.sparse_dims == spatial(x=3) and np.array_equal(rows.numpy("b,x,y"), grid)


def test_numbers_of_other_kinds(everywhere, format):
    integers = np.array([[0, 2, 0], [3, 0, -1]], np.int32)
    t = sparse(integers, format)
    assert t.dtype.kind is int
    assert (t @ wrap([1, 2, 3], spatial("y"))).numpy().tolist() == [4, 0]
    mask = t != 0
    assert mask.dtype.kind is bool and np.array_equal(mask.numpy("x,~y"), integers != 0)
    assert math.sum_(mask, "~y").numpy().tolist() == [1, 2]
    product = mask @ math.rename_dims(mask, "x,~y", concat_shapes(dual("z"), spatial("y")))
    assert product.dtype.kind is int and product.numpy("x,~z").tolist() == [[1, 0], [0, 2]]
    complex_ = sparse(integers * (1 + 2j), format)
    equal(complex_ @ math.tensor([1j, 0.5, 2], spatial("y")), integers @ np.array([1j, 0.5, 2]) * (1 + 2j), "x")
    equal(math.real(complex_), integers)


# --- products ---


def test_by_dense(everywhere, format, A, rng):
    t = sparse(A, format)
    y, x = rng.normal(size=3), rng.normal(size=4)
    equal(t @ math.tensor(y, spatial("y")), A @ y, "x")
    equal(math.tensor(x, spatial("x")) @ t, x @ A, "~y")
    columns = rng.normal(size=(2, 3, 5))
    product = t @ math.tensor(columns, batch("b"), spatial("y"), channel("c"))
    assert product.shape == batch(b=2) & spatial(x=4) & channel(c=5)
    equal(product, np.einsum("xy,byc->bxc", A, columns), "b,x,c")
    equal(math.dot(t, "x", math.tensor(x, channel("k")), "k"), x @ A, "~y")
    both = math.dot(t, "x,~y", math.tensor(np.outer(x, y), spatial("p,q")), "p,q")
    assert np.isclose(float(both), x @ A @ y)
    # a dim of the vector that the matrix has too aligns with it
    aligned = math.dot(t, "~y", math.tensor(np.outer(x, y), spatial("x,y")), "y")
    equal(aligned, (A * np.outer(x, y)).sum(1), "x")


def test_square(everywhere, format, rng):
    square = random_matrix(rng, 4, 4)
    t = math.to_format(math.tensor(square, spatial("x"), dual("x")), format)
    v = rng.normal(size=4)
    equal(t @ math.tensor(v, spatial("x")), square @ v, "x")
    equal(t @ t, square @ square, "x,~x")
    turned = math.rename_dims(t, "x,~x", concat_shapes(dual("x"), spatial("x")))
    equal(turned, square.T, "x,~x")
    equal(turned @ t, square.T @ square, "x,~x")
    swapped = {"csr": "csc", "csc": "csr", "coo": "coo", "compact-cols": "compact-rows", "compact-rows": "compact-cols"}
    assert turned.format == swapped[format]


def test_values_of_a_batch(everywhere, format, rng):
    pattern = random_matrix(rng) != 0
    stack = rng.normal(size=(2, 4, 3)) * pattern
    t = math.to_format(math.tensor(stack, batch("b"), spatial("x"), dual("y")), format)
    assert t.value_dims == batch(b=2)
    y, several = rng.normal(size=3), rng.normal(size=(2, 3))
    equal(t @ math.tensor(y, spatial("y")), stack @ y, "b,x")
    equal(t @ math.tensor(several, batch("b"), spatial("y")), np.einsum("bxy,by->bx", stack, several), "b,x")
    equal(t.b[1], stack[1])
    right = sparse(random_matrix(rng, 3, 2), format, "y,z")
    equal(t @ right, stack @ right.numpy("y,~z"), "b,x,~z")
    vectors = math.tensor(rng.normal(size=(4, 3, 2)), spatial("x"), dual("y"), channel("c"))
    summed = math.dot(
        math.to_format(vectors, format, "x,~y"), "~y,c", math.tensor(np.ones((3, 2)), spatial("y"), channel("c")), "y,c"
    )
    equal(summed, vectors.numpy("x,~y,c").sum((1, 2)), "x")


def test_by_sparse(everywhere, format, A, rng):
    right = random_matrix(rng, 3, 5)
    for other in FORMATS:
        product = sparse(A, format) @ sparse(right, other, "y,z")
        assert product.format == format
        equal(product, A @ right, "x,~z")


def test_several_dims(everywhere, format, rng):
    grid = random_matrix(rng, 6, 6)
    t = math.to_format(math.tensor(grid.reshape(2, 3, 2, 3), spatial("x,y"), dual("x,y")), format)
    v = rng.normal(size=(2, 3))
    equal(t @ math.tensor(v, spatial("x,y")), (grid @ v.ravel()).reshape(2, 3), "x,y")
    equal(t @ math.tensor(v.T, spatial("y,x")), (grid @ v.ravel()).reshape(2, 3), "x,y")
    part = math.dot(t, "~x", math.tensor([1.0, 2.0], spatial("x")), "x")  # a sum over some of the columns stays sparse
    assert isinstance(part, Sparse)
    equal(part, np.einsum("xyij,i->xyj", grid.reshape(2, 3, 2, 3), [1, 2]), "x,y,~y")
    equal(math.sum_(t, "~x,~y"), grid.sum(1).reshape(2, 3), "x,y")
    equal(math.sum_(t, "y,~x,~y"), grid.sum(1).reshape(2, 3).sum(1), "x")
    equal(math.sum_(t, "y"), grid.reshape(2, 3, 2, 3).sum(1), "x,~x,~y")
    packed = math.pack_dims(math.pack_dims(t, "x,y", instance("i")), "~x,~y", dual("i"))
    equal(packed, grid, "i,~i")
    equal(math.unpack_dim(packed, "i", spatial(p=3, q=2)), grid.reshape(3, 2, 6), "p,q,~i")
    turned = math.rename_dims(t, "x,y,~x,~y", concat_shapes(dual("x,y"), spatial("x,y")))
    equal(turned, grid.T.reshape(2, 3, 2, 3), "x,y,~x,~y")
    equal(
        math.pack_dims(t, "y,x", instance("i")),
        grid.reshape(2, 3, 2, 3).transpose(1, 0, 2, 3).reshape(6, 2, 3),
        "i,~x,~y",
    )
