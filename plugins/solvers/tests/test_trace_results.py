"""Results of traced functions: their dims in the order of the function itself, their names and types, and matrices of them."""

import warnings

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, concat_shapes, dual, instance, precision, spatial, tensor, wrap
from phiml_solvers.operator import Diagonal
from phiml_solvers.trace import NotTraceable, collected, structured, to_sparse
from phiml_solvers.trace.structured import traced


@pytest.fixture(autouse=True)
def double():
    with precision(64):
        yield


def field(*dims, seed=0):
    shape = concat_shapes(*dims)
    return tensor(np.random.default_rng(seed).normal(size=shape.sizes), shape)


X = field(spatial(y=2, x=3), channel(c=2))
SQUARE = field(spatial(x=3), dual(x=3), seed=1)
POINTS = tensor([0, 1, 1], instance("p"))


def written(x):
    values = math.rename_dims(x, "x", instance("p"))
    return math.scatter(math.zeros(spatial(q=4)), POINTS, values, "add")


ORDERS = {
    "matrix": lambda x: SQUARE @ x,
    "dot": lambda x: math.dot(x, "x", SQUARE, "~x"),
    "rename": lambda x: math.rename_dims(x, "y", spatial("z")),
    "concat": lambda x: math.concat([x.y[:1], math.rename_dims(x, "x,c", ("x", "c")).y[1:]], "y"),
    "product": lambda x: field(spatial(x=3, y=2)) * x,
    "running sum": lambda x: math.cumulative_sum(x, "y"),
    "cosines": lambda x: math.dct(x, "y"),
    "scatter": written,
}


@pytest.mark.parametrize("name", ORDERS)
def test_dims_keep_the_order_of_the_function(name):
    """The components of a gradient are in the order of the spatial dims."""
    function = ORDERS[name]
    found = []

    def gradient(x):
        found.append(function(x).shape.names)
        return math.spatial_gradient(function(x))

    A, b = math.matrix_from_function(gradient, X)
    expected = gradient(X)
    assert found[0] == found[1]
    assert float(math.max(abs(A @ X + b - expected))) < 1e-12


def test_values_listed_twice_are_summed():
    """Further instance dims of values list more of them for each position; spatial ones are dims of the result."""
    v = tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], instance("p,more"))
    for mode, expected in (("add", [3.0, 18.0, 0.0]), ("mean", [1.5, 4.5, 0.0])):
        A, _ = math.matrix_from_function(lambda x: math.scatter(math.zeros(spatial(q=3)), POINTS, x, mode), v)  # noqa: B023
        for found in (math.scatter(math.zeros(spatial(q=3)), POINTS, v, mode), A @ v):
            assert found.numpy("q").tolist() == expected
    v = math.rename_dims(v, "more", spatial("more"))
    assert math.scatter(math.zeros(spatial(q=2)), POINTS, v, "add").numpy("q,more").tolist() == [[1, 2], [8, 10]]


def test_operators_in_the_trace_of_another():
    """Sums of one trace are no sums of another."""
    x = field(instance(p=4), channel(c=2))
    v = field(instance(p=4), seed=2)

    def function(x):
        dots = math.dot(x, "p", v, "p")
        return math.concat([x.c[1], 2 * x.c[1]], "p") + dots - math.mean(dots, "c")

    A, _ = math.matrix_from_function(function, x)
    assert float(math.max(abs(to_sparse(A) @ x - function(x)))) < 1e-12
    both = structured(lambda x: A(x - math.mean(x, "p")), x)
    assert float(math.max(abs(both(x) - function(x - math.mean(x, "p"))))) < 1e-12


def test_products_with_sparse_matrices_beside_instance_dims():
    for matrix in (tensor([[0, 1.0], [2, 0]], channel("c"), dual("c")), math.zeros(channel(c=2), dual(c=2))):
        matrix = math.to_format(matrix, "csr", sparse_dims="c,~c")
        x = field(instance(p=4), channel(c=2))
        A, _ = math.matrix_from_function(lambda x: matrix @ x + math.roll(x, {"p": 1}), x)  # noqa: B023
        assert float(math.max(abs(A @ x - matrix @ x - math.roll(x, {"p": 1})))) < 1e-12


def test_part_of_a_running_sum():
    x = field(spatial(x=5))
    A, _ = math.matrix_from_function(lambda x: math.cumulative_sum(x, "x").x[1:4], x)
    assert type(A).__name__ == "DenseMatrix"
    np.testing.assert_allclose((A @ x).numpy("x"), np.cumsum(x.numpy("x"))[1:4])


