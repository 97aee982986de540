"""Both precisions on JAX, in every transform and in threads, without its process-wide switch (the fixture checks that)."""

import sys
import threading
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import NoGradient
from phiml_core.backend.choose import backend
from phiml_core.backend.precision import PrecisionWarning
from phiml_core.math import batch, channel, precision, spatial, stack, tensor, wrap
from phiml_core.transform import status
from phiml_jax.trait import JAX

THIRD = 1 / 3
MODULE = sys.modules["phiml_core.backend.precision"]


def exact(value):
    """Whether 1/3 came through in double precision."""
    return abs(float(value) - THIRD) < 1e-15


def test_operations_follow_the_context():
    with precision(64):
        x = tensor([THIRD, 2.0], spatial("x"))
        assert x.dtype.name == "float64" and exact(x.x[0])
        for y in (x + 0, x * 1.0, math.sqrt(x * x), math.stack([x, x], channel("v")).v[0], math.concat([x, x], "x"),
                  math.where(x > 0, x, 0.0), math.zeros(spatial(x=2)) + x, math.pad(x, {"x": (0, 1)}, 0), x.x[::-1].x[::-1],
                  math.maximum(x, -1), math.vec(a=x, b=x).vector["a"]):  # fmt: skip
            assert y.dtype.name == "float64" and exact(y.x[0])
        assert exact(math.sum_(x) - 2.0 + 0.0) or abs(float(math.sum_(x)) - THIRD - 2) < 1e-15
    with precision(16):
        x = tensor([1.5], spatial("x"))
        assert (x * 2).dtype.name == math.sum_(x).dtype.name == math.zeros(spatial(x=2)).dtype.name == "float16"


