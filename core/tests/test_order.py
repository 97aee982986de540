"""Order, places of the largest, and numbers that do not fit: the same on all backends, and as NumPy has it."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import precision, primitive
from phiml_core.math import batch, channel, instance, jit_compile, spatial, tensor, wrap

STRANGE = np.array([[1.0, np.nan, 3.0, -np.inf, np.inf, np.nan], [4.0, 3.0, np.inf, 1.0, 2.0, 0.0]])


@pytest.mark.parametrize("run", [lambda f: f, jit_compile], ids=["eager", "compiled"])
def test_nan_is_last_and_found_first(everywhere, run):
    x = tensor(STRANGE, batch("b"), spatial("x"))
    for ours, numpys in {
        math.sort: np.sort,
        math.argmax: np.argmax,
        math.argmin: np.argmin,
        math.median: np.median,
    }.items():
        found = run(lambda x, ours=ours: ours(x, "x"))(x)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(found.numpy("b,x" if found.rank == 2 else "b"), numpys(STRANGE, 1))
    for axis in (0, 1):
        order = primitive.argsort(x.native("b,x"), axis)
        assert np.asarray(order).tolist() == np.argsort(STRANGE, axis, kind="stable").tolist()


def test_position_along_several_dims(everywhere):
    x = tensor([[1.0, 5.0, 2.0], [7.0, 3.0, 0.0]], batch("b"), spatial("x"))
    grid = math.stack([x, -x], spatial("y"))
    at = math.argmax(grid, "x,y")
    assert at.shape == batch(b=2) & channel(index="x,y") and at.numpy("b,index").tolist() == [[1, 0], [0, 0]]
    assert grid[at].numpy("b").tolist() == [5, 7]
    lowest = math.argmin(grid, "x", channel("place"))
    assert lowest.shape.get_item_names("place") == ("x",) and grid[lowest].numpy("b,y").tolist() == [[1, -5], [0, -7]]


def test_sums_of_small_integers_are_not_cut(everywhere):
    x = tensor(np.array([200, 100], np.uint8), spatial("x"))
    assert math.sum_(x, "x").item() == 300 and math.prod(x, "x").item() == 20000
    assert math.cumulative_sum(x, "x").numpy("x").tolist() == [200, 300]
    assert math.sum_(math.expand(x.x[0], spatial(z=5)), "z").item() == 1000 and math.max_(x, "x").dtype.name == "uint8"


BIG = 2**40


def test_large_integers_keep_their_value(everywhere):
    with precision(32):
        for value in (tensor(BIG), tensor([BIG], spatial("x")).x[0], wrap(BIG), math.full(spatial(x=1), BIG).x[0]):
            assert value.item() == BIG
        assert (tensor(3) + wrap(BIG)).item() == BIG + 3 and (tensor(3.0) * BIG).item() == pytest.approx(3 * BIG)
        assert math.stack([tensor(1), tensor(BIG)], batch("b")).b[1].item() == BIG


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x + BIG,
        lambda x: BIG - x,
        lambda x: x < BIG,
        lambda x: math.maximum(x, BIG),
        lambda x: math.clip(x, 0, BIG),
    ],
)
def test_large_integers_beside_small_ones(everywhere, call):
    with precision(32), pytest.raises(OverflowError, match=f"{BIG} does not fit into int32.*cast"):
        call(tensor(3))


def test_integers_beyond_64_bits(everywhere):
    with pytest.raises(OverflowError, match="more than 64 bits"):
        tensor(2**70)


@pytest.mark.parametrize("run", [lambda f: f, jit_compile], ids=["eager", "compiled"])
def test_derivative_of_the_value_that_was_written(framework, run):
    base = tensor(np.arange(12.0).reshape(3, 4), spatial("x,y"))
    at = wrap([[0, 1], [2, 3], [0, 1]], instance("p"), channel(vector="x,y"))

    def loss(x):
        return math.l2_loss(
            math.scatter(base * x, at, math.gather(x, at) * wrap([1.0, 2.0, 3.0], instance("p")), "update")
        )

    with precision(64):
        math.check_gradient(run(loss), None, tensor(np.linspace(-1, 1, 12).reshape(3, 4), spatial("x,y")))
