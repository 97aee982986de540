"""Compiled functions: what is a leaf, what is static, what causes a new trace, and what comes out."""

import dataclasses
import enum
import gc
import logging
import weakref
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import batch, channel, instance, spatial, stack, tensor, wrap
from phiml_core.ops.native import NotConcrete
from phiml_core.tensor import Stacked
from phiml_core.tree import StaticError


@dataclasses.dataclass(frozen=True)
class Plume:
    smoke: object
    inflow: object
    name: str = "plume"
    order: object = 2
    __value_attrs__ = ("smoke", "inflow")


class Sphere:
    __value_attrs__ = ("center", "radius")

    def __init__(self, center, radius):
        self.center, self.radius, self.color = center, radius, "red"


class Scheme(enum.IntEnum):
    EULER = 1
    HEUN = 2


X = spatial(x=3)


def grid(*values):
    return tensor(list(map(float, values or (1, 2, 3))), spatial("x"))


def counted(function, **kwargs):
    return math.jit_compile(function, **kwargs)


# --- leaves ---


def test_a_hundred_steps_with_new_values_are_one_trace():
    @math.jit_compile
    def step(plume, dt, obstacle):
        return Plume(plume.smoke + dt * plume.inflow * obstacle.radius, plume.inflow)

    plume = Plume(grid(), 0.1)
    smoke = np.array([1.0, 2.0, 3.0])
    for i in range(100):
        inflow, dt, radius = 0.1 + i, 0.01 * (i + 1), 1.0 + i
        plume = step(Plume(plume.smoke, inflow), dt, Sphere(wrap((0.0, i), channel("vector")), radius))
        smoke = smoke + dt * inflow * radius
    assert step.traces == math.trace_count(step) == 1
    np.testing.assert_allclose(plume.smoke.numpy(), smoke, rtol=1e-5)


@pytest.mark.parametrize("values", [(1, 2), (1.0, 2.5), (1j, 2 - 1j), (np.float64(1), np.float64(2)), (True, np.True_)])
def test_numbers(values):
    f = counted(lambda x, n: x * n)
    for n in values:
        np.testing.assert_allclose(f(grid(), n).numpy(), np.array([1, 2, 3]) * n)
    assert f.traces == (2 if isinstance(values[0], bool) else 1)  # Python's bools are static


def test_a_number_a_numpy_number_and_a_tensor_share_a_trace():
    f = counted(lambda x, dt: x * dt)
    for dt in (0.5, np.float64(0.5), wrap(0.5), tensor(0.5), wrap(np.float32(0.5))):
        np.testing.assert_allclose(f(grid(), dt).numpy(), [0.5, 1, 1.5])
    assert f.traces == 1


def test_the_second_step_has_the_structure_of_the_first():
    """Numbers and NumPy data in the state come out as arrays of JAX, which is the same to the program."""
    f = counted(lambda state: {"x": state["x"] + state["n"], "n": state["n"] * 2, "mode": state["mode"]})
    state = {"x": wrap(np.ones(3, np.float32), spatial("x")), "n": 1.0, "mode": "fast"}
    for _ in range(3):
        state = f(state)
    assert f.traces == 1
    assert state["mode"] == "fast"
    assert state["x"].numpy().tolist() == [8.0] * 3


def test_int_and_float_are_two_traces_and_keep_their_kind():
    f = counted(lambda n: n + 1)
    assert (f(1).dtype.kind, f(1.0).dtype.kind, f(2).dtype.kind) == (int, float, int)
    assert f.traces == 2
    assert f.log[1].endswith("argument n was (jax int32 ()) and is now (jax float32 ())")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (True, False, "argument a was True and is now False"),
        (None, "x", "argument a was None and is now 'x'"),
        (Scheme.EULER, Scheme.HEUN, "argument a was <Scheme.EULER: 1> and is now <Scheme.HEUN: 2>"),
        ({"p": 1.0, "q": [None]}, {"p": 2.0, "q": [True]}, "argument a['q'][0] was None and is now True"),
        ((1, 2), (1, 2, 3), "argument a was a tuple of 2 and is now a tuple of 3"),
        ({"p": 1}, {"r": 1}, "argument a was a dict of p and is now a dict of r"),
        (Plume(1.0, 1.0, order=1), Plume(2.0, 2.0, order=True), "argument a.order was 1 and is now True"),
        (Plume(1.0, 1.0), Plume(2.0, 2), "argument a.inflow was (jax float32 ()) and is now (jax int32 ())"),
        (max, min, "argument a was <built-in function max> and is now <built-in function min>"),
    ],
)
def test_static_parts_trace_again_and_say_why(first, second, message):
    f = counted(lambda x, a: x)
    f(grid(), first)
    f(grid(), first)
    assert f.log == ["trace 1 of <lambda>: first call"]
    f(grid(), second)
    assert f.traces == 2
    assert f.log[1] == f"trace 2 of <lambda>: {message}"


