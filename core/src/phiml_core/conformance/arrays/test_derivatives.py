"""Derivatives of array words, first and second, against differences of NumPy values; eager and compiled."""

import numpy as np
import pytest

from phiml_core.backend import primitive

from ..bounds import SLOPE_ERROR, slope
from ..claims import capability, claimed
from .case import arrays, native, replaced
from .cases import ALL, CASES

MOVING = [c for c in ALL if c.moving]
ONE_EACH = list({(c.word, c.is_complex): c for c in reversed(MOVING)}.values())
"""One case of each word, for what is slow eagerly; all others are derived in one program."""


class Loss:
    """A weighted sum of the result of a case as a function of real variables: the parts of the arguments that move."""

    def __init__(self, case, place):
        self.case, self.place = case, place
        self.fixed, self.moving = [], []  # arrays in order; positions of those that move
        for i, a in enumerate(case.args):
            for x in arrays((a,)):
                if i in case.moving:
                    self.moving.append(len(self.fixed))
                self.fixed.append(x)
        self.variables = []
        for i in self.moving:
            x = self.fixed[i]
            self.variables += [x.real.copy(), x.imag.copy()] if x.dtype.kind == "c" else [x]
        result = np.asarray(case.expected())
        rng = np.random.default_rng(5)
        self.weights = [rng.uniform(0.5, 1.5, result.shape) for _ in range(1 + (result.dtype.kind == "c"))]

    def numpy(self, *variables):
        stream, full = iter(variables), list(self.fixed)
        for i in self.moving:
            full[i] = next(stream) + 1j * next(stream) if full[i].dtype.kind == "c" else next(stream)
        y = self.case.reference(*replaced(self.case.args, iter(full)))
        return sum(float((p * w).sum()) for p, w in zip((np.real(y), np.imag(y)), self.weights))

    def native(self, *variables):
        word = {n: self.place.bind(getattr(primitive, n)) for n in ("multiply", "add", "sum", "real", "imag", "astype")}
        stream, full = iter(variables), [native(self.place, x) for x in self.fixed]
        for i in self.moving:
            if self.fixed[i].dtype.kind == "c":
                dtype = self.place.dtype(full[i])
                real, imag = (word["astype"](next(stream), dtype) for _ in range(2))
                full[i] = word["add"](real, word["multiply"](imag, 1j))
            else:
                full[i] = next(stream)
        y = self.case.call(self.place, replaced(self.case.args, iter(full)))
        parts = [word["real"](y), word["imag"](y)] if len(self.weights) == 2 else [y]
        total = None
        for part, w in zip(parts, self.weights):
            term = word["sum"](word["multiply"](part, native(self.place, w)), tuple(range(w.ndim)))
            total = term if total is None else word["add"](total, term)
        return total

    def gradient(self, *variables):
        """Native derivatives by all variables."""
        _, pull_back, _ = self.place.vjp(lambda *xs: ((self.native(*xs),), ()), tuple(variables))
        one = primitive.full(self.place, (), 1.0, self.place.dtype(variables[0]))
        return tuple(pull_back((one,)))

    def natives(self):
        return [native(self.place, x) for x in self.variables]

    def directions(self, seed):
        rng = np.random.default_rng(seed)
        return [rng.uniform(-1, 1, x.shape) for x in self.variables]

    def check(self, gradient, what=""):
        """Against differences, in two directions."""
        found = [self.place.to_numpy(g) for g in gradient]
        for x, g in zip(self.variables, found, strict=True):
            assert g.shape == x.shape and g.dtype == np.float64, (
                f"{self.case!r}{what}: {g.dtype} {g.shape} for {x.shape}"
            )
        for seed in (1, 2):
            along = self.directions(seed)
            expected = slope(lambda t, v=along: self.numpy(*[x + t * d for x, d in zip(self.variables, v)]), 0.0, 1.0)
            terms = [(g * d).ravel() for g, d in zip(found, along)]
            size = sum(np.abs(t).sum() for t in terms) + abs(expected)
            off = abs(sum(t.sum() for t in terms) - expected)
            assert off <= SLOPE_ERROR * max(size, 1.0), (
                f"{self.case!r}{what}: derivative is off by {off:.2g} of {size:.2g}"
            )