def test_wide_data_in_a_narrow_context_is_narrowed_with_one_warning(monkeypatch):
    monkeypatch.setattr(MODULE, "_warned", False)
    data = wrap(np.array([THIRD, 1.0]), spatial("x"))
    with precision(64):
        wide = tensor(data)
    with pytest.warns(PrecisionWarning, match=r"float64 data is converted to float32.*with precision\(64\)"):
        assert (wide + 1).dtype.name == "float32"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (wide * 2).dtype.name == "float32"
    monkeypatch.setattr(MODULE, "_warned", False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", PrecisionWarning)
        for _ in range(2):
            with pytest.raises(PrecisionWarning):
                math.jit_compile(lambda x: x + 1)(data)


def check(values, adjoint=None):
    status.report("check", values > 10, {"v": values}, lambda v: ValueError("large"))
    return values


def everything(x):
    """x through every transform; equals x."""
    square = math.custom_gradient(lambda x: x * x, lambda i, o, g: (2 * g * i[0],))
    y = math.jit_compile(lambda a: check(a * 2))(x) / 2
    y = math.cond(math.sum_(y) > 0, lambda a: a, lambda a: -a, y)
    (y,) = math.fori_loop(2, lambda i, a: (a + THIRD,), (y,))
    y, _ = math.while_loop(lambda a, n: n < 2, lambda a, n: (a - THIRD, n + 1), (y, 0))
    (y,), _ = math.scan(lambda i, a: (a * THIRD,), (y,), 2, batch("t"))
    g = math.gradient(lambda a: math.sum_(square(a)), get_output=False)(y * 9)
    return stack([g / 2, g / 2], channel("v")).v[0]


def differentiable(x):
    square = math.custom_gradient(lambda x: x * x, lambda i, o, g: (g * (i[0] * THIRD) * 6,))
    (y,) = math.fori_loop(2, lambda i, a: (a * THIRD,), (x,))
    (y,), _ = math.scan(lambda i, a: (a * 3.0,), (y,), 2, batch("t"))
    return math.sum_(math.cond(math.sum_(y) > 0, lambda a: square(a), lambda a: -a, y)) / 2


@pytest.mark.parametrize("bits", [32, 64])
def test_every_transform_keeps_the_precision(bits):
    with precision(bits):
        x = tensor([THIRD, 1.0], spatial("x"))
        for f in (everything, math.jit_compile(everything)):
            y = f(x)
            assert y.dtype.name == f"float{bits}"
            np.testing.assert_allclose(y.numpy(), x.numpy(), rtol=4 * np.finfo(f"float{bits}").eps)
        for f in (math.gradient(differentiable), math.jit_compile(math.gradient(differentiable))):
            loss, g = f(x)
            assert loss.dtype.name == g.dtype.name == f"float{bits}"
            np.testing.assert_allclose(g.numpy(), x.numpy(), rtol=8 * np.finfo(f"float{bits}").eps)


@pytest.mark.parametrize("bits", [32, 64])
def test_native_transforms_of_functions_of_tensors(bits):
    def native(a):
        with precision(bits):
            return math.sum_(math.sin(wrap(a, spatial("x"))) * differentiable(wrap(a, spatial("x")))).native()

    with jax.enable_x64(bits == 64):
        a = jnp.asarray([THIRD, 1.0], f"float{bits}")
        expected = jax.grad(lambda a: jnp.sum(jnp.sin(a)) * jnp.sum(a * a) / 2)(a)
        eps = np.finfo(f"float{bits}").eps
        for g in (jax.grad(native), lambda a: jax.jit(jax.vmap(jax.grad(native)))(a[None])[0]):
            assert g(a).dtype == f"float{bits}"
            np.testing.assert_allclose(g(a), expected, rtol=16 * eps)


def test_backward_pass_outside_of_the_context():
    """The rule of a hand-written derivative keeps the precision it was made under."""
    with precision(64):
        square = math.custom_gradient(lambda x: x * x, lambda i, o, g: (g * (i[0] * 1.0) * 2,))
        with jax.enable_x64(True):
            out, pull_back = jax.vjp(lambda a: square(wrap(a, spatial("x"))).native(), jnp.asarray([THIRD]))
    with jax.enable_x64(True):
        (g,) = pull_back(jnp.ones_like(out))
    assert g.dtype == np.float64 and exact(np.asarray(g)[0] / 2)


def test_threads_with_different_precisions():
    errors, barrier = [], threading.Barrier(4)

    def work(bits):
        try:
            with precision(bits):
                x = tensor([THIRD, 1.0], spatial("x"))
                f = math.jit_compile(lambda x: differentiable(x) + math.sum_(x))
                for _ in range(10):
                    barrier.wait()
                    y = f(x)
                    assert y.dtype.name == f"float{bits}", y.dtype
                    assert jnp.ones(1).dtype == np.float32
        except BaseException as e:  # reported by the main thread
            errors.append(e)
            barrier.abort()

    def on_jax(bits):
        with backend("jax"):
            work(bits)

    threads = [threading.Thread(target=on_jax, args=(b,)) for b in (32, 64, 32, 64)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors


def test_integers_and_complex():
    big = 2**40 + 1
    x = wrap(np.array([big, 2]), spatial("x"))
    y = math.convert(x, "jax")
    assert y.dtype.name == "int64" and int(y.x[0]) == big
    assert int((y + 1).x[0]) == int(math.max_(y)) + 1 == big + 1
    f = math.jit_compile(lambda n: n * 2)
    assert int(f(y).x[0]) == int(f(x).x[0]) == 2 * big
    assert f.traces == 1
    assert math.jit_compile(lambda n: n)(3).dtype.name == "int32"
    with precision(64):
        assert math.jit_compile(lambda n: n)(big).dtype.name == "int64"
        z = tensor(np.array([THIRD + 1j]), spatial("x"))
        w = math.jit_compile(lambda z: z * (1 + 0j))(z)
        assert w.dtype.name == "complex128" and exact(math.real(w).x[0])
    z = tensor(np.array([THIRD + 1j]), spatial("x"))
    assert (z * 1j).dtype.name == "complex64" and math.real(z).dtype.name == "float32"


def test_float16_through_a_loop():
    with precision(16):
        x = tensor([1.5, 2.0], spatial("x"))
        f = math.jit_compile(lambda x: math.fori_loop(2, lambda i, v: (v * 0.5 + 1,), (x,))[0])
        assert f(x).dtype.name == "float16"
        np.testing.assert_allclose(f(x).numpy(), [1.875, 2.0])


@pytest.mark.parametrize("name", ["float64", "int64", "complex128", "float32", "bool"])
@pytest.mark.parametrize("sizes", [(), (3,), (2, 1)])
def test_callbacks_keep_the_precision_in_threads_that_have_another(name, sizes):
    """A program may be run by threads of JAX, where 64-bit types are off."""
    given = np.full(sizes, THIRD + (0.7j * THIRD if "complex" in name else 0)).astype(name)
    seen = []

    def same(a):
        seen.append(a)
        return (a,)

    with jax.enable_x64(True):
        x = jnp.asarray(given)
        program = jax.jit(lambda x: JAX.callback(same, ((sizes, JAX.dtype(x)),), (x,))[0]).lower(x).compile()
    found = program(x)
    assert found.dtype == seen[-1].dtype == np.dtype(name)
    np.testing.assert_array_equal(np.asarray(found), given)
    np.testing.assert_array_equal(seen[-1], given)


def test_callbacks_refuse_to_be_differentiated():
    def f(x):
        return JAX.callback(lambda a: (2 * a,), (((), JAX.dtype(x)),), (x,))[0]

    for bits in (32, 64):
        with jax.enable_x64(bits == 64), pytest.raises(NoGradient, match="Put custom_gradient around it"):
            jax.jit(jax.grad(f))(jnp.asarray(1.0, f"float{bits}"))


def test_constants_of_narrow_programs_are_narrow():
    """Whatever the thread has switched on: boundaries, for one, hold their numbers in double precision."""
    program = JAX.fuse(lambda x, c: x + c)
    with jax.enable_x64(True):
        found = program(jnp.ones(2, "float32"), np.array(0.5))
    assert found.dtype == "float32" and found.tolist() == [1.5, 1.5]
