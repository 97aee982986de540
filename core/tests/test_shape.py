"""Shapes: named, typed dims and their algebra."""

import copy
import gc
import pickle
import threading

import numpy as np
import pytest
from phiml_core.shape import (
    EMPTY,
    DimTypeConflict,
    IncompatibleShapes,
    ItemNameError,
    Shape,
    ShapeError,
    UnknownDim,
    Varying,
    batch,
    channel,
    concat_shapes,
    dual,
    instance,
    make_shape,
    merge_shapes,
    non_batch,
    non_channel,
    non_dual,
    non_instance,
    non_primal,
    non_spatial,
    primal,
    select,
    shape,
    spatial,
)

ALL = concat_shapes(batch(b=2), dual(d=3), instance(i=4), spatial(x=5, y=6), channel(vector="x,y"))


def test_making():
    assert spatial(x=4, y=3).names == ("x", "y") and spatial(x=4, y=3).sizes == (4, 3)
    assert spatial("x,y").sizes == (None, None)
    assert channel(vector="x,y").item_names == ("x", "y") and channel(vector=["x", "y"]).size == 2
    assert dual(points=3).name == "~points"
    assert batch(b=np.int64(3)).size == 3 and type(batch(b=np.int64(3)).size) is int
    assert spatial() == EMPTY == Shape()


def test_the_order_does_not_count_for_equality():
    a, b = spatial(x=4, y=3), spatial(y=3, x=4)
    assert a == b and hash(a) == hash(b) and a is not b
    assert a != spatial(x=4, y=4) and a != batch(x=4, y=3) and a != channel(x="p,q,r,s", y=3)
    assert spatial(x=4) is spatial(x=4)


def test_types():
    assert [f(ALL).names for f in (batch, dual, instance, spatial, channel)] == [
        ("b",),
        ("~d",),
        ("i",),
        ("x", "y"),
        ("vector",),
    ]
    assert ALL.primal == primal(ALL) == ALL - batch - dual
    for filter_, non in (
        (batch, non_batch),
        (dual, non_dual),
        (instance, non_instance),
        (spatial, non_spatial),
        (channel, non_channel),
        (primal, non_primal),
    ):
        assert non(ALL) == ALL.without(filter_) and filter_(ALL) & non(ALL) == ALL
    assert ALL.non_batch is non_batch(ALL)


def test_selection():
    assert ALL["x"] == spatial(x=5) and ALL["y,x"].names == ("y", "x")
    assert ALL[0] == batch(b=2) and ALL[-1].name == "vector" and ALL[3:5] == spatial(x=5, y=6)
    assert ALL.only("y,x,missing").names == ("x", "y") and ALL.only("y,x", reorder=True).names == ("y", "x")
    assert ALL.without("x").without(batch) == ALL - "x,b" and ALL.without(None) is ALL
    assert select(ALL, [spatial, "b"]).names == ("b", "x", "y")
    assert select(ALL, "spatial") == spatial(x=5, y=6)
    assert "x" in ALL and "x,y" in ALL and "z" not in ALL and spatial(x=1) in ALL and batch(x=1) not in ALL
    assert [d.name for d in ALL] == list(ALL.names)


def test_sizes_and_items():
    assert ALL.get_size("x") == 5 and ALL.get_type("x") == "spatial" and ALL.get_item_names("vector") == ("x", "y")
    assert ALL.item_index("vector", "y") == 1 and ALL.volume == 2 * 3 * 4 * 5 * 6 * 2 and EMPTY.volume == 1
    assert spatial(x=4).with_size(5).size == 5 and channel(v="a,b").with_size(3).item_names is None
    assert ALL.with_dim_size("x", 7).get_size("x") == 7
    assert channel(v="a,b").with_size("c,d,e").item_names == ("c", "d", "e")
    assert spatial("x").well_defined is False and ALL.well_defined


def test_changes():
    assert ALL.replace("x", spatial(z=5)).names == ("b", "~d", "i", "z", "y", "vector")
    assert spatial(x=4).as_batch() == batch(x=4) and dual(x=4).as_spatial() == spatial(x=4)
    assert spatial(x=4).as_dual() == dual(x=4) and instance(a=2).as_channel() == channel(a=2)
    assert list(spatial(x=2, y=1).meshgrid()) == [{"x": 0, "y": 0}, {"x": 1, "y": 0}]
    assert list(channel(v="a,b").meshgrid(names=True)) == [{"v": "a"}, {"v": "b"}]


def test_merging_orders_by_type():
    merged = merge_shapes(channel(vector="x,y"), spatial(x=4), batch(b=2))
    assert merged.names == ("b", "x", "vector")
    assert spatial(x=4) & spatial(y=3, x=4) == spatial(x=4, y=3)
    assert (channel("vector") & channel(vector="x,y")).item_names == ("x", "y")
    assert (spatial("x") & spatial(x=4)).sizes == (4,)


