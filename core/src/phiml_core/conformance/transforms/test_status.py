"""What compiled code finds out but cannot raise comes out of it, and callbacks to NumPy go in and out."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend.dtype import dtype_named
from phiml_core.math import batch, spatial
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import make_spec
from phiml_core.transform import status

from ..claims import capability, claimed
from .values import TooLarge, checked, close, vector

BOTH = pytest.mark.parametrize("run", [lambda f: f, math.jit_compile], ids=["eager", "compiled"])
THROUGH = {
    "plain": (lambda x, limit: checked(x, limit), 2),
    "cond": (lambda x, limit: math.cond(x.x[0] > 0, lambda x: checked(x, limit), lambda x: x + checked(x.x[0], limit), x), 2),
    "while_loop": (lambda x, limit: math.while_loop(lambda v, n: n < 4, lambda v, n: (checked(v * 2, limit), n + 1), (x, 0)), 16),
    "fori_loop": (lambda x, limit: math.fori_loop(4, lambda i, v: (checked(v * 2, limit),), (x,)), 16),
    "scan": (lambda x, limit: math.scan(lambda i, v: (checked(v * 2, limit),), (x,), 4, batch("t")), 16),
    "nested": (lambda x, limit: math.jit_compile(lambda x: checked(x, limit))(x) * 2, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", THROUGH)
@BOTH
def test_failures_are_raised(name, run, place):
    f, largest = THROUGH[name]
    f = run(f)
    f(vector(1, 2), 100.0)
    with pytest.raises(TooLarge, match=f"^{largest}$"):
        f(vector(1, 2), 1.0 if largest == 2 else 8.0)
    f(vector(1, 2), 100.0)
    if run is math.jit_compile and place.can_jit:
        assert f.traces == 1


@BOTH
def test_the_first_failure_of_a_loop_counts(run, place):
    f = run(lambda x: math.fori_loop(5, lambda i, v: (checked(v * 2, 3.0),), (x,)))
    with pytest.raises(TooLarge, match=r"^4$"):
        f(vector(1, 2))


@BOTH
def test_listeners_hear_reports_that_did_not_fail(run, place):
    heard = []
    f = run(lambda x: checked(x * 2, 100.0))
    with status.listen(heard.append):
        f(vector(1, 2))
    assert [float(r.values["v"].max) for r in heard] == [4] and not heard[0].failed.any


@capability("compiled gradient")
def test_through_derivatives(place):
    """A report of the forward pass is raised where the function is differentiated."""
    with claimed(place, "compiled gradient"):
        for run in (lambda f: f, math.jit_compile):
            f = run(math.gradient(lambda x, limit: math.sum_(checked(x * x, limit)), "x", get_output=False))
            close(f(vector(1, 2), 100.0), [2, 4])
            with pytest.raises(TooLarge, match=r"^4$"):
                f(vector(1, 2), 3.0)


def call_numpy(function, x):
    """A function of one NumPy array, the same sizes and type out, called from wherever the code runs."""
    block = math.store(x)
    backend, native = block.backend, block.native(block.shape)
    like = ((tuple(block.shape.sizes), block.dtype),)
    (found,) = backend.callback(lambda a: (function(np.asarray(a)),), like, (native,))
    return Dense(found, make_spec(block.shape, block.shape, backend, block.dtype))


@capability("callback")
@BOTH
def test_callbacks(run, place, bits):
    calls = []

    def on_numpy(a):
        assert type(a) is np.ndarray
        calls.append(a.copy())
        return np.sort(a)[::-1].copy()

    f = run(lambda x: call_numpy(on_numpy, x * 2) + 1)
    with claimed(place, "callback"):
        for numbers in ((1, 3, 2), (9, 7, 8)):
            found = f(vector(*numbers))
            assert found.dtype is dtype_named(f"float{bits}")
            close(found, sorted(2 * np.array(numbers), reverse=True) + np.ones(3))
        assert [c.tolist() for c in calls[-1:]] == [[18, 14, 16]] and calls[-1].dtype == f"float{bits}"


@capability("callback")
def test_callbacks_in_loops(place):
    with claimed(place, "callback"):
        f = math.jit_compile(lambda x: math.fori_loop(3, lambda i, v: (call_numpy(lambda a: a + 1, v),), (x,))[0])
        close(f(vector(1, 2)), [4, 5])
        assert f(vector(1, 2)).shape == spatial(x=2)
