"""Trees of values: what is a leaf, what is static, how they are taken apart and put together."""

import dataclasses
import enum
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phiml_core import math
from phiml_core.math import batch, channel, spatial, stack, tensor, wrap
from phiml_core.tensor import Tensor
from phiml_core.tree import StaticError, flatten, is_tree, rebuild, tree_leaves, tree_map, value_attributes


@dataclasses.dataclass(frozen=True)
class Fluid:
    velocity: object
    density: object
    name: str = "water"
    order: object = 2
    __value_attrs__ = ("velocity", "density")


@dataclasses.dataclass
class Marked:
    value: object = dataclasses.field(metadata={"value": True})
    scale: int = 1


class Plain:
    __value_attrs__ = ("center",)

    def __init__(self, center, color="red"):
        self.center, self.color = center, color


class Slotted:
    __slots__ = ("color", "radius")
    __value_attrs__ = ("radius",)

    def __init__(self, radius, color):
        self.radius, self.color = radius, color


Pair = namedtuple("Pair", "a,b")


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@pytest.fixture
def x():
    return tensor([1.0, 2.0], spatial("x"))


def through(value):
    """A tree taken apart and put together."""
    leaves = []
    structure = flatten(value, leaves)
    assert len(structure.leaf_structures()) == len(leaves)
    return structure.build(iter(leaves))


def structure(value):
    return flatten(value, [])


def test_value_attributes():
    assert value_attributes(Fluid) == ("velocity", "density")
    assert value_attributes(Marked) == ("value",)
    assert value_attributes(dict) is None
    assert is_tree(Pair(1, 2)) and is_tree(Plain(1)) and not is_tree(3) and not is_tree("text")
    assert not is_tree(wrap(1.0))


def test_objects_come_back(x):
    fluid = through(Fluid(x, (x, {"k": 3.0}), "oil", (1, "a")))
    assert (fluid.name, fluid.order) == ("oil", (1, "a")) and fluid.velocity.shape == x.shape
    assert float(fluid.density[1]["k"]) == 3
    assert through(Marked(x, 4)).scale == 4
    plain = through(Plain(x, "blue"))
    assert isinstance(plain, Plain) and plain.color == "blue" and plain.center.numpy().tolist() == [1, 2]
    slotted = through(Slotted(x, "green"))
    assert slotted.color == "green" and slotted.radius.numpy().tolist() == [1, 2]
    pair = through(Pair(x, None))
    assert isinstance(pair, Pair) and pair.b is None
    assert through(Level.HIGH) is Level.HIGH
    assert through([x, (), {}, [None, "s", True]])[1:] == [(), {}, [None, "s", True]]


def test_leaves_are_natives_and_numbers(x):
    leaves = []
    flatten({"a": x, "b": [1, 2.5, 1j, True], "n": np.ones((2, 3)), "s": np.float64(3)}, leaves)
    assert leaves[0] is x.native_array
    assert leaves[1:4] == [1, 2.5, 1j] and leaves[4].shape == (2, 3)
    assert type(leaves[5]) is float
    assert through(np.ones((2, 3))).shape == (2, 3)


def test_structures_compare_by_what_is_static(x):
    same = [(Fluid(x, 1.0), Fluid(x + 1, 2.0)), (3, 4), ((x, 1.0), (2 * x, 5.0)), (np.ones(2), np.zeros(2))]
    for a, b in same:
        assert structure(a) == structure(b) and hash(structure(a)) == hash(structure(b))
    different = [
        (Fluid(x, 1.0), Fluid(x, 1)),
        (Fluid(x, 1.0, "a"), Fluid(x, 1.0, "b")),
        (Fluid(x, 1.0, order=1), Fluid(x, 1.0, order=True)),
        (Fluid(x, 1.0, order=(1,)), Fluid(x, 1.0, order=(1.0,))),
        (True, 1),
        (True, False),
        (1, 1.0),
        ([1], (1,)),
        ({"a": 1}, {"b": 1}),
        (Level.LOW, 1),
        (Level.LOW, Level.HIGH),
        (None, "None"),
        (x, x.x[0]),
        (np.ones(2), np.ones(3)),
        (Pair(1, 2), (1, 2)),
    ]
    for a, b in different:
        assert structure(a) != structure(b), (a, b)


