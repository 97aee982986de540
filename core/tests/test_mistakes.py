"""Mistakes that users make, and forms that they expect to work."""

import warnings

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import MixedBackends, backend
from phiml_core.math import batch, channel, instance, jit_compile, spatial, tensor
from phiml_core.shape import ShapeError


def test_groups_of_axes(everywhere):
    array = np.arange(24.0).reshape(2, 3, 4)
    x = tensor(array, batch("b"), spatial("x,y"))
    assert np.array_equal(x.numpy([batch, ("x", "y")]), array.reshape(2, 12))
    assert np.array_equal(x.numpy([spatial, batch]), array.reshape(2, 12).T)
    assert tuple(x.native([("y", "x"), "b"]).shape) == (12, 2)
    assert np.array_equal(x.numpy(["y", "b", "x"]), array.transpose(2, 0, 1))


def test_packed_dims_keep_their_type(everywhere):
    x = tensor(np.arange(6.0).reshape(2, 3), spatial("x,y"))
    assert math.pack_dims(x, "x,y", "p").shape == spatial(p=6)
    assert math.pack_dims(math.stack([x, x], batch("b")), spatial, "p").shape == batch(b=2) & spatial(p=6)
    with pytest.raises(ShapeError, match=r"several types.*instance\('p'\)"):
        math.pack_dims(math.stack([x, x], batch("b")), "b,x", "p")


def test_frameworks_do_not_mix_in_stacks(framework):
    other = {"jax": "torch", "torch": "tensorflow", "tensorflow": "jax"}[framework]
    mine = tensor([1.0, 2.0], spatial("x"))
    with backend(other):
        theirs = tensor([1.0, 2.0], spatial("x"))
    with pytest.raises(MixedBackends, match="convert"):
        math.stack([mine, theirs], batch("b"))
    assert math.stack([mine, math.wrap([1.0, 2.0], spatial("x"))], batch("b")).backend.name == framework


@pytest.mark.parametrize("run", [lambda f: f, jit_compile], ids=["eager", "compiled"])
def test_one_number_at_a_position_that_is_computed(everywhere, run):
    x = tensor(np.arange(12.0).reshape(3, 4), spatial("x,y"))
    assert float(run(lambda x, i: x[{"x": i, "y": i + 1}])(x, tensor(1))) == 6
    assert float(run(lambda x, i: x.x[-1].y[i])(x, tensor(2))) == 10
    assert float(run(lambda v, i: v.c[i])(tensor([1.0, 2.0], channel("c")), tensor(1))) == 2


def test_functions_that_go_on_after_they_returned():
    def steps(x):
        yield x

    async def later(x):
        return x

    for f in (steps, later):
        with pytest.raises(TypeError, match=f"{f.__name__} goes on after it has returned"):
            jit_compile(f)
    with pytest.raises(TypeError, match="jit_compile needs a function, not 3"):
        jit_compile(3)


def test_random_numbers_need_dims():
    with pytest.raises(TypeError, match=r"Dims are given as shapes.*not as 'x'"):
        math.random_normal("x")


def test_derivatives_through_complex_numbers_are_quiet(framework, capfd):
    z = tensor([1 + 2j, 0.5 - 1j], channel("c"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slope = math.gradient(lambda x: math.real(math.sum_(math.exp(1j * x) * z, "c")), get_output=False)(tensor(0.3))
    assert float(slope) == pytest.approx(np.real(1j * np.exp(0.3j) * (1.5 + 1j)), rel=1e-5)
    assert "casting" not in "".join(capfd.readouterr())


def test_positions_outside(everywhere):
    x = tensor([1.0, 2.0], instance("p"))
    with pytest.raises(IndexError, match=r"Position 7 lies outside dim 'p'.*from -2 to 1"):
        x.p[7]