def test_shape_of_values():
    assert shape(3) == shape("text") == shape(None) == EMPTY
    assert shape([spatial(x=2), {"k": batch(b=3)}]) == spatial(x=2) & batch(b=3)
    with pytest.raises(TypeError, match=r"ndarray has no named dims.  Wrap"):
        shape(np.ones(3))


def test_varying_sizes():
    s = make_shape(("x", "vector"), (Varying((3, 4), "vector"), 2), ("spatial", "channel"), (None, ("x", "y")))
    assert not s.is_uniform and s.non_uniform.name == "x" and s.volume == 7
    assert s.after_item("vector", 1) == spatial(x=4)
    assert pickle.loads(pickle.dumps(s)) is s
    assert Varying((3, 4), "a") != Varying((3, 4), "b") and Varying((3, 4), "a") != (3, 4)


def test_pickle_and_copy_give_the_same_object():
    assert pickle.loads(pickle.dumps(ALL)) is ALL and copy.deepcopy(ALL) is ALL and copy.copy(ALL) is ALL


def test_unused_shapes_are_forgotten():
    from phiml_core.shape.shape import _interned

    gc.collect()
    before = len(_interned)
    for i in range(1000):
        spatial(**{f"forgotten_{i}": i})
    gc.collect()
    assert len(_interned) < before + 100


def test_threads_make_one_object():
    """All threads race for the same new shapes, merge, select and pickle them."""
    barrier, found, errors = threading.Barrier(8), [[] for _ in range(8)], []

    def work(mine):
        try:
            for i in range(300):
                if i % 50 == 0:
                    barrier.wait(timeout=30)
                s = spatial(**{f"t{i}": i + 1, "y": 3}) & channel(vector="x,y") & batch(b=i + 2)
                s = merge_shapes(s, spatial(z=i)).without("y")
                mine.append((s, s.spatial, s.with_dim_size("z", i + 5), pickle.loads(pickle.dumps(s))))
        except Exception as error:  # pragma: no cover
            errors.append(error)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in found]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    for rows in zip(*found, strict=True):
        for same in zip(*rows, strict=True):
            assert len({id(s) for s in same}) == 1
        assert rows[0][0] is rows[0][3]


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: merge_shapes(spatial(x=4), spatial(x=5)), IncompatibleShapes, "dim 'x' has size 4 and 5.  Slice"),
        (
            lambda: merge_shapes(spatial(x=4), batch(x=4)),
            DimTypeConflict,
            "spatial in the first and batch in the second",
        ),
        (lambda: channel(v="x,y") & channel(v="y,x"), IncompatibleShapes, "the same items in another order.  Reorder"),
        (lambda: channel(v="x,y") & channel(v="a,b"), IncompatibleShapes, "other items"),
        (lambda: ALL["z"], UnknownDim, r"No dim 'z'.*Its dims are: b, ~d, i, x, y, vector"),
        (lambda: select(ALL, "z"), UnknownDim, "No dim 'z'"),
        (lambda: ALL.get_size("z"), UnknownDim, "No dim 'z'"),
        (lambda: select(ALL, batch(x=5)), DimTypeConflict, "Cannot select"),
        (lambda: select(ALL, 3), ShapeError, "3 does not select dims"),
        (lambda: ALL.item_index("vector", "z"), ItemNameError, "no item 'z'.  Its item names are: x, y"),
        (lambda: ALL.item_index("x", "z"), ItemNameError, "none, only positions"),
        (lambda: ALL.name, ShapeError, "Shape.name needs exactly one dim"),
        (lambda: ALL.size, ShapeError, "exactly one dim"),
        (lambda: concat_shapes(spatial(x=1), batch(x=1)), ShapeError, "two dims of the same name"),
        (lambda: channel(v="a,a"), ShapeError, "Item names must differ"),
        (lambda: spatial(x=-1), ShapeError, "negative size -1"),
        (lambda: spatial(x=1.5), ShapeError, "1.5 is no size of a dim"),
        (lambda: ALL.replace("x,y", spatial(z=1)), ShapeError, "2 dims by 1"),
        (lambda: spatial(3, 4), TypeError, r"spatial\(\) takes names"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_errors_can_be_caught_together():
    for error in (DimTypeConflict, IncompatibleShapes, ItemNameError, UnknownDim):
        assert issubclass(error, ShapeError) and issubclass(error, ValueError)
    assert issubclass(UnknownDim, KeyError) and issubclass(ItemNameError, KeyError)
    with pytest.raises(UnknownDim) as caught:
        ALL["z"]
    assert str(caught.value).startswith("No dim 'z'")  # not quoted as the message of a KeyError


def test_repr():
    assert repr(ALL) == "(bᵇ=2, ~dᵈ=3, iⁱ=4, xˢ=5, yˢ=6, vectorᶜ=x,y)"
    assert repr(spatial("x")) == "(xˢ=?)" and repr(EMPTY) == "()"
