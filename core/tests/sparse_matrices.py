"""What the tests of sparse tensors share."""

import numpy as np
from phiml_core import math
from phiml_core.math import dual, spatial

__all__ = ["equal", "random_matrix", "sparse"]


def random_matrix(rng, rows=4, columns=3, density=0.5):
    return np.where(rng.random((rows, columns)) < density, rng.normal(size=(rows, columns)), 0.0)


def sparse(array, format="csr", names="x,y"):
    """The sparse tensor of a matrix: rows along a spatial, columns along a dual dim."""
    row, column = names.split(",")
    return math.to_format(math.tensor(array, spatial(row), dual(column)), format)


def equal(t, expected, names="x,~y"):
    assert np.allclose(t.numpy(names), expected, rtol=1e-12, atol=1e-12)
