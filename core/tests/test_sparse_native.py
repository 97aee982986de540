"""Sparse tensors beside SciPy and the sparse arrays of the backends, and large ones."""

import numpy as np
import pytest
import scipy.sparse as sp
from phiml_core import math
from phiml_core.math import batch, channel, concat_shapes, dual, instance, precision, spatial, wrap
from phiml_core.tensor.sparse import Compressed, SparseError


@pytest.fixture(autouse=True)
def double():
    with precision(64):
        yield


def laplacian(n):
    line = sp.diags_array([1.0, -2.0, 1.0], offsets=[-1, 0, 1], shape=(n, n))
    return (sp.kron(line, sp.eye_array(n)) + sp.kron(sp.eye_array(n), line)).tocsr()


@pytest.mark.parametrize("format", ["csr", "csc", "coo", "dia", "bsr", "lil", "dok"])
def test_every_format_of_scipy(everywhere, format, rng):
    matrix = sp.random_array((6, 4), density=0.4, format=format, rng=rng)
    t = math.from_scipy(matrix, spatial(x=2, y=3), dual(z=4))
    assert t.format == (format if format in ("csr", "csc") else "coo") and t.backend.name == everywhere
    assert np.array_equal(t.numpy("x,y,~z").reshape(6, 4), matrix.toarray())
    assert np.array_equal(t.to_scipy().toarray(), matrix.toarray())


def test_entries_that_scipy_repeats(everywhere):
    matrix = sp.csr_array((np.array([1.0, 2, 3]), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    t = math.from_scipy(matrix, spatial(x=2), dual(y=2))
    assert t.pattern.unique and math.stored_values(t).numpy().tolist() == [3, 3]
    assert (t * t).numpy("x,~y").tolist() == [[0, 9], [9, 0]]


def test_against_scipy(everywhere, rng):
    a, b = (sp.random_array((40, 40), density=0.1, format="csr", rng=rng) for _ in range(2))
    s, t = (math.from_scipy(m, spatial(x=40), dual(x=40)) for m in (a, b))
    for ours, theirs in ((s @ t, a @ b), (s + t, a + b), (s * t, a.multiply(b)), (s - 2 * t, a - 2 * b)):
        assert np.allclose(ours.to_scipy().toarray(), theirs.toarray(), rtol=1e-12)
    v = rng.normal(size=40)
    assert np.allclose((s @ math.tensor(v, spatial("x"))).numpy(), a @ v)
    assert np.allclose((math.tensor(v, spatial("x")) @ s).numpy(), v @ a)


@pytest.mark.parametrize("format", ["coo", "csr", "csc"])
def test_native_sparse_arrays(everywhere, format, rng):
    matrix = sp.random_array((5, 4), density=0.5, format="csr", rng=rng)
    t = math.to_format(math.from_scipy(matrix, spatial(x=5), dual(y=4)), format)
    native = math.native_sparse(t)
    kinds = {
        "numpy": ("coo_array", "csr_array", "csc_array"), "torch": ("Tensor",), "jax": ("BCOO",), "tensorflow": ("SparseTensor",)
    }  # fmt: skip
    assert type(native).__name__ in kinds[everywhere]
    if everywhere == "torch":
        assert str(native.layout) == f"torch.sparse_{format}"
    back = math.from_native(native, spatial(x=5), dual(y=4))
    assert np.allclose(back.numpy("x,~y"), matrix.toarray())
    assert back.format == (format if everywhere in ("numpy", "torch") else "coo")
    with pytest.raises(ValueError, match="several values"):
        math.native_sparse(t * wrap([1.0, 2.0], channel("c")))


def test_native_arrays_that_are_dense(everywhere):
    with pytest.raises(SparseError, match="sparse"):
        math.from_native(math.tensor(np.eye(3), spatial("x,y")).native("x,y"), spatial(x=3), dual(y=3))


def test_products_of_the_libraries(framework, rng):
    """What leaves for a library computes the same there."""
    matrix = sp.random_array((5, 4), density=0.5, format="csr", rng=rng)
    t = math.from_scipy(matrix, spatial(x=5), dual(y=4))
    v = math.tensor(rng.normal(size=(4, 1)), spatial("y"), channel("c"))
    native, column = math.native_sparse(t), v.native("y,c")
    if framework == "tensorflow":
        import tensorflow as tf

        product = tf.sparse.sparse_dense_matmul(native, column)
    else:
        product = native @ column
    assert np.allclose(np.asarray(product), (t @ v).numpy("x,c"))


def test_gradient_through_a_native_form(framework):
    index = wrap([[0, 1], [1, 0]], instance("e"), channel(index="x,~y"))

    def loss(values):
        t = math.sparse_tensor(index, values, spatial(x=2) & dual(y=2))
        back = math.from_native(math.native_sparse(t), spatial(x=2), dual(y=2))
        return math.l2_loss(math.stored_values(back))

    slope = math.gradient(loss, get_output=False)(math.tensor([2.0, 3.0], instance("e")))
    assert slope.numpy().tolist() == [2, 3]


# --- large ---


def test_a_map_between_grids_of_512_squared(everywhere, rng):
    """2^36 positions: numbers of rows fit 32 bits, those of positions do not."""
    n = 512
    matrix = laplacian(n)
    grid = spatial(x=n, y=n)
    t = math.from_scipy(matrix, grid, dual(x=n, y=n))
    assert t.shape.volume == 2**36
    pattern = t.pattern
    assert isinstance(pattern, Compressed) and pattern.minor.dtype.name == "int32"
    v = rng.normal(size=(n, n))
    field = math.tensor(v, spatial("x,y"))
    assert np.allclose((t @ field).numpy("x,y").ravel(), matrix @ v.ravel())
    turned = math.rename_dims(t, "x,y,~x,~y", concat_shapes(dual("x,y"), spatial("x,y")))
    assert np.allclose((turned @ field).numpy("x,y").ravel(), matrix.T @ v.ravel())
    if everywhere in ("numpy", "torch"):  # the same code on the others, where it takes long
        coo = math.to_format(math.to_format(t, "csc"), "coo")
        two = (t + 3 * coo).to_scipy() - 4 * matrix
        assert abs(two).max() == 0
        square = t @ t
        assert abs(square.to_scipy() - matrix @ matrix).max() < 1e-12
    row = t.x[-1].y[-1]
    assert math.stored_values(row).shape.volume == 3 and row.shape == dual(x=n, y=n)
    assert row[{"~x": n - 1, "~y": n - 1}].item() == -4
    diagonal = math.stored_values(math.where(t < 0, t, 0.0))
    assert float(diagonal.sum) == -4 * n * n


def test_nothing_large_becomes_dense(everywhere):
    n = 512
    index = wrap([[0, 0], [n - 1, n - 1]], instance("e"), channel(index="x,y"))
    dims = {"x": index, "y": index}
    positions = math.concat([dims["x"], math.rename_dims(index, "index", channel(index="~x,~y"))], "index")
    t = math.sparse_tensor(positions, 1.0, spatial(x=n, y=n) & dual(x=n, y=n), format="csr")
    for f in (lambda: t + 1, lambda: math.exp(t), lambda: t == 0, lambda: t.block(), lambda: math.sort(t, "x")):
        with pytest.raises(SparseError, match=r"dense\(t\)"):
            f()
    assert (t @ math.ones(spatial(x=n, y=n))).x[n - 1].y[n - 1].item() == 1
    batched = math.stack([t, 2 * t], batch("b"))
    assert np.allclose(batched.sum.numpy(), [2, 4])
