"""Functions of tensors give what they give on NumPy in double precision: values, shapes, types; eager, compiled, batched."""

import contextlib

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import backend_named
from phiml_core.math import batch
from phiml_core.tree import tree_leaves

from ..bounds import check_close
from ..claims import claimed
from .operation import INPUTS, arrays_of, families, inputs, leaves, limits
from .operations import OPERATIONS

NUMPY = backend_named("numpy")


def is_complex(o):
    return any(INPUTS[n][0].dtype.kind == "c" for n in o.names)


def check(o, result, bits, place, what=""):
    expected, allowed, template = limits(o, bits)
    found = leaves(result)
    assert len(found) == len(template), f"{o}{what}: {len(found)} results, expected {len(template)}"
    for i, (t, like) in enumerate(zip(found, template)):
        label = f"{o}[{i}]{what}"
        assert t.shape == like.shape, f"{label}: {t.shape}, expected {like.shape}"
        assert t.dtype is like.dtype, f"{label}: {t.dtype}, expected {like.dtype}"
        assert place.dtype(t.native(t.shape)) is t.dtype or t.backend is NUMPY, f"{label}: the array is no {t.dtype}"
        check_close(t.numpy(like.shape.names), expected[i], allowed[i], label)


@pytest.mark.parametrize("o", OPERATIONS, ids=repr)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values(o, place, bits):
    with claimed(place, "complex", o.name) if is_complex(o) else contextlib.nullcontext():
        given = inputs(o.names, place)
        result = o(given)
        for t in tree_leaves(result):
            assert t.backend is place or t.backend is NUMPY, f"{o}: a result of {t.backend}"
        check(o, result, bits, place)
        for n, t in given.items():  # nothing is done in place
            np.testing.assert_array_equal(t.numpy(t.shape.names), inputs([n], NUMPY)[n].numpy(t.shape.names))


COMPILED = families([o for o in OPERATIONS if o.fixed])


@pytest.mark.parametrize("family", COMPILED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_compiled(family, place, bits):
    """All of a family in one program, traced once whatever the values are."""
    chosen = [o for o in COMPILED[family] if not (is_complex(o) and place.inability("complex", o.name))]
    names = sorted({n for o in chosen for n in o.names})
    program = math.jit_compile(lambda given: [o(given) for o in chosen])
    for o, result in zip(chosen, program(inputs(names, place))):
        check(o, result, bits, place, ", compiled")
    if place.can_jit:
        other = {n: INPUTS[n][0][::-1].copy() for n in names if n not in "nm"}
        program(inputs(names, place, other))
    assert math.trace_count(program) == (1 if place.can_jit else 0)


@pytest.mark.parametrize("o", [o for o in OPERATIONS if o.batched], ids=repr)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_batched(o, place):
    """A batch is what its items are one by one, also if only some inputs have the batch dim."""
    if is_complex(o) and place.inability("complex", o.name):
        return
    items = [
        {n: INPUTS[n][0] if i == 0 or INPUTS[n][0].dtype.kind in "bi" else INPUTS[n][0] * 0.875 for n in o.names}
        for i in (0, 1)
    ]
    rows = [inputs(o.names, place, item) for item in items]
    together = {
        n: math.stack([r[n] for r in rows], batch("example"))
        if rows[0][n].dtype.kind in (float, complex)
        else rows[0][n]
        for n in o.names
    }
    found = leaves(o(together))
    _, allowed, _ = limits(o, 32)
    for i, row in enumerate(rows):
        parts = [p for t in found for p in ([t.example[i]] if "example" in t.shape.names else [t])]
        expected = leaves(o(row))
        assert len(parts) == len(expected)
        for j, (t, e) in enumerate(zip(parts, expected)):
            assert t.shape == e.shape and t.dtype is e.dtype, (
                f"{o}[{j}]: {t.shape} {t.dtype}, alone {e.shape} {e.dtype}"
            )
            size = float(np.max(np.abs(e.numpy(e.shape.names)), initial=0)) if e.dtype.kind in (float, complex) else 0
            check_close(
                t.numpy(e.shape.names),
                e.numpy(e.shape.names),
                4 * (np.max(allowed[j]) + 2.0**-21 * size),
                f"{o}[{j}], item {i}",
            )


def test_arrays_out(place):
    """Native arrays of both kinds in the order of dims asked for."""
    t = inputs(["t"], place)["t"]
    array = INPUTS["t"][0].astype(np.float32)
    assert isinstance(math.reshaped_native(t, ["x", "y,vector"]), place.array_types)
    np.testing.assert_array_equal(math.reshaped_numpy(t, ["x", "y,vector"]), array.transpose(1, 0, 2).reshape(4, 10))
    np.testing.assert_array_equal(place.to_numpy(t.native("vector,x,y")), array.transpose(2, 1, 0))
    assert arrays_of(t)[0].shape == (5, 4, 2)


def test_comparing(place):
    s = inputs(["s"], place)["s"]
    assert math.close(s, s + 1e-7) and not math.close(s, s + 0.1)
    math.assert_close(s, inputs(["s"], NUMPY)["s"], rel_tolerance=1e-5)
    with pytest.raises(AssertionError):
        math.assert_close(s, s + 0.1)
    assert math.is_scalar(s.sum) and not math.is_scalar(s)