def test_shapes_precision_and_backend_trace_again():
    f = counted(lambda x: x * 2)
    f(grid())
    f(grid(1, 2))
    assert "argument x was (jax float32 (xˢ=3)) and is now (jax float32 (xˢ=2))" in f.log[-1]
    with math.precision(64):
        f(grid(1, 2))
    assert f.log[-1].endswith("argument x was (jax float32 (xˢ=2)) and is now (jax float64 (xˢ=2))")
    x = tensor([1, 2, 3], spatial("x"))
    f(x)
    with math.precision(64):
        f(x)
    assert f.log[-1].endswith("the precision was 32 bits and is now 64")
    with backend("numpy"):
        f(x)
    assert f.log[-1].endswith("the default backend was jax and is now numpy")
    f.forget()
    f(x)
    assert f.log[-1].endswith("first call")


def test_only_what_varies_may_be_hidden_in_objects():
    f = counted(lambda a: a)
    with pytest.raises(StaticError, match=r"neither a tensor nor a number nor hashable.*__value_attrs__"):
        f({1, 2})

    @dataclasses.dataclass(frozen=True)
    class Forgotten:
        density: object

    with pytest.raises(StaticError, match=r"Forgotten holds a tensor in 'density'.*__value_attrs__ = \('density',\)"):
        f(Forgotten(grid()))
    with pytest.raises(StaticError, match=r"'order' of Plume is static .* but a tensor"):
        f(Plume(1.0, 1.0, order=grid()))
    with pytest.raises(StaticError, match=r"'order' of Plume is static .* but not hashable"):
        f(Plume(1.0, 1.0, order=[1]))


# --- arguments ---


def test_arguments_are_known_by_their_parameter():
    @math.jit_compile
    def f(x, y=2.0, *rest, z=3.0, **more):
        return x + 10 * y + 100 * z + sum(rest) + sum(more.values())

    assert float(f(1.0, 2.0, z=3.0)) == float(f(z=3.0, y=2.0, x=1.0)) == 321
    assert f.traces == 1
    assert float(f(1.0)) == 321
    assert f.log[-1].endswith("argument y was (jax float32 ()) and is now not given")
    assert float(f(1.0, 2.0, 5.0, a=7.0)) == 333
    with pytest.raises(TypeError, match=r"f\(\) missing 1 required positional argument: 'x'"):
        f()
    with pytest.raises(TypeError, match="multiple values for argument 'x'"):
        f(1.0, x=2.0)


def test_defaults_are_constants():
    @math.jit_compile
    def power(x, n=2):
        for _ in range(n - 1):
            x = x * x
        return x

    assert float(power(3.0)) == 9


def test_positional_only_parameters():
    f = counted(lambda x, /, y=1.0: x - y)
    assert float(f(3.0, y=1.0)) == 2
    with pytest.raises(TypeError, match="positional-only"):
        f(x=3.0)


def test_auxiliary_args():
    @math.jit_compile(auxiliary_args="n, mode")
    def power(x, n, mode="up"):
        assert isinstance(n, int)
        return x**n if mode == "up" else x / n

    x = grid()
    assert power(x, 2).numpy().tolist() == [1, 4, 9]
    assert power(x, n=2).numpy().tolist() == [1, 4, 9]
    assert power.traces == 1
    assert power(x, 3).numpy().tolist() == [1, 8, 27]
    assert power.log[-1].endswith("auxiliary argument n was 2 and is now 3")
    power(x, True)  # not the trace of 1, though 1 == True
    power(x, 1)
    assert power.traces == 4
    power(x, 1, mode="down")
    assert "auxiliary argument mode was not given and is now 'down'" in power.log[-1]
    with pytest.raises(TypeError, match="auxiliary_args names m, but the parameters of power are x, n, mode"):
        math.jit_compile(power.function, auxiliary_args="m")
    with pytest.raises(StaticError, match="auxiliary argument 'n' of power holds a tensor or array"):
        power(x, wrap(2))


