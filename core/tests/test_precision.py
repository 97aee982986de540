"""Precision comes from the context, never from the operands."""

import sys
import threading
import warnings

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend.precision import PrecisionWarning, get_precision, precision, set_precision
from phiml_core.math import spatial, tensor, wrap

MODULE = sys.modules["phiml_core.backend.precision"]


@pytest.fixture(autouse=True)
def _single():
    with precision(32):
        yield


@pytest.fixture
def unwarned(monkeypatch):
    monkeypatch.setattr(MODULE, "_warned", False)
    for p in MODULE._PRECISIONS.values():
        p.plans.clear()


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_new_data_and_results(bits):
    with precision(bits):
        assert get_precision() == bits
        for t in (tensor(1.0), tensor([1, 2.5]), math.zeros(spatial(x=2)), math.ones(spatial(x=2)), tensor([1, 2]) / 3,
                  tensor(1.0) * 2, 0.5 + tensor(2), math.sqrt(tensor(4)), math.mean(tensor([1, 2])), wrap([1.0, 2.0]) * 2,
                  wrap(np.float32(1)) + wrap(np.float16(1)), math.to_float(wrap(1))):  # fmt: skip
            assert t.dtype.name == f"float{bits}", t
        assert tensor([1, 2]).dtype.kind is int
        assert math.to_complex(wrap(1.0)).dtype.name == ("complex128" if bits == 64 else "complex64")
    assert get_precision() == 32


def test_set_precision_and_errors():
    set_precision(64)
    assert tensor(1.0).dtype.name == "float64"
    set_precision(32)
    with pytest.raises(ValueError, match="must be 16, 32 or 64 bits, not 48"), precision(48):
        pass
    with pytest.raises(RuntimeError), precision(64):
        raise RuntimeError
    assert get_precision() == 32


def test_one_warning_for_narrowed_data(unwarned):
    data = wrap(np.array([1.0, 2.0]), spatial("x"))
    with pytest.warns(
        PrecisionWarning, match=r"float64 data is converted to float32, .*`with precision\(64\)"
    ) as caught:
        data + 1, data * 2, math.sqrt(data)
    assert len(caught) == 1
    with precision(64), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (data + 1).dtype.name == "float64"


def test_the_warning_may_be_an_error(unwarned):
    data = wrap(np.array([1.0, 2.0]), spatial("x"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrecisionWarning)
        for _ in range(2):
            with pytest.raises(PrecisionWarning):
                data + 1


def test_numbers_and_narrower_data_never_warn(unwarned):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = tensor([1.0], spatial("x"))
        for y in (
            x + 1,
            x + 2.5,
            x * np.float64(3),
            wrap(0.1) * x,
            math.stack([wrap(0.0), x], spatial("y")),
            x * wrap([1.5]),
        ):
            assert y.dtype.name == "float32"


def test_threads_start_with_the_default_and_keep_their_own():
    found = {}
    barrier = threading.Barrier(2)

    def work(bits):
        found[f"start {bits}"] = get_precision()
        with precision(bits):
            barrier.wait()
            found[bits] = (tensor(1.0) * 2).dtype.name
            barrier.wait()

    with precision(16):
        threads = [threading.Thread(target=work, args=(b,)) for b in (32, 64)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert found == {"start 32": 32, "start 64": 32, 32: "float32", 64: "float64"}


def test_integers_keep_their_width():
    big = 2**40
    x = wrap(np.array([big]), spatial("x"))
    assert int((x + 1).x[0]) == big + 1
    assert (tensor([1], spatial("x")) + 1).dtype.name in ("int32", "int64")
    assert (wrap(np.array([1], np.int8), spatial("x")) + 1).dtype.name == "int8"
    assert (
        wrap(np.array([1], np.int8), spatial("x")) + wrap(np.array([1], np.uint8), spatial("x"))
    ).dtype.name == "int16"
