"""Slicing along named dims."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, spatial, tensor, wrap
from phiml_core.shape import ItemNameError, ShapeError, UnknownDim

ARRAY = np.arange(24.0).reshape(4, 3, 2)


@pytest.fixture(params=["dense", "stacked"])
def t(request, place):
    dense = tensor(ARRAY, spatial("x,y"), channel(vector="x,y"))
    return dense if request.param == "dense" else math.stack(math.unstack(dense, "vector"), channel(vector="x,y"))


def check(value, expected, order="x,y,vector"):
    order = ",".join(n for n in order.split(",") if n in value.shape.names)
    assert np.array_equal(value.numpy(order) if order else value.numpy(), expected)


def test_positions(t):
    check(t.x[1], ARRAY[1])
    check(t.x[-1].y[0], ARRAY[-1, 0])
    check(t.x[np.int64(2)], ARRAY[2])
    check(t[{"x": 1, "vector": "y"}], ARRAY[1, :, 1])
    check(t.vector[1], ARRAY[..., 1])


RANGES = [(1, 3), (None, None, 2), (-2, None), (None, None, -1), (3, 0, -2), (2, 2), (0, 100)]


@pytest.mark.parametrize("item", [slice(*r) for r in RANGES])
def test_ranges(t, item):
    check(t.x[item], ARRAY[item])
    check(t.y[item], ARRAY[:, item])
    check(t.vector[item], ARRAY[:, :, item])


def test_item_names(t):
    check(t.vector["y"], ARRAY[..., 1])
    swapped = t.vector["y,x"]
    check(swapped, ARRAY[..., ::-1])
    assert swapped.shape.get_item_names("vector") == ("y", "x")
    check(t.vector[("y", "x")], ARRAY[..., ::-1])
    check(t.vector["x":"x"], ARRAY[..., :1])
    check(t["y"], ARRAY[..., 1])  # the only channel dim
    check(t.vector[channel("y,x")], ARRAY[..., ::-1])
    assert t.vector[::-1].shape.get_item_names("vector") == ("y", "x")


def test_lists_masks_and_tensors(t):
    check(t.x[[0, -1, 0]], ARRAY[[0, -1, 0]])
    check(t.vector[[0, 0]], ARRAY[..., [0, 0]])
    assert t.vector[[0, 0]].shape.get_item_names("vector") is None
    mask = np.array([True, False, True, False])
    check(t.x[wrap(mask, spatial("x"))], ARRAY[mask])
    check(t[wrap(mask, spatial("x"))], ARRAY[mask])
    check(t.x[mask], ARRAY[mask])
    check(t.x[np.array([2, 0])], ARRAY[[2, 0]])
    check(t.x[wrap([2, 0], spatial("x"))], ARRAY[[2, 0]])
    check(t.x[wrap(2)], ARRAY[2])
    points = t[wrap([[0, 2], [3, 1]], spatial("p"), channel(vector="x,y"))]
    assert np.array_equal(points.numpy("p,vector"), ARRAY[[0, 3], [2, 1]])


def test_constant_dims(place):
    t = math.expand(tensor([1.0, 2.0], spatial("x")), batch(b=3))
    assert t.b[1].shape == spatial(x=2) and t.b[1:].shape == batch(b=2) & spatial(x=2)
    assert t.b[[0, 0, 1, 2]].shape.get_size("b") == 4
    assert t.b[wrap([True, False, True], batch("b"))].shape.get_size("b") == 2


def test_trees(t):
    assert math.slice_({"a": t, "b": 3}, {"x": 0})["a"].shape == t.shape.without("x")


def test_axis(t):
    assert t.x.size == len(t.x) == 4 and t.vector.item_names == ("x", "y") and t.x.type == "spatial"
    assert t.x.dim == spatial(x=4) and t.x.rename("z").shape.spatial == spatial(z=4, y=3)
    assert t.x.as_batch().shape.batch == batch(x=4) and t.x.as_type(batch).shape.batch == batch(x=4)
    check(t.x.flip(), ARRAY[::-1])
    check(t.x.sum, ARRAY.sum(0))
    check(t.vector.max, ARRAY.max(-1))
    assert t.dimension("x").size == 4 and [v.shape for v in t.x] == [t.shape.without("x")] * 4


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda t: t.x[4], IndexError, r"Position 4 lies outside dim 'x' .*from -4 to 3"),
        (lambda t: t.vector[2], IndexError, r"Position 2 lies outside dim 'vector'"),
        (lambda t: t.x[[0, 4]], IndexError, r"Position 4"),
        (lambda t: t.x[wrap([0, 4], spatial("x"))], IndexError, r"Position 4 lies outside dim 'x'"),
        (lambda t: t.vector["z"], ItemNameError, r"no item 'z'"),
        (lambda t: t.x["z"], ItemNameError, r"none, only positions"),
        (lambda t: t[{"z": 0}], UnknownDim, r"No dim 'z'"),
        (lambda t: t.x[0][1.5], TypeError, r"Cannot select 1.5 along 'vector'"),
        (lambda t: t.vector[0][1], UnknownDim, r"Which dim should 1 select along"),
        (lambda t: t.x.unknown, AttributeError, r"A dim has no attribute 'unknown'"),
        (lambda t: t[wrap([[True]], spatial("x,y"))], UnknownDim, r"A mask selects along one dim"),
        (lambda t: t.x[wrap([True], spatial("x"))], ShapeError, r"size"),
    ],
)
def test_errors(t, call, error, message):
    with pytest.raises(error, match=message):
        call(t)
