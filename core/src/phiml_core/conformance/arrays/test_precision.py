"""The precision comes from the context, on every backend."""

import importlib
import threading

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import PrecisionWarning
from phiml_core.math import channel, spatial, tensor, wrap

from ..claims import capability, claimed

NAMES = {32: ("float32", "complex64", "int32"), 64: ("float64", "complex128", "int64")}


def results(x, n):
    return {
        "float": [
            x + 1,
            x * x,
            math.sqrt(n),
            n / 2,
            x.sum,
            x.mean,
            math.sin(x),
            math.where(x > 1, x, 0.0),
            math.to_float(n),
        ],
        "complex": [math.to_complex(x), math.fft(x), x * 1j],
        "int": [math.cast(x, int), math.argmax(x, "x"), math.sum_(x > 1), math.arange(spatial("x"), 3)],
    }


def test_of_results(place, bits):
    found = results(tensor([1.0, 2.0], spatial("x")), tensor([1, 2], spatial("x")))
    for kind, name in zip(("float", "complex", "int"), NAMES[bits]):
        if kind == "complex" and place.inability("complex"):
            continue
        for i, t in enumerate(found[kind]):
            assert t.dtype.name == name == place.dtype(t.native(t.shape)).name, f"{kind} {i}: {t.dtype}"
    made = [
        math.zeros(spatial(x=2)),
        math.ones(spatial(x=2)),
        math.full(spatial(x=2), 0.5),
        math.linspace(0, 1, spatial(x=3)),
    ]
    assert {t.dtype.name for t in (*made, math.random_normal(spatial(x=2), key=math.random_key(0)))} == {f"float{bits}"}


def test_changes_with_the_context(place):
    x = tensor([1.0, 2.0], spatial("x"))
    with math.precision(64):
        y = x + 1
        assert y.dtype.name == "float64" and math.get_precision() == 64
        assert (x + 1).sum.dtype.name == "float64"
    assert math.get_precision() == 32 and (x + 1).dtype.name == "float32"
    f = math.jit_compile(lambda x: x / 3)
    with math.precision(64):
        assert f(x).dtype.name == "float64" and abs(float(f(x).x[0]) - 1 / 3) < 1e-16
    assert f(x).dtype.name == "float32"
    assert f.traces == (2 if place.can_jit else 0)


def test_of_constants_in_double_precision(place, double):
    """No digit is lost on the way: not of numbers, not of NumPy constants, not in compiled code."""
    third = wrap(np.array([1 / 3, 2 / 3]), spatial("x"))
    x = tensor([1.0, 2.0], spatial("x"))
    for f in (lambda x: x * third, lambda x: x * (1 / 3), lambda x: x / 3, lambda x: math.exp(x) ** 0.1):
        exact = f(wrap(np.array([1.0, 2.0]), spatial("x"))).numpy("x")
        for run in (f, math.jit_compile(f)):
            np.testing.assert_allclose(run(x).numpy("x"), exact, rtol=1e-15)


def test_double_data_in_single_precision_is_converted(place, monkeypatch):
    monkeypatch.setattr(importlib.import_module("phiml_core.backend.precision"), "_warned", False)
    with math.precision(64):
        x = tensor([1.0, 2.0], spatial("x"))
    with pytest.warns(PrecisionWarning, match="converted to float32"):
        y = x + 1.25
    assert y.dtype.name == "float32" and y.numpy("x").tolist() == [2.25, 3.25]


@pytest.mark.filterwarnings("ignore::phiml_core.backend.PrecisionWarning")
def test_both_at_once(place):
    """Threads compute in a precision of their own."""
    found = {}
    f = math.jit_compile(lambda x: math.sum_(x / 3))

    def work(i, bits):
        with math.backend(place):
            math.set_precision(bits)
            x = tensor([1.0, 2.0], spatial("x"))
            found[i] = [(f(x).dtype.name, (x / 3).dtype.name, math.zeros(channel(c=1)).dtype.name) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(i, 32 if i % 2 else 64)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for i, names in found.items():
        assert set(names) == {("float32" if i % 2 else "float64",) * 3}
    assert len(found) == 4


@capability("float16")
def test_half_precision(place):
    with claimed(place, "float16"), math.precision(16):
        x = tensor(np.array([0.5, 1.5, -2.0], np.float16), spatial("x"))
        found = [x + 1, x * x, math.sqrt(abs(x)), math.sum_(x), math.max_(x), math.stack([x, x], channel("c")) * 2]
        for f in (lambda x: math.exp(x), math.jit_compile(math.exp)):
            found.append(f(x))
        assert {t.dtype.name for t in found} == {"float16"}
        np.testing.assert_allclose(found[-1].numpy("x"), np.exp([0.5, 1.5, -2.0]), rtol=4e-3)
