"""Derivatives of functions of tensors against differences of NumPy values; eager and compiled, first and second."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import backend, backend_named

from ..bounds import SLOPE_ERROR, STEP, slope
from ..claims import capability, claimed
from .operation import INPUTS, families, inputs, leaves
from .operations import OPERATIONS

NUMPY = backend_named("numpy")
MOVING = [o for o in OPERATIONS if o.moving]
REAL = [o for o in MOVING if "z" not in o.moving]


class Loss:
    """Squares and values of all results of some operations, summed, as a function of the inputs that move."""

    def __init__(self, operations, place):
        self.operations, self.place = operations, place
        self.names = sorted({n for o in operations for n in o.names})
        self.moving = sorted({n for o in operations for n in o.moving})
        self.given = {n: v for n, v in inputs(self.names, place).items() if n not in self.moving}

    def of(self, moving, given):
        total = 0.0
        for o in self.operations:
            given = {**given, **{n: v for n, v in moving.items() if n in o.moving}}
            full = {**self.constants(o, given), **given}
            for i, t in enumerate(leaves(o(full))):
                for part in [math.real(t), math.imag(t)] if t.dtype.kind is complex else [t]:
                    if part.dtype.kind is float:
                        total = total + math.sum_((0.5 + 0.03125 * i) * part * part + 0.25 * part, part.shape)
        return total

    def constants(self, o, given):
        return {n: inputs([n], self.place)[n] for n in o.names if n not in given}

    def __call__(self, moving):
        return self.of(moving, self.given)

    def numpy(self, arrays):
        with backend(NUMPY), math.precision(64):
            return float(Loss(self.operations, NUMPY)(inputs(self.moving, NUMPY, arrays)))

    def direction(self, seed):
        rng = np.random.default_rng(seed)
        found = {}
        for n in self.moving:
            array = INPUTS[n][0]
            found[n] = rng.uniform(-1, 1, array.shape) * (1 + 0j if array.dtype.kind == "c" else 1)
        return found

    def moved(self, along, t):
        return {n: INPUTS[n][0] + t * along[n] for n in self.moving}

    def check(self, gradient, what=""):
        found = {n: g.numpy(INPUTS[n][1][0].names if len(INPUTS[n][1]) == 1 else order(n)) for n, g in gradient.items()}
        for seed in (1, 2):
            along = self.direction(seed)
            expected = slope(lambda t, v=along: self.numpy(self.moved(v, t)), 0.0, 1.0)
            terms = np.concatenate([(found[n].real * along[n].real).ravel() for n in self.moving])
            size = np.abs(terms).sum() + abs(expected)
            off = abs(terms.sum() - expected)
            assert off <= SLOPE_ERROR * size, (
                f"{self.operations}{what}: the derivative is off by {off:.2g} of {size:.2g}"
            )


def order(name):
    return ",".join(n for dims in INPUTS[name][1] for n in dims.names)


def derivative(loss):
    def value(moving):
        return loss(moving)

    return math.gradient(value, get_output=False)


def blame(operations, check):
    """`check` of all operations; where it fails, of each alone, so that the message names the one that is wrong."""
    try:
        check(operations)
    except Exception:
        for o in operations if len(operations) > 1 else ():
            check([o])
        raise


def able(name, place, operations):
    """The operations that no declaration excludes; if the capability lacks altogether, the first one, to see it raise."""
    return [o for o in operations if not place.inability(name, o.name)] or operations[:1]


@capability("gradient")
@pytest.mark.parametrize("family", families(REAL))
def test_first(family, place, double):
    def check(operations):
        loss = Loss(operations, place)
        loss.check(derivative(loss)(inputs(loss.moving, place)))

    with claimed(place, "gradient"):
        blame(able("gradient", place, families(REAL)[family]), check)


@capability("gradient")
@pytest.mark.parametrize("o", REAL, ids=repr)
def test_declared_alone(o, place, double):
    """What a backend declares for one operation raises; everything else is in the other tests."""
    if place.inability("gradient", o.name) and not place.inability("gradient"):
        with claimed(place, "gradient", o.name):
            derivative(loss := Loss([o], place))(inputs(loss.moving, place))


@capability("compiled gradient")
@pytest.mark.parametrize("family", families(REAL))
def test_compiled(family, place, double):
    """In one program, whose derivatives equal those found eagerly as they equal the differences."""

    def check(operations):
        loss = Loss(operations, place)
        program = math.jit_compile(derivative(loss))
        loss.check(program(inputs(loss.moving, place)), ", compiled")
        loss.check(derivative(math.jit_compile(loss.__call__))(inputs(loss.moving, place)), ", of a compiled function")
        assert program.traces == (1 if place.can_jit else 0)

    with claimed(place, "compiled gradient"):
        blame(able("compiled gradient", place, families(REAL)[family]), check)


@capability("second gradient")
@pytest.mark.parametrize("family", families(REAL))
def test_second(family, place, double):
    """The derivative of the derivative along a direction, against differences of the derivative."""
    chosen = [o for o in families(REAL)[family] if o.second]
    if not chosen:
        return

    def check(operations):
        loss = Loss(operations, place)
        v, w = loss.direction(11), loss.direction(12)
        direction = inputs(loss.moving, place, v)

        def along(moving):
            found = derivative(loss)(moving)
            return sum(math.sum_(found[n] * direction[n], found[n].shape) for n in loss.moving)

        second = math.gradient(along, get_output=False)(inputs(loss.moving, place))
        plus, minus = (float(along(inputs(loss.moving, place, loss.moved(w, h)))) for h in (STEP, -STEP))
        expected = (plus - minus) / (2 * STEP)
        terms = np.concatenate([(second[n].numpy(order(n)) * w[n]).ravel() for n in loss.moving])
        size = np.abs(terms).sum() + abs(expected)
        off = abs(terms.sum() - expected)
        assert off <= 10 * SLOPE_ERROR * size, f"{operations}: the second derivative is off by {off:.2g} of {size:.2g}"

    with claimed(place, "second gradient"):
        blame(able("second gradient", place, chosen), check)


@capability("complex gradient")
@pytest.mark.parametrize("part", ["real", "imag"])
def test_through_complex_numbers(part, place, double):
    """Of real results by the parts of complex numbers."""

    def value(x):
        s = inputs(["s"], place)["s"]
        z = x + 1j * s if part == "real" else s + 1j * x
        parts = [z * z, math.exp(z), math.sqrt(z), z / (z + 1), math.fft(z), math.conjugate(z) * z]
        return sum(math.sum_((math.real(p) + 0.5 * math.imag(p)) ** 2) for p in parts) + math.sum_(abs(z))

    with claimed(place, "complex gradient"):
        x = inputs(["w"], place)["w"]
        found = math.gradient(value, get_output=False)(x)
        along = np.random.default_rng(0).uniform(-1, 1, (4, 5))
        plus, minus = (
            float(value(inputs(["w"], place, {"w": INPUTS["w"][0] + h * along})["w"])) for h in (STEP, -STEP)
        )
        expected = (plus - minus) / (2 * STEP)
        terms = found.numpy("x,y") * along
        assert abs(terms.sum() - expected) <= SLOPE_ERROR * (np.abs(terms).sum() + abs(expected))
