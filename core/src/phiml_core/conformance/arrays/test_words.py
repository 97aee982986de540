"""Each array word gives what it gives in double precision with NumPy: values, sizes, element types; eager and compiled."""

import numpy as np
import pytest

from ..bounds import bound, check_close
from ..claims import capability, claimed
from .case import arrays, narrowed, native, replaced
from .cases import ALL, CASES


def wide(args, bits):
    return bits == 64 or any(a.dtype.itemsize == 8 and a.dtype.kind in "iu" for a in args)


def expected_type(case, bits):
    """Name of the element type, or the kind alone where libraries differ and core casts."""
    result = np.asarray(case.expected())
    if case.word in ("astype", "zeros", "full", "arange"):
        return result.dtype.name
    if result.dtype.kind in "fc":
        return narrowed(result, bits).dtype.name
    return {"i": "int", "u": "uint", "b": "bool"}[result.dtype.kind]


def results_of(case, bits):
    """What it has to be, and how far a result may be off."""

    def function(*args):
        return (case.reference(*replaced(case.args[skip:], iter(args))),)

    skip = int(isinstance(case.args[0], str))
    inputs = list(arrays(case.args))
    target = (
        case.args[-1].precision if case.word in ("astype", "full") and case.args[-1].kind in (float, complex) else bits
    )
    return np.asarray(case.expected()), bound(function, inputs, min(bits, max(target, 32)), case.pointwise)[0]


def check(case, place, result, bits, what=""):
    expected, allowed = results_of(case, bits)
    label = f"{case!r}{what}"
    assert place.sizes(result) == expected.shape, label
    name, kind = place.dtype(result).name, expected_type(case, bits)
    assert name == kind or (kind in ("int", "uint") and name.startswith(("int", "uint"))), (
        f"{label}: {name}, not {kind}"
    )
    check_close(place.to_numpy(result), expected, allowed, label)


def natives(case, place, bits):
    return [native(place, narrowed(a, bits)) for a in arrays(case.args)]


def rows(cases):
    return [pytest.param(c, b, id=f"{c!r}-{b}") for c in cases for b in c.precisions]


@pytest.mark.parametrize("case, bits", rows(c for c in ALL if not c.is_complex))
def test_values(case, bits, place):
    inputs = natives(case, place, bits)
    with place.context(wide(list(arrays(case.args)), bits)):
        result = case.call(place, replaced(case.args, iter(inputs)))
    assert isinstance(result, place.array_types), type(result)
    check(case, place, result, bits)
    for x, a in zip(inputs, arrays(case.args), strict=True):  # nothing is done in place
        np.testing.assert_array_equal(place.to_numpy(x), narrowed(a, bits))


@capability("complex")
@pytest.mark.parametrize("case, bits", rows(c for c in ALL if c.is_complex))
def test_complex_values(case, bits, place):
    with claimed(place, "complex", case.word):
        with place.context(wide(list(arrays(case.args)), bits)):
            result = case.call(place, replaced(case.args, iter(natives(case, place, bits))))
        check(case, place, result, bits)


def test_python_numbers_keep_the_type(place, bits):
    """A number beside an array never widens it."""
    from phiml_core.backend import primitive

    x = native(place, narrowed(np.array([1.5, 2.5]), bits))
    with place.context(bits == 64):
        for name in ("add", "multiply", "maximum", "divide", "pow"):
            for y in (2, 2.5):
                assert place.dtype(place.bind(getattr(primitive, name))(x, y)).name == f"float{bits}", name


@pytest.mark.parametrize("family", CASES)
def test_compiled(family, place, bits):
    """All cases of a family in one program, whose sizes are fixed."""
    cases = [c for c in CASES[family] if c.fixed and bits in c.precisions]
    cases = [c for c in cases if bits == 64 or not wide(list(arrays(c.args)), bits)]
    cases = [c for c in cases if not (c.is_complex and place.inability("complex", c.word))]
    inputs = [natives(c, place, bits) for c in cases]
    counts = np.cumsum([len(i) for i in inputs])[:-1]

    def program(*flat):
        rows = np.split(np.arange(len(flat)), counts)
        return tuple(c.call(place, replaced(c.args, iter([flat[i] for i in row]))) for c, row in zip(cases, rows))

    if not cases:
        return
    with place.context(bits == 64):
        results = place.jit(program)(*[x for row in inputs for x in row])
    assert len(results) == len(cases)
    for case, result in zip(cases, results):
        check(case, place, result, bits, ", compiled")