def test_rows_along_dual_dims():
    x = field(spatial(x=3))
    A, _ = math.matrix_from_function(lambda x: math.dot(x, "x", SQUARE, "x"), x)
    np.testing.assert_allclose((A @ x).numpy("~x"), x.numpy("x") @ SQUARE.numpy("x,~x"))


def test_names_of_items():
    x = tensor([1.0, 2.0, 3.0], channel(vector="u,v,w"))
    A, _ = math.matrix_from_function(lambda x: math.cumulative_sum(x, "vector"), x)
    assert (A @ x).shape.get_item_names("vector") == ("u", "v", "w")
    A, b = math.matrix_from_function(lambda x: math.roll(x.vector["v,u"] + 1, {"vector": 1}), x)
    assert (A @ x + b).numpy("vector").tolist() == [2, 3] and b.shape.get_item_names("vector") == ("v", "u")
    A, _ = math.matrix_from_function(lambda x: math.rename_dims(x, "vector", channel(vector="a,b,c")), x)
    assert (A @ x).vector["b"] == 2
    every = wrap([True] * 3, channel("vector"))
    assert isinstance(structured(lambda x: 2 * math.boolean_mask(x, "vector", every), x), Diagonal)


@pytest.mark.parametrize("kind", [bool, int])
def test_integers_stay_integers(kind):
    x = math.cast(tensor([1, 0, 2**24 + 1, 3], spatial("x")), kind)
    functions = [
        lambda x: math.roll(x, {"x": 1}),
        lambda x: math.cumulative_sum(x, "x"),
        lambda x: math.pad(x, {"x": (1, 1)}, 0) * 2,
        lambda x: math.sum(x, "x"),
        lambda x: x + math.roll(x, {"x": 1}),
        lambda x: math.gather(x, wrap([3, 3, 0], spatial("x")), "x"),
    ]
    with precision(32):
        for function in functions:
            A, _ = math.matrix_from_function(function, x)
            assert (A @ x).dtype.kind in (bool, int) and bool((A @ x == function(x)).all)


def test_products_of_many_coefficients():
    """Terms that read x in the same places become one: without, five steps had 21440 terms, and each more five times as many."""
    k = math.exp(field(spatial(x=5, y=6)))

    def steps(x):
        for padding in (0, "periodic", "zero-gradient", 0, "symmetric", "zero-gradient"):
            x = x + 0.05 * k * math.laplace(x, padding=padding)
        return x

    x, y = field(spatial(x=5, y=6), seed=1), field(spatial(x=5, y=6), seed=2)
    result = traced(steps, x)
    assert len(result.terms) < 2000
    A, _ = math.matrix_from_function(steps, x)
    assert float(math.max(abs(A @ x - steps(x)))) < 1e-11
    assert abs(float(math.sum(steps(x) * y - x * (A.T @ y), "x,y"))) < 1e-10


def test_too_many_terms(monkeypatch):
    monkeypatch.setattr(collected, "MOST", 1000)
    x = field(spatial(x=40))
    orders = [wrap(np.random.default_rng(i).permutation(40), spatial("x")) for i in range(12)]

    def function(x):
        for order in orders:
            x = x + math.gather(x, order, "x")
        return x

    with pytest.raises(NotTraceable, match=r"many operations: it has \d+ terms \(limit 1000\)"):
        structured(function, x)


# --- matrices ---


def test_matrix_of_zero():
    x = field(spatial(x=3))
    A, _ = math.matrix_from_function(lambda x: math.expand(math.sum(x - x, "x"), spatial(y=2)), x)
    assert (to_sparse(A) @ x).numpy("y").tolist() == [0, 0]


def test_matrix_of_more_dims_than_are_mixed():
    x = field(spatial(x=3, y=2))
    A, _ = math.matrix_from_function(lambda x: math.stack([x, 2 * x], channel("s")), x)
    with pytest.raises(
        ValueError, match=r"does the same on all dims.  Give the dims of x: to_sparse\(operator, x.shape\)"
    ):
        to_sparse(A)
    matrix = to_sparse(A, x.shape)
    assert matrix.shape.volume == 6 * 12 and float(math.max(abs(matrix @ x - A @ x))) == 0
    sums = structured(lambda x: math.sum(x, "x"), x)
    assert to_sparse(sums).shape.names == ("~x",)
    assert float(math.max(abs(to_sparse(sums, x.shape) @ x - sums(x)))) < 1e-12


def test_matrices_in_single_precision_without_warnings():
    with precision(32), warnings.catch_warnings():
        warnings.simplefilter("error")
        x = math.zeros(spatial(x=4, y=4), batch(b=2))
        A, _ = math.matrix_from_function(lambda x: 0.3 * math.downsample2x(x), x)
        assert to_sparse(A).dtype.precision == 32 and (A @ x).dtype.precision == 32
