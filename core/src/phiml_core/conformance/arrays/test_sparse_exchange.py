"""Sparse tensors to and from SciPy and the sparse arrays of the backend."""

import numpy as np
import pytest
from scipy.sparse import random_array

from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import dual, spatial
from phiml_core.tensor.sparse import SparseError

ROWS, COLUMNS = spatial(x=4, y=2), dual(x=3, y=2)


def matrix(format):
    return random_array((8, 6), density=0.4, format=format, rng=np.random.default_rng(3))


@pytest.mark.parametrize("format", ["coo", "csr", "csc"])
def test_scipy(place, format):
    with backend(place), math.precision(64):
        given = matrix(format)
        t = math.from_scipy(given, ROWS, COLUMNS)
        assert t.backend is place and t.format == format
        assert np.array_equal(t.numpy("x,y,~x,~y").reshape(8, 6), given.toarray())
        back = math.to_scipy(t)
        assert back.format == format and np.array_equal(back.toarray(), given.toarray())


@pytest.mark.parametrize("format", ["coo", "csr", "csc", "compact-cols"])
def test_native(place, format):
    with backend(place), math.precision(64):
        given = matrix("csr")
        t = math.to_format(math.from_scipy(given, ROWS, COLUMNS), format)
        try:
            native = math.native_sparse(t)
        except SparseError:
            pytest.skip(f"{place} has no sparse arrays")
        back = math.from_native(native, ROWS, COLUMNS)
        assert back.backend is place and back.dtype is t.dtype
        assert np.array_equal(back.numpy("x,y,~x,~y").reshape(8, 6), given.toarray())
