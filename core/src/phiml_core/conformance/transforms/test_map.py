"""Functions of slices, of dims of other types and of pairs; what compiled code tells while it runs; loops that are computed again."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import LeakedTensor
from phiml_core.math import batch, channel, dual, instance, spatial, tensor

from ..claims import capability, claimed
from .values import close, vector

BOTH = pytest.mark.parametrize("run", [lambda f: f, math.jit_compile], ids=["eager", "compiled"])


@BOTH
def test_slices(run, place):
    x = tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3), batch("b"), spatial("x"))
    close(run(lambda x: math.map_(lambda row: math.sum_(row) * row.x[0], x, dims="b"))(x), [0, 36])


@pytest.mark.parametrize(
    "form, dim, kind",
    [
        (math.map_s2b, spatial, "batch"),
        (math.map_i2b, instance, "batch"),
        (math.map_c2b, channel, "batch"),
        (math.map_d2b, dual, "batch"),
        (math.map_d2c, dual, "channel"),
        (math.map_c2d, channel, "dual"),
    ],
)
def test_dims_of_other_types(form, dim, kind, place):
    seen = []

    def f(x):
        seen.extend(x.shape.get_type(n) for n in x.shape.names if "n" in n)
        return x * 2

    x = tensor(np.array([1.0, 2.0], np.float32), dim("n"))
    found = form(f)(x)
    assert seen == [kind] and found.shape == x.shape
    close(found, [2, 4])


def test_named_dims_of_another_type(place):
    x = tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3), spatial("x,y"))
    close(math.map_types(lambda x: math.sum_(x), "y", batch)(x), [3, 5, 7])


def test_pairs(place):
    p = tensor(np.array([1.0, 2.0, 4.0], np.float32), instance("points"))
    found = math.map_pairs(lambda a, b: b - a, p, math.ones(instance(points=3) & dual(points=3)))
    np.testing.assert_allclose(found.numpy("points,~points"), [[0, 1, 3], [-1, 0, 2], [-3, -2, 0]])


def test_values_while_compiled_code_runs(place):
    seen = []

    @math.jit_compile
    def f(x):
        math.when_available(lambda total: seen.append(float(total)), math.sum_(x))
        return x * 2

    for i in range(3):
        f(vector(i, 1))
    assert seen == [1, 2, 3]
    assert f.traces == (1 if place.can_jit else 0)
    known, why = math.trace_check(f, vector(1, 2, 3))
    assert known is not place.can_jit and bool(why) is place.can_jit


def test_a_tensor_that_leaves_a_compiled_function(place):
    kept = []
    math.jit_compile(lambda x: kept.append(x * 3) or x)(vector(1, 2))
    if place.can_jit:
        with pytest.raises(LeakedTensor):
            float(math.sum_(kept[0] + 1))
    else:
        close(kept[0], [3, 6])


@capability("gradient")
@BOTH
def test_loops_that_are_computed_again(run, place):
    def loss(x, again):
        return math.sum_(math.fori_loop(5, lambda i, v: (math.sin(v) + 0.1 * i,), (x,), checkpoint=again)[0])

    with claimed(place, "gradient"):
        plain, again = (
            run(math.gradient(lambda x, c=c: loss(x, c), get_output=False))(vector(1, 2)) for c in (False, True)
        )
        close(again, plain.numpy("x"))
        f = math.checkpoint(lambda v: math.sin(v) * v)
        found = run(math.gradient(lambda x: math.sum_(f(x)), get_output=False))(vector(1, 2))
        close(found, [np.sin(t) + t * np.cos(t) for t in (1, 2)])
