"""Quantities take part in every operation, with the right unit or an error that says what is wrong."""

import operator
import pickle

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, instance, spatial, wrap
from phiml_core.tensor import Stacked
from phiml_units import KELVIN, KILOGRAM, METRE, ONE, SECOND, Units, UnitsError, quantity

VALUES = math.cast(wrap([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], spatial("x,y")), float)
LENGTH = VALUES * METRE
TIME = wrap([2.0, 4.0], spatial("x")) * SECOND
VECTOR = math.cast(wrap([3.0, 4.0], channel(vector="x,y")), float) * METRE
MASK = VALUES > 0


def check(result, values, unit):
    """The result has the values of the same operation on plain tensors, and the unit."""
    assert type(result) is (type(values) if unit == ONE else Units)
    if unit != ONE:
        assert result.unit == unit
        assert type(result.values) is type(values)
        result = result.values
    assert (result.shape, result.dtype) == (values.shape, values.dtype)
    np.testing.assert_array_equal(result.numpy(values.shape), values.numpy(values.shape))


# --- units ---


def test_algebra_of_units():
    assert METRE * SECOND == SECOND * METRE
    assert METRE / METRE == ONE
    assert (METRE**2) ** 0.5 == METRE
    assert METRE**-1 == ONE / METRE
    assert len({METRE, METRE * SECOND / SECOND}) == 1


@pytest.mark.parametrize(
    ("unit", "text"),
    [(ONE, "1"), (METRE / SECOND**2, "m/s²"), (KILOGRAM * METRE, "kg·m"), (ONE / SECOND, "1/s"), (METRE**0.5, "m¹ᐟ²")],
)
def test_units_print(unit, text):
    assert repr(unit) == text


def test_made_by_multiplication():
    check(3.0 * METRE, wrap(3.0), METRE)
    check(VALUES * METRE, VALUES, METRE)
    check(quantity([1, 2], SECOND), wrap([1, 2]), SECOND)
    check(quantity(LENGTH, SECOND), VALUES, METRE * SECOND)
    assert quantity(VALUES, ONE) is VALUES


# --- element-wise ---


def test_metres_plus_seconds():
    with pytest.raises(
        UnitsError, match=r"Cannot compute add of m and s\.  Expected equal units\.  Convert one of them"
    ):
        LENGTH + TIME


def test_metres_plus_a_number():
    with pytest.raises(UnitsError, match="of m and plain numbers"):
        LENGTH + 1.0
    with pytest.raises(UnitsError, match="of plain numbers and m"):
        VALUES - LENGTH


def test_metres_times_seconds():
    check(LENGTH * TIME, VALUES * TIME.values, METRE * SECOND)
    check(LENGTH / TIME, VALUES / TIME.values, METRE / SECOND)
    check(LENGTH / LENGTH, VALUES / VALUES, ONE)
    check(2 / TIME, 2 / TIME.values, ONE / SECOND)


@pytest.mark.parametrize("op", [operator.add, operator.sub, math.maximum, math.minimum, operator.mod])
def test_equal_units(op):
    check(op(LENGTH, 2 * LENGTH), op(VALUES, 2 * VALUES), METRE)
    with pytest.raises(UnitsError):
        op(LENGTH, TIME)


@pytest.mark.parametrize("number", [0, 0.0, float("inf")])
def test_zero_has_every_unit(number):
    check(LENGTH + number, VALUES + number, METRE)
    check(math.maximum(number, LENGTH), math.maximum(number, VALUES), METRE)
    check(LENGTH > number, VALUES > number, ONE)


@pytest.mark.parametrize("op", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge])
def test_comparisons_are_plain(op):
    check(op(LENGTH, 2.0 * METRE), op(VALUES, 2.0), ONE)
    with pytest.raises(UnitsError):
        op(LENGTH, TIME)


@pytest.mark.parametrize("op", [abs, operator.neg, operator.pos, math.floor, math.ceil, math.round_, math.real])
def test_unit_is_kept(op):
    check(op(LENGTH), op(VALUES), METRE)


@pytest.mark.parametrize("op", [math.sign, math.is_finite, math.is_nan])
def test_unit_is_dropped(op):
    check(op(LENGTH), op(VALUES), ONE)


@pytest.mark.parametrize("op", [math.exp, math.log, math.sin, math.tanh, math.sigmoid])
def test_plain_numbers_only(op):
    with pytest.raises(UnitsError, match=r"of m.  Expected plain numbers.  Divide by a scale first"):
        op(LENGTH)
    check(op(abs(LENGTH) / (1.0 * METRE)), op(abs(VALUES) / 1.0), ONE)


def test_powers():
    check(LENGTH**2, VALUES**2, METRE**2)
    check(math.sqrt(abs(LENGTH)), math.sqrt(abs(VALUES)), METRE**0.5)
    check(math.sqrt(LENGTH * LENGTH), math.sqrt(VALUES * VALUES), METRE)
    check(LENGTH**0, VALUES**0, ONE)
    with pytest.raises(UnitsError, match="a plain number as exponent"):
        LENGTH**TIME