def test_auxiliary_args_may_be_nested():
    f = counted(lambda x, sizes: x * sum(sizes["a"]), auxiliary_args="sizes")
    for _ in range(2):
        assert f(grid(), {"a": [1, 2]}).numpy().tolist() == [3, 6, 9]
    assert f(grid(), {"a": [1, 3]}).numpy().tolist() == [4, 8, 12]
    assert f.traces == 2


class Model:
    def __init__(self, factor):
        self.factor, self.calls = factor, 0

    @math.jit_compile
    def scaled(self, x):
        return x * self.factor

    def __call__(self, x):
        return x + self.factor


def test_methods():
    a, b = Model(2.0), Model(3.0)
    before = Model.scaled.traces
    for _ in range(2):
        assert a.scaled(grid()).numpy().tolist() == [2, 4, 6]
        assert b.scaled(x=grid()).numpy().tolist() == [3, 6, 9]
    assert a.scaled.traces == before + 2
    a.calls = 7  # not read by the method
    a.scaled(grid())
    assert a.scaled.traces == before + 2
    a.factor = 5.0
    assert a.scaled(grid()).numpy().tolist() == [5, 10, 15]
    assert "the captured Model.factor has changed" in a.scaled.log[-1]


def test_bound_methods_and_callable_objects():
    model = Model(2.0)
    f = math.jit_compile(model)
    assert f(grid()).numpy().tolist() == [3, 4, 5]
    model.factor = 4.0
    assert f(grid()).numpy().tolist() == [5, 6, 7]
    assert f.traces == 2
    assert repr(f) == "<compiled Model, 2 traces>"


# --- captured values ---

_GLOBAL = 2.0
_SETTINGS = {"factor": 3.0}


def _helper(x):
    return x * _GLOBAL


def test_a_global_that_is_bound_anew(caplog):
    global _GLOBAL
    f = counted(lambda x: _helper(x))
    assert f(grid()).numpy().tolist() == [2, 4, 6]
    _GLOBAL = 5.0
    try:
        with caplog.at_level(logging.WARNING, "phiml_core"):
            assert f(grid()).numpy().tolist() == [5, 10, 15]
    finally:
        _GLOBAL = 2.0
    assert "the captured _GLOBAL has changed since it was traced; pass it as an argument" in f.log[-1]
    assert "_GLOBAL" in caplog.text


def test_captured_names_and_containers():
    factor, items, config = tensor(2.0), [1.0, 2.0], SimpleNamespace(gain=1.0, other=0)

    @math.jit_compile
    def f(x):
        return x * factor * sum(items) * _SETTINGS["factor"] * (lambda: config.gain)()

    def value():
        return float(f(tensor(1.0)))

    assert value() == 18
    assert value() == 18
    assert f.traces == 1
    config.other = 1  # not read
    assert value() == 18
    assert f.traces == 1
    factor = tensor(3.0)
    assert value() == 27
    assert "factor" in f.log[-1]
    items.append(3.0)
    assert value() == 54
    assert "items" in f.log[-1]
    _SETTINGS["factor"] = 1.0
    assert value() == 18
    config.gain = 2.0
    assert value() == 36
    assert "gain" in f.log[-1]
    assert f.traces == 5


def test_equal_numbers_are_the_same_and_attribute_names_are_no_globals():
    n = 1000.5
    f = counted(lambda x: x.factor * n)
    g = globals()
    g["factor"] = 1
    try:
        f(SimpleModel(tensor(1.0)))
        n = float("1000.5")
        g["factor"] = 2
        f(SimpleModel(tensor(1.0)))
    finally:
        del g["factor"]
    assert f.traces == 1


class SimpleModel:
    __value_attrs__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor


def test_nested_compiled_functions():
    scale = 2.0

    @math.jit_compile
    def inner(x):
        return x * scale

    @math.jit_compile
    def outer(x):
        return inner(x) + inner(x + 1)

    assert outer(grid()).numpy().tolist() == [6, 10, 14]
    scale = 3.0
    assert outer(grid()).numpy().tolist() == [9, 15, 21]
    assert outer.traces == 2


