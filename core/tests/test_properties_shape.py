"""The algebra of shapes, for any shapes."""

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st
from phiml_core.shape import (
    EMPTY,
    DimTypeConflict,
    IncompatibleShapes,
    batch,
    channel,
    concat_shapes,
    dual,
    instance,
    merge_shapes,
    select,
    spatial,
)

KINDS = (batch, dual, instance, spatial, channel)
NAMES = "abcdef"


@st.composite
def shapes(draw, names=NAMES, consistent=False):
    """Any shape; with `consistent` a dim of one name has always the same type and size, so that all such shapes fit."""
    found = []
    for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=4)):
        i = names.index(name)
        kind = KINDS[i % 5] if consistent else draw(st.sampled_from(KINDS))
        if consistent:
            size = i + 1
        else:
            size = draw(
                st.integers(0, 4) | st.lists(st.sampled_from("xyz"), unique=True, min_size=1, max_size=3).map(tuple)
            )
        found.append(kind(**{name: size}))
    return concat_shapes(*found) if found else EMPTY


fitting = shapes(consistent=True)


@given(fitting, fitting, fitting)
def test_merging_is_a_union(a, b, c):
    assert a & b == b & a and (a & b) & c == a & (b & c) and a & a == a and a & EMPTY == a
    assert set((a & b).names) == set(a.names) | set(b.names)
    assert a in a & b and (a & b).volume >= max(a.volume, b.volume)


@given(shapes(), shapes())
def test_merging_fits_or_says_why(a, b):
    try:
        merged = a & b
    except DimTypeConflict:
        assert any(n in b.names and a.get_type(n) != b.get_type(n) for n in a.names)
    except IncompatibleShapes:
        both = [n for n in a.names if n in b.names and a.get_type(n) == b.get_type(n)]
        assert any(a.get_size(n) != b.get_size(n) or a.get_item_names(n) != b.get_item_names(n) for n in both)
    else:
        assert all(
            merged.get_type(n) == s.get_type(n) and merged.get_size(n) == s.get_size(n) for s in (a, b) for n in s.names
        )


@given(shapes())
def test_types_split_a_shape(s):
    parts = [s.batch, s.dual, s.instance, s.spatial, s.channel]
    assert sum(p.rank for p in parts) == s.rank and merge_shapes(*parts) == s
    for kind, part in zip(KINDS, parts, strict=True):
        assert kind(s) is part and s.without(kind) & part == s
    assert s.non_batch == s - batch and s.primal == s - batch - dual


@given(shapes(), st.data())
def test_selection(s, data):
    names = data.draw(st.lists(st.sampled_from(s.names), unique=True) if s.names else st.just([]))
    chosen = select(s, ",".join(names))
    assert chosen.names == tuple(names) and all(chosen.get_size(n) == s.get_size(n) for n in names)
    assert set(s.only(names).names) | set(s.without(names).names) == set(s.names)
    assert s.only(names).names == tuple(n for n in s.names if n in names)
    assert s.only(names) & s.without(names) == s
    assert s.volume == s.only(names).volume * s.without(names).volume


@given(shapes(), st.randoms())
def test_order(s, random):
    order = list(range(s.rank))
    random.shuffle(order)
    t = s.pick(tuple(order))
    assert t == s and hash(t) == hash(s) and pickle.loads(pickle.dumps(t)) is t
    assert t.pick(tuple(order.index(i) for i in range(s.rank))) is s
    assert merge_shapes(EMPTY, t) == merge_shapes(EMPTY, s)


@given(shapes(), st.integers(0, 9))
def test_changes(s, size):
    for name in s.names:
        t = s.with_dim_size(name, size)
        assert t.get_size(name) == size and t.without(name) == s.without(name)
        items = t.get_item_names(name)
        assert items is None or (items == s.get_item_names(name) and len(items) == size)
        renamed = s.replace(name, s[name].with_size(None).as_type(s.get_type(name)))
        assert renamed.names == s.names and renamed.sizes == s.sizes


@settings(max_examples=50)
@given(shapes(consistent=True))
def test_meshgrid_counts(s):
    assert len(list(s.meshgrid())) == s.volume
