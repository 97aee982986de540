"""The element type that a tensor states is that of its native array."""

import inspect
import itertools

import pytest
from phiml_core import math
from phiml_core.math import spatial, wrap
from phiml_core.ops import reduce
from phiml_core.tensor import Dense
from phiml_core.tensor.arithmetic import OPS

TENSORS = {
    "bool": wrap([True, False, True], spatial("x")),
    "int": wrap([1, 2, 3], spatial("x")),
    "float": wrap([0.25, 0.5, 1.0], spatial("x")),
    "complex": wrap([0.25j, 0.5, 1.0], spatial("x")),
}
NUMBERS = {"True": True, "2": 2, "0.5": 0.5, "0.5j": 0.5j}


def operands():
    return {name: math.cast(t, eval(name)) for name, t in TENSORS.items()} | NUMBERS


def check(result):
    assert result.native_array.dtype.name == result.dtype.name


def undefined(op, error):
    """Errors that say that an operation is not defined for these types, by the rule of the operation or by NumPy."""
    return isinstance(error, TypeError) and (op.rule in ("int", "round") or "not supported" in str(error))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", OPS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_elementwise(name, bits):
    op, tried = OPS[name], 0
    with math.precision(bits):
        for values in itertools.product(operands().items(), repeat=len(inspect.signature(op.primitive).parameters)):
            if not any(isinstance(v, Dense) for _, v in values) or (op.rule == "choose" and values[0][0] != "bool"):
                continue
            if name == "clip" and not isinstance(values[0][1], Dense):
                continue  # math.clip() with tensors as limits takes maximum and minimum
            try:
                result = op(*[v for _, v in values])
            except Exception as error:
                assert undefined(op, error), f"{name} of {', '.join(n for n, _ in values)}: {error}"
                continue
            assert result.native_array.dtype.name == result.dtype.name, [n for n, _ in values]
            tried += 1
    assert tried


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", TENSORS)
def test_reductions(name, bits):
    with math.precision(bits):
        value = operands()[name]
        for op in (reduce.SUM, reduce.PROD, reduce.MEAN, reduce.ANY, reduce.ALL):
            check(op(value))
        if name != "complex":
            for op in (reduce.MAX, reduce.MIN, lambda v: math.argmax(v, "x"), lambda v: math.sort(v, "x")):
                check(op(value))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("values", [(1.0, 0.0), (1, 0), (True, False), (1, 0.5), (1j, 0)])
def test_where_of_numbers(values, bits):
    with math.precision(bits):
        result = math.where(TENSORS["bool"], *values)
        check(result)
        assert result.numpy().tolist() == [values[0], values[1], values[0]]