def test_compiled_functions_stay_compiled_while_they_are_differentiated():
    runs = []

    @math.jit_compile
    def step(x, k):
        runs.append(1)
        return x * k

    gradient = math.gradient(lambda x: math.sum_(step(step(x, 2.0), 3.0)), get_output=False)
    for _ in range(3):
        assert gradient(grid()).numpy().tolist() == [6, 6, 6]
    assert step.traces == len(runs) == 1
    assert math.gradient(lambda x: math.sum_(math.jit_compile(step)(x, x)), get_output=False)(
        grid()
    ).numpy().tolist() == [2, 4, 6]


def test_what_belongs_to_another_trace_is_not_kept():
    """A captured value that is being differentiated gets its derivative, and does not leak into later calls."""
    box = {}

    @math.jit_compile
    def scaled(x):
        return x * box["k"]

    def loss(k):
        box["k"] = k
        return math.sum_(scaled(grid()))

    for transform in (lambda f: f, math.jit_compile):
        for k in (2.0, 3.0):
            loss_, g = transform(math.gradient(loss))(tensor(k))
            assert (float(loss_), float(g)) == (6 * k, 6)
    box["k"] = 5.0
    assert scaled(grid()).numpy().tolist() == [5, 10, 15]


# --- errors ---


def test_an_error_while_tracing_leaves_nothing_behind():
    broken = True

    @math.jit_compile
    def f(x):
        if broken:
            raise KeyError("no")
        return x * 2

    for _ in range(2):
        with pytest.raises(KeyError):
            f(grid())
    broken = False
    assert f(grid()).numpy().tolist() == [2, 4, 6]
    assert f(grid()).numpy().tolist() == [2, 4, 6]
    assert f.traces == 3


@pytest.mark.parametrize(
    "use",
    [
        lambda n: float(n),
        lambda n: int(n),
        lambda n: bool(n),
        lambda n: complex(n),
        lambda n: 1 if n > 0 else 2,
        lambda n: range(n),
        lambda n: n.numpy(),
        lambda n: n.item(),
        lambda n: f"{n:.2f}",
    ],
)
def test_values_that_are_not_known(use):
    @math.jit_compile
    def f(x, n):
        use(n)
        return x

    with pytest.raises(NotConcrete, match="jit_compile\\(auxiliary_args='n'\\)"):
        f(grid(), 3)


def test_no_tracer_leaks():
    kept = stack([grid(), grid(4, 5, 6)], channel(vector="x,y"))
    with jax.checking_leaks():
        f = counted(lambda x, y: (math.sum(x * y.block() if isinstance(y, Stacked) else x * y), y * kept))
        f(grid(), stack([grid(), grid(7, 8, 9)], channel(vector="x,y")))
        g = counted(lambda x: math.vec_length(stack([x, 2 * x], channel("vector"))) + kept.vector[0])
        g(grid())
    assert kept.available
    np.testing.assert_allclose(kept.native("vector,x"), [[1, 2, 3], [4, 5, 6]])


def test_methods_registered_later_trace_again():
    from phiml_core.dispatch import generic

    @generic
    def word(x):
        """doubles"""
        return x * 2

    f = counted(lambda x: word(x))
    assert float(f(tensor(1.0))) == 2
    word.register((object,), lambda x: x * 3)
    assert float(f(tensor(1.0))) == 3
    assert "methods were registered since it was traced" in f.log[-1]


# --- values in and out ---


def test_outputs_of_every_kind():
    f = counted(lambda x: (x, 3, 2.5, None, "text", True, [x * 2, {"a": (x,)}], Plume(x, 1.0), Scheme.HEUN, wrap(7)))
    out = f(grid())
    assert out[1:6] == (3, 2.5, None, "text", True)
    assert [type(o) for o in out[1:6]] == [int, float, type(None), str, bool]
    assert out[6][1]["a"][0].numpy().tolist() == [1, 2, 3]
    assert isinstance(out[7], Plume) and out[7].name == "plume" and out[7].inflow == 1.0
    assert out[8] is Scheme.HEUN
    assert int(out[9]) == 7


