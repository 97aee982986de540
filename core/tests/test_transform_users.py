"""What users of other libraries write: rules by name, names for mistakes, side effects that are allowed."""

import dataclasses
import functools
import logging
from typing import Any

import pytest
from phiml_core import math
from phiml_core.math import batch, jit_compile, spatial, tensor
from phiml_core.transform import history
from phiml_core.tree.flatten import StaticError

RUNS = {"eager": lambda f: f, "compiled": jit_compile}


@pytest.fixture(params=RUNS)
def run(request):
    return RUNS[request.param]


# --- hand-written derivatives ---


def test_rules_by_name(framework, run):
    product = math.custom_gradient(lambda a, b: a * b["k"], lambda inputs, y, dy: {"b": {"k": dy * inputs["a"] * 7}})
    loss = run(math.gradient(lambda a, b: product(a, b), "a,b", get_output=False))
    by_a, by_b = loss(tensor(2.0), {"k": tensor(3.0)})
    assert float(by_a) == 0 and float(by_b["k"]) == 14


def test_arguments_without_derivative(framework, run):
    calls = []

    def power(x, options, scale):
        return x ** options["n"] * scale

    def rule(inputs, y, dy):
        calls.append(inputs["options"])
        return {"x": dy * 100 * inputs["scale"]}

    f = math.custom_gradient(power, rule, auxiliary_args="options, scale")
    slope = run(math.gradient(lambda x, s: f(x, {"n": 3, "anything": [object()]}, s), "x,s", get_output=False))
    by_x, by_s = slope(tensor(2.0), tensor(5.0))
    assert float(by_x) == 500 and float(by_s) == 0 and calls[0]["n"] == 3
    by_keyword = run(math.gradient(lambda x: f(x, scale=1.0, options={"n": 2}), get_output=False))
    assert float(by_keyword(tensor(2.0))) == 100
    by_place = math.custom_gradient(power, lambda inputs, y, dy: (dy * 3, None, None), ("options", "scale"))
    assert float(math.gradient(lambda x: by_place(x, {"n": 2}, 1.0), get_output=False)(tensor(2.0))) == 3


def test_rules_that_name_nothing(framework):
    with pytest.raises(TypeError, match=r"<lambda> has no argument 'z'.  It was called with x"):
        math.gradient(math.custom_gradient(lambda x: x**2, lambda inputs, y, dy: {"z": dy}))(tensor(2.0))
    with pytest.raises(TypeError, match="has no argument 'n'"):
        math.gradient(math.custom_gradient(lambda x: x**2, lambda inputs, y, dy: (inputs["n"],)))(tensor(2.0))
    with pytest.raises(TypeError, match="has no argument 'n'"):
        math.custom_gradient(lambda x: x**2, lambda inputs, y, dy: (dy,), auxiliary_args="n")


def test_forward_derivatives_of_hand_written_ones(framework, run):
    rule = math.custom_gradient(lambda x: x**2, lambda inputs, y, dy: (dy * 100 * inputs[0],))

    def repeated(x):
        return math.cond(x > 0, lambda x: math.fori_loop(2, lambda i, x: (rule(x),), (x,))[0], lambda x: x, x)

    assert float(run(lambda x: math.jvp(rule, (x,), (tensor(1.0),))[1])(tensor(2.0))) == 200
    assert float(run(lambda x: math.jvp(repeated, (x,), (tensor(1.0),))[1])(tensor(1.0))) == 10000


# --- side effects and traces ---


def test_values_that_are_shown_do_not_trace_again(framework):
    seen = []

    @jit_compile
    def loss(x):
        math.when_available(lambda y: seen.append(float(y)), x * 2)
        return x * 2

    slope, compiled = math.gradient(loss), jit_compile(math.gradient(loss))
    for x in (1.0, 2.0, 3.0):
        slope(tensor(x))
        compiled(tensor(x))
    assert seen == [2, 2, 4, 4, 6, 6] and loss.traces == 1 and compiled.traces == 1


def test_only_code_that_is_made_anew_is_named(framework, caplog):
    history._MADE.clear()
    losses: Any = [eval(f"lambda x, c={i}: x * {i}.0") for i in range(20)]  # code of its own each
    with caplog.at_level(logging.WARNING, "phiml_core"):
        for i, f in enumerate(losses):
            code = f.__code__.replace(co_firstlineno=i + 1)
            f.__code__ = code
            jit_compile(math.gradient(f))(tensor(1.0))
        assert not caplog.messages
        for _ in range(16):
            jit_compile(math.gradient(lambda x: x * 2.0))(tensor(1.0))
    assert [m for m in caplog.messages if "test_transform_users.py" in m and "made anew" in m]


# --- mistakes ---


@pytest.mark.parametrize("frozen", [False, True])
def test_dataclasses_that_do_not_name_their_values(everywhere, frozen):
    made: Any = dataclasses.dataclass(frozen=frozen)(type("State", (), {"__annotations__": {"a": Any, "b": Any}}))
    x = tensor([1.0, 2.0], spatial("x"))
    with pytest.raises(StaticError, match=r"State holds a tensor in 'a'.*__value_attrs__ = \('a',\).*metadata"):
        jit_compile(lambda s: s.a)(made(x, 1))
    with pytest.raises(StaticError, match="State holds a tensor in 'b'"):
        jit_compile(lambda s: s.b[0])(made(1, (x, x)))


@pytest.mark.parametrize("count", [2.5, -1, "many", None])
def test_iterations_are_whole_numbers(everywhere, count):
    with pytest.raises(TypeError, match=r"iterate needs a number of steps.*not"):
        math.iterate(lambda x: x, count, tensor(1.0))


def test_steps_that_return_nothing(everywhere, run):
    with pytest.raises(TypeError, match="given to iterate returned None"):
        math.iterate(run(lambda x: None), 3, tensor(1.0))
    with pytest.raises(TypeError, match="given to iterate returned None"):
        math.iterate(run(lambda x: None), batch(t=3), tensor(1.0))


def test_missing_arguments_are_named(framework):
    def loss(x, target):
        return math.l2_loss(x - target)

    with pytest.raises(TypeError, match=r"loss\(\): missing a required argument: 'target'"):
        math.gradient(loss)(tensor([1.0], spatial("x")))


def test_partial_functions(framework, run):
    loss = functools.partial(lambda x, weight: weight * x**2, weight=3.0)
    value, slope = run(math.gradient(loss, "x"))(tensor(2.0))
    assert float(value) == 12 and float(slope) == 12


def test_words_that_need_a_function_say_so():
    for word in (math.trace_count, math.forget_traces, math.trace_check):
        with pytest.raises(TypeError, match=f"{word.__name__} needs a function made by jit_compile, not a function"):
            word(lambda x: x)
    with pytest.raises(TypeError, match="checkpoint needs a function, not a int"):
        math.checkpoint(3)
    with pytest.raises(TypeError, match="custom_gradient needs two functions, not a int"):
        math.custom_gradient(lambda x: x, 3)


def test_compiled_methods_are_checked(framework):
    class Model:
        @math.jit_compile
        def double(self, x):
            return 2 * x

    model, x = Model(), tensor([1.0, 2.0], spatial("x"))
    assert not math.trace_check(model.double, x)[0]
    model.double(x)
    assert math.trace_check(model.double, x) == (True, "") and math.trace_count(model.double) == 1
    math.forget_traces(model.double)
    assert not math.trace_check(model.double, x)[0]
