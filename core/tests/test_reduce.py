"""Reductions over named dims, against NumPy."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, spatial, tensor, wrap
from phiml_core.shape import UnknownDim

AXES = {"": (), "x": 0, "y,x": (0, 1), "spatial": (0, 1), "vector": 2, "x,y,vector": (0, 1, 2)}


@pytest.fixture(params=["dense", "stacked"])
def pair(request, place, bits, rng):
    array = rng.normal(size=(4, 3, 2)).astype(f"float{bits}")
    dense = tensor(array, spatial("x,y"), channel(vector="x,y"))
    lazy = math.stack(math.unstack(dense, "vector"), channel(vector="x,y"))
    return array, dense if request.param == "dense" else lazy


def same(value, expected, tolerance):
    assert np.allclose(value.numpy(value.shape), expected, tolerance, tolerance)


@pytest.mark.parametrize("dims", AXES)
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "max", "min"])
def test_numbers(pair, tolerance, name, dims):
    array, value = pair
    reduced = getattr(math, name if name in ("mean", "prod") else f"{name}_")(value, dims)
    same(reduced, getattr(array, name)(AXES[dims]), tolerance)


@pytest.mark.parametrize("dims", ["x", "vector", "x,y,vector"])
def test_more_numbers(pair, tolerance, dims):
    array, value = pair
    same(math.std(value, dims), array.std(AXES[dims]), tolerance)
    same(math.variance(value, dims), array.var(AXES[dims]), tolerance)
    same(math.l2_loss(value, dims), 0.5 * (array**2).sum(AXES[dims]), tolerance)
    same(math.l1_loss(value, dims), abs(array).sum(AXES[dims]), tolerance)
    same(math.any_(value > 1, dims), (array > 1).any(AXES[dims]), 0)
    same(math.all_(value > -1, dims), (array > -1).all(AXES[dims]), 0)


def test_along_a_dim(pair, tolerance):
    array, value = pair
    assert np.array_equal(math.argmax(value, "x").numpy("y,vector"), array.argmax(0))
    assert np.array_equal(math.argmin(value, "vector").numpy("x,y"), array.argmin(2))
    assert np.allclose(math.cumulative_sum(value, "x").numpy("x,y,vector"), array.cumsum(0), tolerance, tolerance)
    assert np.array_equal(math.sort(value, "y").numpy("x,y,vector"), np.sort(array, 1))


def test_quantiles(pair, tolerance):
    array, value = pair
    same(math.median(value, "x"), np.median(array, 0), tolerance)
    same(math.quantile(value, 0.3), np.quantile(array, 0.3), tolerance)
    found = math.quantile(value, [0.1, 1.0], "x,y")
    assert np.allclose(found.numpy("quantiles,vector"), np.quantile(array, [0.1, 1], (0, 1)), tolerance, tolerance)
    with pytest.raises(ValueError, match=r"fractions from 0 to 1, not \[50"):
        math.quantile(value, 50)


def test_batch_dims_are_kept_by_default(place):
    x = tensor([[1.0, 2.0], [3.0, 5.0]], batch("b"), spatial("x"))
    assert math.sum_(x).numpy("b").tolist() == x.sum.numpy("b").tolist() == [3, 8]
    assert math.mean(x, batch).numpy("x").tolist() == [2, 3.5]
    assert x.max.numpy("b").tolist() == [2, 5] and (x > 1).any.numpy("b").tolist() == [True, True]


def test_constant_dims(place):
    x = math.expand(tensor([1.0, 2.0], spatial("x")), channel(c=3))
    assert math.sum_(x, "c").numpy().tolist() == [3, 6] and math.mean(x, "c").numpy().tolist() == [1, 2]
    assert math.prod(x, "c").numpy().tolist() == [1, 8] and math.max_(x).item() == 2


def test_weighted_mean(place):
    x = tensor([1.0, 2.0, 4.0], spatial("x"))
    assert math.mean(x, weight=wrap([1.0, 1.0, 2.0], spatial("x"))).item() == pytest.approx(11 / 4)


def test_types(place, bits):
    assert math.sum_(tensor([True, True])).item() == 2 and math.mean(tensor([1, 2])).item() == 1.5
    assert math.sum_(tensor(np.int8([100, 100]), spatial("x"))).item() == 200
    assert math.mean(tensor([1, 2])).dtype.bits == bits


def test_sequences_and_trees(place):
    assert math.max_([1, tensor(5), 3]).item() == 5
    assert math.sum_({"a": tensor([1.0, 2.0]), "b": 3})["a"].item() == 3


def test_non_uniform(place):
    v = math.stack([tensor([1.0, 2.0, 3.0], spatial("x")), tensor([4.0], spatial("x"))], channel(vector="x,y"))
    assert math.sum_(v).item() == 10 and math.mean(v).item() == 2.5 and math.max_(v).item() == 4
    assert math.sum_(v, "x").numpy().tolist() == [6, 4] and math.mean(v, "x").numpy().tolist() == [2, 4]


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda x: math.sum_(x, "z"), UnknownDim, r"sum: No dim 'z'"),
        (lambda x: math.sort(x, "x,y"), UnknownDim, r"sort works along one dim, but 'x,y' selects"),
        (lambda x: math.max_(x.x[:0], "x"), ValueError, r"max over \(xˢ=0\) has no values"),
    ],
)
def test_errors(place, call, error, message):
    with pytest.raises(error, match=message):
        call(math.zeros(spatial(x=2, y=3)))