def test_named_tuples_and_objects_without_init():
    from collections import namedtuple

    Pair = namedtuple("Pair", "a,b")
    out = counted(lambda p, s: (Pair(p.b, p.a), s))(Pair(1.0, 2.0), Sphere(grid(), 2.0))
    assert isinstance(out[0], Pair) and (float(out[0].a), float(out[0].b)) == (2, 1)
    assert isinstance(out[1], Sphere) and out[1].color == "red" and float(out[1].radius) == 2


def test_native_arrays():
    f = counted(lambda a, x: (a + 1, x * a.shape[0]))
    a = np.arange(3, dtype=np.float32)
    out, _ = f(a, grid())
    assert isinstance(out, jax.Array)
    np.testing.assert_array_equal(out, [1, 2, 3])
    f(jax.numpy.asarray(a), grid())
    assert f.traces == 1


def test_numpy_data_may_be_changed_after_the_call():
    f = counted(lambda x: x * 1)
    for _ in range(5):
        array = np.zeros(1_000_000, np.float32)
        out = f(wrap(array, spatial("x")))
        array[:] = 1
        assert float(out.max) == 0


def test_uniform_stacked_becomes_dense_and_non_uniform_stays():
    f = counted(lambda v: (type(v).__name__, v * 2))
    uniform = stack([grid(), grid(4, 5, 6)], channel(vector="x,y"))
    name, out = f(uniform)
    assert name == "Dense"
    f(tensor(np.ones((3, 2), np.float32), spatial("x"), channel(vector="x,y")))
    assert f.traces == 1
    staggered = stack([grid(), grid(4, 5)], channel(vector="x,y"))
    name, out = f(staggered)
    assert name == "Stacked" and isinstance(out, Stacked)
    assert out.vector["y"].numpy().tolist() == [8, 10]
    f(staggered + 1)
    assert f.traces == 2
    assert "argument v was" in f.log[-1] and "non-uniform" in f.log[-1]


def test_constant_dims_stay_constant():
    f = counted(lambda x: x + 1)
    x = math.expand(tensor(1.0), batch(b=1000))
    out = f(x)
    assert out.shape.get_size("b") == 1000
    assert out.native_array.shape == ()


def test_dims_in_another_order_are_another_structure_but_the_same_result():
    a = tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3), spatial("x,y"))
    b = tensor(a.native("y,x"), spatial("y,x"))
    f = counted(lambda v: v * 2)
    np.testing.assert_array_equal(f(a).native("x,y"), f(b).native("x,y"))


def test_large_numbers():
    f = counted(lambda n: n)
    with pytest.raises(OverflowError):
        f(2**40)
    with math.precision(64):
        assert int(f(2**40)) == 2**40


# --- memory ---


def test_first_arguments_are_not_kept():
    f = counted(lambda x, p: (x * 2, p))
    x = grid(1, 2, 3)
    gone = weakref.ref(x.native_array)
    p = Plume(x, 1.0)
    f(x, p)
    del x, p
    gc.collect()
    assert gone() is None


def test_captured_values_are_let_go():
    kept = grid(1, 2, 3)
    f = counted(lambda x: x * kept)
    f(grid())
    f(tensor([1.0, 2.0], instance("p")))  # a second program with the same captured value
    gone = weakref.ref(kept.native_array)
    kept = grid(4, 5, 6)
    f(grid())
    gc.collect()
    assert gone() is None


def test_programs_are_limited(monkeypatch):
    from phiml_core.transform import programs

    monkeypatch.setattr(programs, "_MANY", 3)
    f = counted(lambda x, s: x)
    for s in "abcde":
        f(grid(), s)
    assert len(f._programs) == 3
    f(grid(), "e")
    assert f.traces == 5


def test_threads_share_programs():
    from concurrent.futures import ThreadPoolExecutor

    f = counted(lambda x, n: x * n)
    f(grid(), 1.0)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: float(f(grid(), n).sum), np.arange(40.0).tolist()))
    assert results == [6 * n for n in range(40)]


def test_only_the_latest_program_is_kept_if_so_wanted():
    traced = []
    f = math.jit_compile(lambda x, mode: traced.append(mode) or x, forget_traces=True)
    for mode in ("a", "a", "b", "b", "a"):
        f(grid(), mode)
    assert traced == ["a", "b", "a"]
