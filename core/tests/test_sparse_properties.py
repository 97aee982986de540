"""Random sparse matrices of all sizes, empty ones among them, against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import batch, concat_shapes, dual, precision, spatial

FORMATS = ["coo", "csr", "csc", "compact-cols", "compact-rows"]
SIZES = st.integers(0, 4)
VALUES = st.sampled_from([0.0, 0.0, 1.0, -2.0, 0.5])


def sparse(array, format, names="x,y"):
    row, column = names.split(",")
    dims = f"{row},~{column}"
    return math.to_format(math.tensor(array, spatial(row), dual(column)), format, sparse_dims=dims)


@st.composite
def matrices(draw):
    n, m, k = draw(SIZES), draw(SIZES), draw(SIZES)
    return tuple(draw(arrays(np.float64, sizes, elements=VALUES)) for sizes in ((n, m), (n, m), (m, k)))


def same(t, expected, names="x,~y"):
    found = t.numpy(names)
    assert found.shape == expected.shape and np.array_equal(found, expected)


def check(A, B, C, format, other):
    t, u, right = sparse(A, format), sparse(B, other), sparse(C, format, "y,z")
    same(t, A)
    same(math.to_format(t, other), A)
    same(t + u, A + B)
    same(t * u, A * B)
    same(math.maximum(t, u), np.maximum(A, B))
    same(t @ right, A @ C, "x,~z")
    same(t @ math.tensor(np.arange(1.0, A.shape[1] + 1), spatial("y")), A @ np.arange(1.0, A.shape[1] + 1), "x")
    same(math.sum_(t, "x"), A.sum(0), "~y")
    same(math.sum_(t, "~y"), A.sum(1), "x")
    same(math.rename_dims(t, "x,~y", concat_shapes(dual("x"), spatial("y"))), A.T, "y,~x")
    same(math.concat([t, u], "x"), np.concatenate([A, B]))
    same(math.stack([t, u], batch("b")), np.stack([A, B]), "b,x,~y")
    same(t.x[::-1][{"~y": slice(1, 3)}], A[::-1, 1:3])
    same(math.tensor_like(t, math.stored_values(t) + 1), np.where(A != 0, A + 1, 0))
    for i in range(A.shape[0]):
        same(t.x[i], A[i], "~y")


@settings(max_examples=60, deadline=None)
@given(matrices(), st.sampled_from(FORMATS), st.sampled_from(FORMATS))
def test_random_matrices(found, format, other):
    with backend("numpy"), precision(64):
        check(*found, format, other)


@pytest.mark.parametrize("sizes", [(0, 2, 1), (2, 0, 1), (1, 1, 1)])
def test_edges(everywhere, sizes):
    n, m, k = sizes
    with precision(64):
        for format, other in (("csr", "csr"), ("coo", "csc"), ("compact-cols", "compact-rows")):
            zero = np.zeros((n, m)), np.zeros((n, m)), np.zeros((m, k))
            check(*zero, format, other)
            check(zero[0], zero[1] + 1, zero[2] + 2, format, other)
