"""`check_gradient` looks at every number of an argument: parts of complex ones, constants along dims, non-uniform tensors, trees."""

import pytest
from phiml_core import math
from phiml_core.math import channel, spatial, tensor
from phiml_core.transform import GradientMismatch


def total(value):
    return math.sum(value, value.shape)


def vector():
    return tensor([0.3, 0.7, 1.1], spatial("x"))


def test_complex_numbers(framework):
    z = vector() + 1j
    check = math.check_gradient(lambda z: total(math.real(z**3)) + total(abs(z)), None, z)
    assert len(check.places) == 6
    wrong = math.custom_gradient(lambda z: z * z, lambda inputs, y, dy: (dy * 2 * math.conjugate(inputs[0]),))
    with pytest.raises(GradientMismatch, match="3 of 6"):
        math.check_gradient(lambda z: total(math.real(wrong(z))), None, z)


def test_what_is_constant_along_a_dim(framework):
    check = math.check_gradient(lambda x: total(x * vector()), None, math.expand(tensor(1.0), spatial(x=3)))
    assert check.analytic == pytest.approx((0.3, 0.7, 1.1))


def test_non_uniform_tensors_and_trees(framework):
    rows = math.stack([vector(), vector().x[:2]], channel("y"))
    check = math.check_gradient(
        lambda t: total(math.sin(t["a"].y[0])) * t["b"] + total(t["a"].y[1]), None, {"a": rows, "b": 2.0}
    )
    assert len(check.places) == 6


def test_a_choice_of_elements(framework):
    check = math.check_gradient(lambda x: total(x**2), None, vector(), samples=2, seed=3)
    assert (
        len(check.places) == 2
        and check.analytic == math.check_gradient(lambda x: total(x**2), None, vector(), samples=2, seed=3).analytic
    )


def test_a_kink_from_one_side(framework):
    check = math.check_gradient(lambda x: total(math.maximum(x, 0)), None, vector(), one_sided=True)
    assert check.numeric == pytest.approx((1, 1, 1))
