"""Tensors in f-strings."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, jit_compile, spatial, tensor, vec, wrap

ROW = wrap([1.0, 2.0, 3.5], spatial("x"))
GRID = wrap([[1, 2], [3, 4]], spatial("y,x"))


@pytest.mark.parametrize(
    "value, spec, text",
    [
        (wrap(3.14159), ".2f", "3.14"),
        (wrap(7), "03d", "007"),
        (ROW, "", "(1.0, 2.0, 3.5) along (xˢ=3)"),
        (ROW, ".2f", "(1.00, 2.00, 3.50) along (xˢ=3)"),
        (ROW, "full:no-shape", "1.0  2.0  3.5"),
        (ROW, "row:dtype:no-shape", "(1.0, 2.0, 3.5) float64"),
        (ROW, "summary:no-dtype", "(xˢ=3) 1.0 … 3.5, mean 2.167"),
        (ROW, "summary:no-shape:no-dtype:.1f", "1.0 … 3.5, mean 2.2"),
        (ROW, "numpy:no-dtype", "[1.  2.  3.5]"),
        (ROW, "no-shape:no-dtype:color", "\x1b[94m(1.0, 2.0, 3.5)\x1b[0m"),
        (vec(x=1, y=2), ".1f", "(x=1.0, y=2.0)"),
        (GRID, "full", "3  4\n1  2 along (yˢ=2, xˢ=2)"),
        (GRID, "row:no-shape", "(1, 2); (3, 4)"),
        (math.stack([GRID, -GRID], batch("b")), "full:no-shape", "(b=0)\n3  4\n1  2\n(b=1)\n-3  -4\n-1  -2"),
        (math.stack({"u": GRID}, channel("c")), "full:no-shape", "(c=u)\n3  4\n1  2"),
        (wrap([True, False]), ".2f:no-shape", "(True, False)"),
        (wrap([], spatial("x")), "full", "(xˢ=0) float64 empty"),
    ],
)
def test_formats(value, spec, text):
    found = format(value, spec)
    assert found == text if "dtype" in spec or "float64" in text else found.removesuffix(" float64") == text


def test_formats_of_arrays_of_backends(everywhere):
    assert f"{tensor(np.float32([1, 2]), spatial('x')):full:.1f}" == "1.0  2.0 along (xˢ=2)"


def test_format_of_a_traced_tensor(framework):
    seen = []
    jit_compile(lambda x: seen.append(f"{x:full}"))(tensor([1.0, 2.0], spatial("x")))
    assert seen[0].startswith("(xˢ=2) traced by")


def test_bad_number_format():
    with pytest.raises(ValueError, match="format"):
        f"{ROW:nonsense}"


def test_tensors_do_not_change():
    with pytest.raises(TypeError, match=r"Tensors do not change.*where\(mask"):
        ROW.x[0] = 1
    with pytest.raises(TypeError, match="Tensors do not change"):
        ROW[{"x": 0}] = 1


def test_products_along_named_dims(everywhere):
    v, w = tensor([1.0, 2.0], channel("vector")), tensor([3.0, 4.0], channel("c"))
    assert (v.vector @ w.c).item() == 11 and (v.vector @ v.vector).item() == 5
    with pytest.raises(TypeError, match="unsupported operand"):
        v.vector @ 2


def test_attributes(everywhere):
    x = tensor([1 + 2j, 3 - 1j], channel("c"))
    assert x.real.numpy().tolist() == [1, 3] and x.imag.numpy().tolist() == [2, -1]
    assert tensor([1.0, 3.0], spatial("x")).std.item() == 1 and tensor([1.0, 3.0], batch("b")).b.std.item() == 1
    assert x.c.as_batch("b").shape == batch(b=2) and [t.item() for t in x.real.c.unstack()] == [1, 3]