def test_choices():
    check(math.where(MASK, LENGTH, 2 * LENGTH), math.where(MASK, VALUES, 2 * VALUES), METRE)
    check(math.where(MASK, LENGTH, 0), math.where(MASK, VALUES, 0), METRE)
    check(math.clip(LENGTH, 0, 2.0 * METRE), math.clip(VALUES, 0, wrap(2.0)), METRE)
    check(math.arctan(LENGTH, divide_by=2.0 * METRE), math.arctan(VALUES, divide_by=wrap(2.0)), ONE)
    check(math.divide_no_nan(LENGTH, TIME), math.divide_no_nan(VALUES, TIME.values), METRE / SECOND)
    with pytest.raises(UnitsError):
        math.where(MASK, LENGTH, TIME)


# --- reductions ---


@pytest.mark.parametrize("op", [math.sum_, math.mean, math.max_, math.min_, math.std])
def test_reductions(op):
    for dims in ("x", "x,y", spatial, VALUES.shape):
        check(op(LENGTH, dims), op(VALUES, dims), METRE)


def test_other_reductions():
    check(math.prod(LENGTH, "x"), math.prod(VALUES, "x"), METRE**2)
    check(math.variance(LENGTH), math.variance(VALUES), METRE**2)
    check(math.l2_loss(LENGTH), math.l2_loss(VALUES), METRE**2)
    check(LENGTH.sum, VALUES.sum, METRE)
    check(LENGTH.x.mean, VALUES.x.mean, METRE)
    check(math.mean(LENGTH, weight=TIME), math.mean(VALUES, weight=TIME.values), METRE)
    check(math.mean(TIME, weight=LENGTH), math.mean(TIME.values, weight=VALUES), SECOND)
    check(math.sum_([LENGTH, 2 * LENGTH]), math.sum_([VALUES, 2 * VALUES]), METRE)
    with pytest.raises(UnitsError, match="any of m"):
        math.any_(LENGTH)


def test_along_one_dim():
    check(math.cumulative_sum(LENGTH, "x"), math.cumulative_sum(VALUES, "x"), METRE)
    check(math.sort(LENGTH, "y"), math.sort(VALUES, "y"), METRE)
    check(math.argmax(LENGTH, "y"), math.argmax(VALUES, "y"), ONE)
    check(math.argmin(LENGTH, "y"), math.argmin(VALUES, "y"), ONE)


# --- structure ---

INDICES = wrap([1, 0, 1], instance("points"))
STRUCTURE = {
    "rename": lambda t: math.rename_dims(t, "x", batch("b")),
    "axis rename": lambda t: t.x.rename("z"),
    "axis type": lambda t: t.x.as_batch(),
    "expand": lambda t: math.expand(t, batch(b=2)),
    "store": lambda t: math.store(math.expand(t, batch(b=2))),
    "flip": lambda t: math.flip(t, "y"),
    "roll": lambda t: math.roll(t, {"y": 1}),
    "item": lambda t: t.x[1],
    "slice": lambda t: t.y[::-2],
    "several": lambda t: t.y[[2, 0]],
    "dict": lambda t: t[{"x": 0, "y": slice(1, 3)}],
    "mask": lambda t: t.y[wrap([True, False, True], spatial("y"))],
    "boolean mask": lambda t: math.boolean_mask(t, "y", wrap([True, False, True], spatial("y"))),
    "positions": lambda t: t.y[wrap([1, 0], instance("points"))],
    "gather": lambda t: math.gather(t, INDICES, "x"),
    "pack": lambda t: math.pack_dims(t, "x,y", instance("points")),
    "unpack": lambda t: math.unpack_dim(t, "y", spatial(a=3, b=1)),
    "unstack": lambda t: math.unstack(t, "x")[1],
    "stack": lambda t: math.stack([t, 2 * t], channel("c")),
    "stack item names": lambda t: math.stack({"a": t, "b": 2 * t}, channel("c")),
    "stack expanded": lambda t: math.stack([t, t.x[0]], batch("b"), expand_values=True),
    "concat": lambda t: math.concat([t, t.x[:1]], "x"),
    "concat expanded": lambda t: math.concat([t, t.x[0]], "x", expand_values=True),
    "pad zero": lambda t: math.pad(t, {"x": (1, 2)}),
    "pad edge": lambda t: math.pad(t, {"x": (1, 0), "y": (0, -1)}, "zero-gradient"),
    "pad periodic": lambda t: math.pad(t, 1, "periodic"),
    "cast": lambda t: math.cast(t, int),
    "convert": lambda t: math.convert(t, "numpy"),
    "wrap": lambda t: math.wrap(t),
    "vec": lambda t: math.vec(x=t, y=t),
    "non-uniform": lambda t: math.stack([t.y[:2], t], batch("b")),
    "stop": lambda t: math.stop_gradient(t),
    "zeros_like": lambda t: math.zeros_like(t),
    "linspace": lambda t: math.linspace(t.x[0].y[0], t.x[0].y[2], spatial(z=5)),
    "interpolate": lambda t: math.grid_sample(t, math.vec(x=0.25, y=wrap([0.5, 9.0], instance("p"))), "zero-gradient"),
    "fourier": lambda t: math.fft(t, "y"),
    "cosine": lambda t: math.dct(t),
    "spectrum": lambda t: math.spectral_scale(t, {"y": "dct2"}, wrap([1.0, 0.5, 0.25], spatial("y"))),
    "scatter": lambda t: math.scatter(t.x[0], INDICES, t.x[1].y[0], "add"),
    "scatter to shape": lambda t: math.scatter(spatial(z=4), INDICES, t.x[0].y[0], "max"),
}  # fmt: skip


