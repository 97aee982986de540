"""Nothing is left out: every array word and every function of tensors has a case."""

import re

import pytest

from phiml_core import math
from phiml_core.backend import primitive
from phiml_core.dispatch import words

from ..covered import COVERED, NOT_OF_ARRAYS
from ..parts import folder, packages
from .cases import ALL
from .operations import OPERATIONS

WORDS = sorted(w.__name__ for w in words() if w.__module__.startswith("phiml_core.backend.primitive"))


@pytest.mark.parametrize("name", sorted({*WORDS, *primitive.__all__}))
def test_array_word(name, place):
    """It has a case, and the backend has a method of it."""
    assert any(case.word == name for case in ALL), f"the array word {name} has no case in phiml_core.conformance.arrays"
    word = getattr(primitive, name)
    assert place.bind(word) if name not in ("zeros", "full", "arange", "random_bits") else word.resolve(type(place))


@pytest.mark.parametrize("name", math.__all__)
def test_function_of_tensors(name):
    known = {n for o in OPERATIONS for n in o.functions} | COVERED.keys() | NOT_OF_ARRAYS.keys()
    same = {n for n in math.__all__ if getattr(math, n) is getattr(math, name)}  # other names of the same function
    assert same & known, (
        f"math.{name} has no case in phiml_core.conformance: add an operation, or an entry in covered.py"
    )


@pytest.mark.parametrize("name", [name for name, file in COVERED.items() if file.partition("/")[0] in packages()])
def test_is_where_it_is_said_to_be(name):
    part, _, file = COVERED[name].partition("/")
    text = (folder(part) / file).read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", text), f"{COVERED[name]} does not mention {name}"


def test_nothing_that_is_gone_is_listed():
    assert {*COVERED, *NOT_OF_ARRAYS} - set(math.__all__) == set()
