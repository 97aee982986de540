"""Recognising the structure of trees by identity, and putting them together again."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from phiml_core.math import batch, channel, spatial, stack, tensor
from phiml_core.tree.builder import builder
from phiml_core.tree.flatten import flatten
from phiml_core.tree.recognise import recogniser


@dataclass(eq=False)
class State:
    value: Any
    label: str = "a"

    __value_attrs__ = ("value",)


class Pair(NamedTuple):
    first: Any
    second: Any


class Slotted:
    __slots__ = ("label", "value")
    __value_attrs__ = ("value",)
    __static_attrs__ = ("label",)

    def __init__(self, value, label):
        self.value, self.label = value, label


def known(*values):
    leaves = []
    structures = [flatten(v, leaves) for v in values]
    return recogniser(values, structures, leaves), leaves


X, Y = tensor([1.0, 2.0], spatial("x")), tensor([1.0, 2.0, 3.0], spatial("x"))
UNEVEN = stack([X, Y], channel(vector="x,y"))
TREES = [
    X,
    1,
    2.5,
    1j,
    (X, 2.0),
    [X, Y],
    {"a": X, "b": (Y, None)},
    State(X),
    State({"deep": [State(Y)]}),
    UNEVEN,
    "word",
    True,
]


@pytest.mark.parametrize("tree", TREES, ids=lambda t: type(t).__name__)
def test_finds_the_leaves_that_flatten_finds(tree):
    recognise, leaves = known(tree, X)
    assert recognise((tree, X)) is not None
    assert all(a is b for a, b in zip(recognise((tree, X)), leaves, strict=True))


@pytest.mark.parametrize(
    ("seen", "other"),
    [
        (X, Y),
        (X, tensor([1.0, 2.0], batch("x"))),
        (X, tensor([1, 2], spatial("x"))),
        (1, 1.0),
        (1, True),
        ((X, X), (X, X, X)),
        ((X, X), [X, X]),
        ({"a": X}, {"b": X}),
        ({"a": X, "b": X}, {"b": X, "a": X}),
        (State(X), State(Y)),
        (State(X), State(X, "b")),
        (UNEVEN, stack([Y, X], channel(vector="x,y"))),
        (UNEVEN, stack([X, Y], channel(vector="y,x"))),
        (None, X),
        ("word", "other"),
        (True, 1),
    ],
    ids=str,
)
def test_tells_other_structures_apart(seen, other):
    recognise, _ = known(seen)
    assert recognise((seen,)) is not None
    assert recognise((other,)) is None


def test_gives_up_where_it_cannot_tell():
    """A uniform stack is seen as one block, which is made anew each time."""
    blocks = stack([X, X + 1], channel(vector="x,y"))
    recognise, _ = known(blocks)
    assert recognise((blocks,)) is None


def test_equal_static_parts_that_are_other_objects_are_left_to_flatten():
    recognise, _ = known(State(X, "".join(["lo", "ng"])))
    assert recognise((State(X, "".join(["lo", "ng"])),)) is None


@pytest.mark.parametrize(
    "tree",
    [*TREES, Pair(X, (Y, "a")), Slotted(X, "b"), np.ones(3), [np.ones(3), State([X, {}])], (), []],
    ids=lambda t: type(t).__name__,
)
def test_builders_make_what_structures_make(tree):
    leaves, found, expected = [], [], []
    structure = flatten((tree, X), leaves)
    built = builder(structure)(leaves)
    assert flatten(built, found) == flatten(structure.build(iter(leaves)), expected)
    assert len(found) == len(leaves) and all(a is b for a, b in zip(found, expected, strict=True))


def test_a_builder_shares_no_container_between_results():
    leaves = []
    make = builder(flatten([State(X), {"a": X}], leaves))
    first, second = make(leaves), make(leaves)
    first[0].label = "changed"
    first[1]["a"] = None
    first.append(3)
    assert second[0].label == "a" and second[1]["a"] is not None and len(second) == 2