def word_of(case):
    return "complex gradient" if case.is_complex else "gradient"


@capability("gradient", "complex gradient")
@pytest.mark.parametrize("case", ONE_EACH, ids=repr)
def test_first(case, place, double):
    loss = Loss(case, place)
    with claimed(place, word_of(case), case.word), place.context(True):
        loss.check(loss.gradient(*loss.natives()))


@capability("second gradient")
@pytest.mark.parametrize("case", [c for c in ONE_EACH if c.second and not c.is_complex], ids=repr)
def test_second(case, place, double):
    """The derivative of the derivative in one direction, against differences of the derivative."""
    loss = Loss(case, place)
    v = loss.directions(11)

    def along(*variables):
        multiply, add, total = (place.bind(getattr(primitive, n)) for n in ("multiply", "add", "sum"))
        terms = [
            total(multiply(g, native(place, d)), tuple(range(d.ndim))) for g, d in zip(loss.gradient(*variables), v)
        ]
        result = terms[0]
        for term in terms[1:]:
            result = add(result, term)
        return result

    with claimed(place, "second gradient", case.word), place.context(True):
        _, pull_back, _ = place.vjp(lambda *xs: ((along(*xs),), ()), tuple(loss.natives()))
        one = primitive.full(place, (), 1.0, place.dtype(loss.natives()[0]))
        found = [place.to_numpy(g) for g in pull_back((one,))]
        w = loss.directions(12)

        def first(t):
            moved = [native(place, x + t * d) for x, d in zip(loss.variables, w)]
            return sum(float((place.to_numpy(g) * d).sum()) for g, d in zip(loss.gradient(*moved), v))

        expected = slope(first, 0.0, 1.0)
        terms = [(g * d).ravel() for g, d in zip(found, w)]
        size = sum(np.abs(t).sum() for t in terms) + abs(expected)
        assert abs(sum(t.sum() for t in terms) - expected) <= SLOPE_ERROR * max(size, 1.0)


@capability("compiled gradient")
@pytest.mark.parametrize("family", [f for f in CASES if any(c.moving for c in CASES[f])])
def test_compiled(family, place, double):
    cases = [c for c in CASES[family] if c.moving and not place.inability(word_of(c), c.word)]
    cases = [c for c in cases if not place.inability("compiled gradient", c.word)]
    with claimed(place, "compiled gradient"), place.context(True):
        losses = [Loss(c, place) for c in cases or CASES[family][:1]]
        inputs = [loss.natives() for loss in losses]
        counts = np.cumsum([len(i) for i in inputs])[:-1]

        def program(*flat):
            rows = np.split(np.arange(len(flat)), counts)
            return tuple(g for loss, row in zip(losses, rows) for g in loss.gradient(*[flat[i] for i in row]))

        stream = iter(place.jit(program)(*[x for row in inputs for x in row]))
        for loss in losses:
            loss.check([next(stream) for _ in loss.variables], ", compiled")


@capability("vmap")
@pytest.mark.parametrize("case", [c for c in MOVING if not c.label.endswith("no axes")][::3], ids=repr)
def test_for_each_item(case, place):
    """The word for each item along an axis is the word of each item."""
    inputs = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in arrays(case.args)]
    if case.is_complex:
        inputs = [x.astype(np.complex64) if x.dtype.kind == "c" else x for x in inputs]
    with claimed(place, "vmap", case.word):
        items = [[x * s if x.dtype.kind in "fc" else x for x in inputs] for s in (1.0, 0.75)]
        items = [[x.astype(y.dtype) for x, y in zip(row, inputs)] for row in items]
        stacked = [native(place, np.stack(pair)) for pair in zip(*items)]

        def one(*xs):
            return (case.call(place, replaced(case.args, iter(xs))),)

        (result,) = place.vmap(one, (0,) * len(stacked))(*stacked)
        for found, row in zip(place.to_numpy(result), items):
            expected = place.to_numpy(one(*[native(place, x) for x in row])[0])
            np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)
