"""Derivatives of functions of trees: what is returned, by what, to which order, inside of what."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import NoGradient
from phiml_core.math import batch, channel, spatial, stack, tensor

from ..claims import capability, claimed
from .values import State, close, vector


def cubes(x):
    return math.sum_(x**3)


@capability("gradient")
def test_what_is_returned(place):
    with claimed(place, "gradient"):
        x, y = vector(1, 2), vector(3, 4)
        value, grad = math.gradient(cubes)(x)
        assert float(value) == 9
        close(grad, [3, 12])
        close(math.gradient(cubes, get_output=False)(x), [3, 12])
        value, (gx, gy) = math.value_and_gradient(lambda x, y: math.sum_(x * y), "x,y")(x, y)
        close(gx, [3, 4])
        close(gy, [1, 2])
        (loss, extra), grad = math.gradient(lambda x: (cubes(x), {"twice": 2 * x}))(x)
        assert float(loss) == 9
        close(extra["twice"], [2, 4])
        close(grad, [3, 12])


@capability("gradient")
def test_trees(place):
    """Gradients are trees like the arguments; integers have none."""
    with claimed(place, "gradient"):
        tree = {"s": State(vector(1, 2), 3), "l": [tensor(2.0), vector(1)]}
        found = math.gradient(lambda t: cubes(t["s"].value) * t["l"][0], get_output=False)(tree)
        close(found["s"].value, [6, 24])
        assert found["s"].label == "s" and float(found["l"][0]) == 9 and float(found["l"][1].x[0]) == 0
        ragged = stack([vector(1, 2), vector(3)], channel(vector="x,y"))
        found = math.gradient(lambda v: math.sum_(v * v, v.shape), get_output=False)(ragged)
        close(found.vector["x"], [2, 4])
        close(found.vector["y"], [6])


@capability("gradient")
def test_batches_have_gradients_of_their_own(place):
    with claimed(place, "gradient"):
        x = tensor(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), batch("b"), spatial("x"))
        value, grad = math.gradient(cubes)(x)
        assert value.shape == batch(b=2)
        close(grad, [[3, 12], [27, 48]])
        spoiled = tensor(np.array([[1.0, 2.0], [np.nan, 4.0]], np.float32), batch("b"), spatial("x"))
        close(math.gradient(cubes, get_output=False)(spoiled).b[0], [3, 12])


@capability("second gradient")
def test_second_order(place, double):
    with claimed(place, "second gradient"):
        x = vector(1, 2)

        def slope(x):
            return math.sum_(math.gradient(cubes, get_output=False)(x) ** 2)

        close(math.gradient(slope, get_output=False)(x), 36 * np.array([1, 2.0]) ** 3, 1e-12)
        if not place.inability("compiled gradient"):
            close(math.jit_compile(math.gradient(slope, get_output=False))(x), 36 * np.array([1, 2.0]) ** 3, 1e-12)
            close(math.gradient(math.jit_compile(slope), get_output=False)(x), 36 * np.array([1, 2.0]) ** 3, 1e-12)


@capability("compiled gradient")
def test_in_all_orders_with_compilation(place):
    with claimed(place, "compiled gradient"):
        x = vector(1, 2)
        compiled = math.jit_compile(cubes)
        inside = math.jit_compile(math.gradient(cubes, get_output=False))
        both = math.jit_compile(math.gradient(lambda x: compiled(x) + cubes(x), get_output=False))
        for f, factor in ((math.gradient(compiled, get_output=False), 1), (inside, 1), (both, 2)):
            for scale in (1, 2):
                close(f(x * scale), factor * 3 * scale**2 * np.array([1, 4.0]))
        assert inside.traces == both.traces == (1 if place.can_jit else 0)


@capability("gradient")
def test_stop_gradient(place):
    with claimed(place, "gradient"):
        x = vector(1, 2)
        for f in (lambda f: f, math.jit_compile):
            g = f(math.gradient(lambda x: math.sum_(x * math.stop_gradient(x * x)), get_output=False))
            close(g(x), [1, 4])
    close(math.stop_gradient(vector(1, 2)), [1, 2])


@capability("gradient")
def test_check_gradient(place):
    with claimed(place, "gradient"):
        assert math.check_gradient(lambda x: math.sum_(math.sin(x) * x), "x", vector(0.3, 1.2)).max_error < 1e-8


@capability("while gradient")
def test_of_loops_of_unknown_length(place):
    """In compiled code: right, or a named error."""
    f = math.jit_compile(
        math.gradient(
            lambda x: math.sum_(math.while_loop(lambda x: math.max_(x) < 20, lambda x: (x * x,), (x,))[0]),
            get_output=False,
        )
    )
    with claimed(place, "while gradient"):
        close(f(vector(2, 1.5)), [8 * 2.0**7, 8 * 1.5**7])
    if place.inability("while gradient") and place.can_differentiate:
        with pytest.raises(NoGradient, match="fori_loop or iterate"):
            f(vector(2, 1.5))


@capability("gradient")
def test_of_numbers(place):
    """Python floats are differentiated by as tensors without dims."""
    with claimed(place, "gradient"):
        found = math.gradient(lambda a, x: math.sum_(a * a * x), "a", get_output=False)(3.0, vector(1, 2))
        assert abs(float(found) - 18) < 1e-5


@capability("gradient")
def test_constant_along_a_dim(place):
    """What is stored once for all items of a dim has a derivative for each of them; rules of `custom_gradient` see each as well."""
    with claimed(place, "gradient"):
        weights = vector(1, 2, 3)
        constant = math.expand(tensor(1.0), weights.shape)
        close(math.gradient(lambda x: math.sum_(x * weights), get_output=False)(constant), [1, 2, 3])
        close(math.gradient(lambda x: math.sum_(2 * x), get_output=False)(constant), [2, 2, 2])
        weighted = math.custom_gradient(lambda x: x * weights, lambda inputs, output, grad: (grad * weights,))
        twice = math.custom_gradient(lambda x: x * 2, lambda inputs, output, grad: (grad * 2,))
        for rule, total in ((weighted, 6), (twice, 6)):
            found = math.gradient(lambda x, rule=rule: math.sum_(rule(math.expand(x, weights.shape))), get_output=False)
            assert float(found(tensor(1.0))) == total
        spread = math.gradient(lambda x: math.sum_(twice(math.expand(x, weights.shape)) * weights), get_output=False)
        assert float(spread(tensor(1.0))) == 12