@pytest.mark.parametrize("name", STRUCTURE)
def test_structure(name):
    op = STRUCTURE[name]
    result, expected = op(LENGTH), op(VALUES)
    if expected.shape.is_uniform:
        check(result, expected, METRE)
        return
    assert isinstance(result, Units)
    assert isinstance(result.values, Stacked)
    for a, b in zip(result.b, expected.b, strict=True):
        check(a, b, METRE)


def test_structure_of_unequal_units():
    for join in (lambda: math.stack([LENGTH, TIME], batch("b")), lambda: math.concat([LENGTH, VALUES * SECOND], "x")):
        with pytest.raises(UnitsError, match="of m and s"):
            join()


def test_pad_with_a_quantity():
    check(math.pad(LENGTH, {"x": (1, 0)}, 5.0 * METRE), math.pad(VALUES, {"x": (1, 0)}, wrap(5.0)), METRE)
    place = math.vec(x=-0.5, y=0.0)
    check(math.grid_sample(LENGTH, place, 5.0 * METRE), math.grid_sample(VALUES, place, wrap(5.0)), METRE)
    with pytest.raises(UnitsError, match="pad of m and s"):
        math.pad(LENGTH, {"x": (1, 0)}, 5.0 * SECOND)


# --- products of vectors ---


def test_contractions():
    v, plain = VECTOR, VECTOR.values
    check(math.dot(v, "vector", v, "vector"), math.dot(plain, "vector", plain, "vector"), METRE**2)
    check(math.dot(LENGTH, "x", TIME, "x"), math.dot(VALUES, "x", TIME.values, "x"), METRE * SECOND)
    check(math.dot(VALUES, "x", TIME, "x"), math.dot(VALUES, "x", TIME.values, "x"), SECOND)
    check(math.vec_squared(v), math.vec_squared(plain), METRE**2)
    check(math.vec_length(v), math.vec_length(plain), METRE)
    check(math.vec_normalize(v), math.vec_normalize(plain), ONE)
    check(math.cross_product(v, 2 * v), math.cross_product(plain, 2 * plain), METRE**2)
    check(math.rotate_vector(v, 0.5), math.rotate_vector(plain, 0.5), METRE)


def test_derivatives_along_space():
    slope = math.spatial_gradient(VALUES, 2.0)
    check(math.spatial_gradient(LENGTH, 2.0 * SECOND), slope, METRE / SECOND)
    check(math.laplace(LENGTH, 2.0 * METRE), math.laplace(VALUES, 2.0), ONE / METRE)
    check(math.median(LENGTH, "y"), math.median(VALUES, "y"), METRE)


# --- looking at quantities ---


def test_repr():
    assert repr(2.5 * METRE / (1.0 * SECOND)) == "2.5 m/s"
    assert repr(VECTOR) == "(x=3.0, y=4.0) m"
    assert repr(LENGTH).endswith("m")
    assert f"{VECTOR}" == repr(VECTOR)


def test_numbers_are_not_handed_out_without_unit():
    for read in (lambda: LENGTH.numpy("x,y"), lambda: float(3.0 * METRE), lambda: LENGTH.native("x,y")):
        with pytest.raises(TypeError, match=r"A Units tensor is no single native array\.  Take its values first"):
            read()
    assert bool(3.0 * METRE > 2.0 * METRE)


def test_attributes():
    assert LENGTH.shape == VALUES.shape
    assert LENGTH.dtype == VALUES.dtype
    assert LENGTH.backend is VALUES.backend
    assert LENGTH.available
    assert LENGTH.device == VALUES.device
    assert LENGTH.x.size == 2


def test_pickle():
    check(pickle.loads(pickle.dumps(LENGTH)), VALUES, METRE)


def test_pressure_of_an_ideal_gas():
    joule = KILOGRAM * METRE**2 / SECOND**2
    pressure = 2.0 * (joule / KELVIN) * (300.0 * KELVIN) / (0.5 * METRE**3)
    check(pressure, math.cast(1200.0, float), KILOGRAM / METRE / SECOND**2)
