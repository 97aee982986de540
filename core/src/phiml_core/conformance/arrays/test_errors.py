"""Mistakes are named where they are made, in the same words on every backend."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import Backend, MixedBackends, NoGradient
from phiml_core.math import batch, channel, instance, spatial, tensor, wrap
from phiml_core.ops.native import NotConcrete
from phiml_core.ops.scatter import OutsideGrid
from phiml_core.shape import IncompatibleShapes, ShapeError, UnknownDim
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import make_spec


class Foreign(Backend):
    """Another framework."""

    name = "foreign"
    rank = 1


@pytest.fixture
def x():
    return tensor([1.0, 2.0, 3.0], spatial("x"))


def test_two_frameworks_do_not_mix(x, place):
    if place.rank == 0:
        return  # NumPy joins any other
    other = Dense(object(), make_spec(x.shape, x.shape, Foreign(), x.dtype))
    for f in (
        lambda a, b: a + b,
        math.jit_compile(lambda a, b: a),
        math.gradient(lambda a, b: math.sum_(a)),
        lambda a, b: math.where(a > 0, a, b),
    ):
        with pytest.raises(
            MixedBackends, match=f"arrays of {place.name} and foreign|arrays of foreign and {place.name}"
        ):
            f(x, other)


def test_no_gradient(x, place):
    if place.can_differentiate:
        return
    for derivative in (math.gradient, math.value_and_gradient):
        with pytest.raises(NoGradient, match=f"{place.name} does not have"):
            derivative(lambda x: math.sum_(x**2))(x)
    with pytest.raises(NoGradient):
        math.check_gradient(lambda x: math.sum_(x**2), "x", x)


def test_positions_outside(x, place):
    with pytest.raises(IndexError, match="Position 3 lies outside dim 'x'"):
        math.gather(x, wrap([0, 3], instance("p")), "x")
    with pytest.raises(IndexError):
        x.x[3]
    with pytest.raises(OutsideGrid):
        math.scatter(x, wrap([[3]], instance("p"), channel(vector="x")), 1.0)
    with pytest.raises(TypeError, match="Indices must be integers"):
        math.gather(x, tensor([0.0, 1.0], instance("p")), "x")


def test_positions_outside_in_compiled_code(x, place):
    """They are not known there: reads are clipped, writes left out.  Never other memory."""
    if not place.can_jit:
        return
    read = math.jit_compile(lambda x, i: math.gather(x, i, "x"))
    write = math.jit_compile(lambda x, i: math.scatter(x, math.expand(i, channel(vector="x")), 9.0))
    at = tensor([0, 5, -1, -9], instance("p"))
    assert read(x, at).numpy("p").tolist() == [1, 3, 3, 1]
    assert write(x, tensor([0, 5], instance("p"))).numpy("x").tolist() == [9, 2, 3]


def test_dims(x, place):
    with pytest.raises(IncompatibleShapes):
        x + tensor([1.0, 2.0], spatial("x"))
    with pytest.raises(UnknownDim):
        math.sum_(x, "y")
    with pytest.raises(ShapeError, match="needs names for its axes"):
        wrap(place.as_array(np.zeros((2, 2), np.float32)))
    with pytest.raises(TypeError, match="axes have no names"):
        x + np.ones(3, np.float32)


def test_values_that_are_not_known_yet(x, place):
    if not place.can_jit:
        return
    for f in (lambda x: float(x.sum), lambda x: int(x.sum), lambda x: bool(x.sum > 0), lambda x: x.numpy("x")):
        with pytest.raises(NotConcrete, match=r"auxiliary_args|cond"):
            math.jit_compile(f)(x)
    with pytest.raises(TypeError, match="where"):
        math.jit_compile(lambda x: math.boolean_mask(x, "x", x > 1))(x)
    if place.can_differentiate:
        with pytest.raises(ShapeError, match="scalar loss"):
            math.gradient(lambda x: x * 2)(x)
        with pytest.raises(TypeError, match="no floating point"):
            math.gradient(lambda n: math.sum_(n * 2.0))(tensor([1, 2], batch("b")))


def test_unknown_names(x, place):
    for call, error in (
        (lambda: math.pad(x, {"x": (1, 1)}, "nonsense"), ValueError),
        (lambda: math.scatter(x, wrap([[0]], instance("p"), channel(vector="x")), 1.0, "nonsense"), ValueError),
        (lambda: math.dct(x, "x", 5), ValueError),
        (lambda: math.cast(x, "float7"), TypeError),
    ):
        with pytest.raises(error):
            call()
