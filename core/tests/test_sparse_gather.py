"""Reading sparse tensors at computed positions, against their dense values."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, concat_shapes, dual, instance, precision, spatial, tensor, wrap
from phiml_core.tensor.sparse import UnknownPositions, UnsupportedFormat


def matrix(rng, format, *more):
    array = rng.normal(size=(4, 3)) * (rng.random((4, 3)) < 0.5)
    dims = concat_shapes(spatial(x=4), dual(y=3))
    t = math.to_format(tensor(array, dims.with_sizes((None,) * 2)), format, sparse_dims=dims)
    for m in more:
        t = math.stack([t, 2 * t], m)
    return t


@pytest.mark.parametrize("format", ["coo", "csr", "csc", "compact-cols"])
def test_gather(everywhere, rng, format):
    with precision(64):
        t = matrix(rng, format, batch("b"))
        d = math.dense(t)
        along = tensor([3, 0, -1, 0], instance("p"))
        for dim, index in (("x", along), ("~y", along % 3), ("b", along % 2)):
            read = math.gather(t, index, dim)
            assert math.is_sparse(read)
            expected = math.gather(d, index, dim)
            np.testing.assert_array_equal(read.numpy(expected.shape), expected.numpy(expected.shape))
        places = tensor([[0, 1], [-1, 2], [2, 0]], instance("p"), channel(vector="x,~y"))
        read = math.gather(t, places)
        np.testing.assert_array_equal(read.numpy("b,p"), math.gather(d, places).numpy("b,p"))


def test_gather_of_nothing():
    none = math.to_format(math.zeros(spatial(x=2), dual(x=2)), "csr", sparse_dims="x,~x")
    assert math.gather(none, tensor([1, 1], channel(vector="x,~x"))).item() == 0
    t = math.to_format(math.ones(spatial(x=2, y=2), batch(b=0)), "coo", sparse_dims="x,y")
    assert (t * math.ones(spatial(x=2, y=2))).shape.get_size("b") == 0


def test_errors_of_gather(rng):
    t = matrix(rng, "csr", channel("c"))
    with pytest.raises(
        UnsupportedFormat, match=r"reads along one dim, or along all of \(~yᵈ=3, xˢ=4\), not along x, c"
    ):
        math.gather(t, tensor([0, 0], channel(vector="x,c")), "x,c")
    with pytest.raises(IndexError, match="Position 4 lies outside dim 'x'"):
        math.gather(t, tensor([4, 0], channel(vector="x,~y")))
    with pytest.raises(TypeError, match="Indices must be integers, not float"):
        math.gather(t, tensor([0.0, 0.0], channel(vector="x,~y")))


def test_gather_of_an_argument_of_a_compiled_function(rng):
    pytest.importorskip("phiml_jax")
    with math.backend("jax"):
        t = math.convert(matrix(rng, "csr"))
        with pytest.raises(UnknownPositions, match="Reading single values"):
            math.jit_compile(lambda t: math.gather(t, tensor([0, 0], channel(vector="x,~y"))))(t)
        rows = math.jit_compile(lambda v: math.gather(math.tensor_like(t, v), wrap([2, 0], spatial("x")), "x"))
        expected = math.dense(t).x[[2, 0]]
        np.testing.assert_allclose(rows(math.stored_values(t)).numpy("x,~y"), expected.numpy("x,~y"))