def test_stacked_tensors(x):
    uniform = stack([x, 2 * x], channel(vector="x,y"))
    leaves = []
    flatten(uniform, leaves)
    assert len(leaves) == 1 and leaves[0].shape == (2, 2)
    assert structure(uniform) == structure(
        math.store(tensor(uniform.native("x,vector"), spatial("x"), channel(vector="x,y")))
    )
    staggered = stack([x, tensor([1.0], spatial("x"))], channel(vector="x,y"))
    leaves = []
    flatten(staggered, leaves)
    assert [a.shape for a in leaves] == [(2,), (1,)]
    assert through(staggered).shape == staggered.shape


def test_static_errors(x):
    with pytest.raises(StaticError, match="neither a tensor nor a number nor hashable"):
        structure({1, 2})
    with pytest.raises(StaticError, match=r"'order' of Fluid is static .* but not hashable"):
        structure(Fluid(x, 1.0, order=[1]))
    with pytest.raises(StaticError, match=r"'order' of Fluid is static .* but a tensor"):
        structure(Fluid(x, 1.0, order=x))

    @dataclasses.dataclass(frozen=True)
    class Forgotten:
        density: object

    with pytest.raises(StaticError, match="Forgotten holds a tensor in 'density'"):
        structure(Forgotten(x))

    class Unknown(Tensor):
        shape = x.shape

    with pytest.raises(StaticError, match=r"layout .*Unknown does not say what its values are"):
        structure(Unknown())


def test_tree_map_and_leaves(x):
    tree = {"a": Fluid(x, 2), "b": [None, "text", 3.0], "c": Plain((x,))}
    doubled = tree_map(lambda t: t * 2, tree)
    assert doubled["a"].velocity.numpy().tolist() == [2, 4] and int(doubled["a"].density) == 4
    assert doubled["b"][:2] == [None, "text"] and float(doubled["b"][2]) == 6
    assert doubled["c"].color == "red" and tree["c"].center[0] is x
    assert [float(t.sum) for t in tree_leaves(tree)] == [3, 2, 3, 3]
    added = tree_map(lambda a, b: a + b, tree["a"], doubled["a"])
    assert added.velocity.numpy().tolist() == [3, 6]
    with pytest.raises(TypeError, match=r"Trees differ in structure: tuple with 2 parts beside list"):
        tree_map(lambda a, b: a, (x, x), [x])


def test_rebuild_keeps_objects_without_changes(x):
    fluid = Fluid(x, 1.0)
    assert rebuild(fluid, (x, fluid.density)) is fluid
    assert rebuild(Pair(1, 2), (3, 4)) == Pair(3, 4)
    assert rebuild({"a": 1}, (5,)) == {"a": 5}


def test_trees_pass_through_operations(x):
    many = math.stack([Fluid(x, 1.0), Fluid(3 * x, 2.0)], batch("b"))
    assert many.velocity.shape.get_size("b") == 2 and many.density.numpy().tolist() == [1, 2]
    assert many.name == "water"


TREES = st.recursive(
    st.one_of(st.integers(-9, 9), st.floats(-1, 1), st.booleans(), st.none(), st.text(max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.builds(Fluid, inner, inner),
    ),
    max_leaves=12,
)


def plain(value):
    """Numbers in the place of tensors."""
    if isinstance(value, Tensor):
        return value.native_array
    if isinstance(value, Fluid):
        return Fluid(plain(value.velocity), plain(value.density), value.name)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return type(value)(map(plain, value)) if isinstance(value, (list, tuple)) else value


@given(TREES)
def test_any_tree_comes_back(tree):
    assert plain(through(tree)) == plain(tree)
    assert structure(tree) == structure(tree) and hash(structure(tree)) == hash(structure(tree))


def test_hints_are_leaves():
    """Objects that annotations leave behind, e.g. in attributes of classes, pass for classes."""
    from collections.abc import Callable

    from phiml_core.tree import children

    for hint in (list[int], Callable[[int], int], int | None):
        assert children(hint) is None
    assert tree_leaves({"a": (list[int], wrap(1.0))})[0] == 1


def test_texts_of_numpy_are_static():
    """Items of string arrays look like numbers without axes."""
    name = np.array(["water", "oil"])[0]
    assert (
        tree_leaves({"name": name, "n": np.float32(2.0)})[0] == 2
        and len(tree_leaves([name, np.datetime64("2026-01-01")])) == 0
    )
    assert tree_map(lambda t: t * 2, [name, 1.0]) == ["water", 2.0]
    doubled = math.jit_compile(lambda x: x * 2 if name == "water" else x)
    assert doubled(wrap([1.0, 2.0], channel("v"))).numpy("v").tolist() == [2.0, 4.0]
