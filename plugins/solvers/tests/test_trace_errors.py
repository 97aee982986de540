"""What is not linear is refused, naming the operation and the line."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, instance, spatial, tensor, wrap
from phiml_solvers.trace import MixedExamples, NotLinear, NotTraceable, structured
from traced_functions import grid, indices

NOT_LINEAR = {
    "product": lambda x: x * x,
    "power": lambda x: x**2,
    "root": lambda x: math.sqrt(x),
    "exp": lambda x: math.exp(x),
    "abs": lambda x: abs(x),
    "sign": lambda x: math.sign(x),
    "maximum": lambda x: math.maximum(x, 0),
    "clip": lambda x: math.clip(x, 0, 1),
    "the comparison >": lambda x: (x > 0) * 1.0,
    "the comparison ==": lambda x: x == 0,
    "division": lambda x: 1 / x,
    "where": lambda x: math.where(x, 1.0, 2.0),
    "the maximum": lambda x: x.max,
    "sort": lambda x: math.sort(x, "x"),
    "argmax": lambda x: math.argmax(x, "x"),
    "prod": lambda x: math.prod(x),
    "dot": lambda x: math.dot(x, "x", x, "x"),
    "conversion from float to int": lambda x: math.to_int32(x),
    "reading the values": lambda x: x * float(x.x[0].y[0]),
    "values": lambda x: x if x.x[0].y[0] else -x,
    "numpy": lambda x: wrap(x.numpy("x,y"), spatial("x,y")),
    "scatter with mode 'max'": lambda x: math.scatter(spatial(x=5, y=6), indices(), math.gather(x, indices()), "max"),
}


@pytest.mark.parametrize("name", NOT_LINEAR)
def test_operations_that_are_not_linear(name, double):
    f = NOT_LINEAR[name]
    word = {
        "product": r"product with itself \(\*\)", "power": r"power \(\*\*\)", "root": "sqrt", "division": r"division \(/\) by it",
        "where": "where", "values": "reading the values", "numpy": "reading the values", "prod": "product",
    }.get(name, name)  # fmt: skip
    with pytest.raises((NotLinear, TypeError), match=word) as error:
        structured(f, grid())
    if isinstance(error.value, NotLinear):
        assert "test_trace_errors.py, line" in str(error.value)


def test_the_line_is_the_one_at_fault(double):
    def f(x):
        y = math.laplace(x)
        return y * x  # here

    with pytest.raises(NotLinear) as error:
        structured(f, grid())
    assert f"line {f.__code__.co_firstlineno + 2}" in str(error.value)


def test_a_matrix_over_complex_numbers_does_not_conjugate(double):
    with pytest.raises(NotLinear, match="conj"):
        structured(lambda x: math.conjugate(x), math.to_complex(grid()))


def test_affine_is_not_linear(double):
    with pytest.raises(NotLinear, match="matrix_from_function"):
        structured(lambda x: x + 1, grid())
    operator, bias = math.matrix_from_function(lambda x: math.laplace(x, padding=2.0) + 1, grid())
    x = grid()
    want = math.laplace(x, padding=2.0) + 1
    assert abs(operator(x) + bias - want).max < 1e-12
    with pytest.raises(NotLinear, match="constant"):
        structured(lambda x: grid(), grid())


def test_what_cannot_be_traced_says_why(double):
    x = tensor(np.zeros((3, 4)), batch("b"), spatial("x"))
    with pytest.raises(MixedExamples, match="batch"):
        structured(lambda x: math.sum_(x, "b"), x)
    same = wrap([[0], [0]], instance("points"), channel(vector="x"))
    with pytest.raises(NotTraceable, match="several values"):
        structured(lambda v: math.scatter(spatial(x=3), same, v), wrap([1.0, 2.0], instance("points")))
    with pytest.raises(NotTraceable, match="too many"):
        structured(
            lambda x: math.spectral_scale(x, {"x": "dct2", "y": "dct2"}, 1.0),
            math.expand(wrap(1.0), spatial(x=80, y=80)),
        )


def test_traced_tensors_cannot_be_stored():
    import pickle

    with pytest.raises(TypeError, match="cannot be stored"):
        structured(lambda x: pickle.dumps(x), grid())


def test_positions_and_shapes_are_checked(double):
    x = grid()
    for f in (lambda x: x.x[7], lambda x: x[{"x": [0, 9]}]):
        with pytest.raises(IndexError, match="outside"):
            structured(f, x)
    with pytest.raises(ValueError, match="size"):
        structured(lambda x: x + math.zeros(spatial(x=4)), x)


def test_words_name_what_is_missing():
    f = math.jit_compile_linear(lambda x, k: k * math.laplace(x), auxiliary_args="k")
    x = grid()
    assert type(f.sparse_matrix(x, 2.0)).__name__ == "BoxLaplace"
    assert abs(f(x, 2.0) - 2.0 * math.laplace(x)).max < 1e-5
    assert repr(math.jit_compile_linear(f)) == repr(f)
    with pytest.raises(ValueError, match="affine"):
        math.jit_compile_linear(lambda x: x + 1.0).sparse_matrix(x)
    with pytest.raises(TypeError, match="holds a tensor"):
        math.matrix_from_function(lambda x: x, x, auxiliary_args="x")
