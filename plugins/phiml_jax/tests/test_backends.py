"""Choosing, mixing and converting between NumPy and JAX, and JAX's own transforms over functions of tensors."""

import subprocess
import sys
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend, choose, use
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import (
    BackendNotInstalled,
    MixedBackends,
    backend_named,
    default_backend,
    join,
    unregister_backend,
)
from phiml_core.math import channel, convert, precision, spatial, stack, tensor, wrap
from phiml_core.ops.native import NotConcrete


def ints(name):
    with backend(name):
        return tensor([1, 2, 3], spatial("x"))


def test_default_for_new_data():
    assert tensor([1.0]).backend.name == math.zeros(spatial(x=2)).backend.name == "jax"
    assert wrap([1.0]).backend.name == "numpy"
    with backend("numpy") as chosen:
        assert chosen.name == default_backend().name == tensor(1.0).backend.name == "numpy"
        with backend("jax"):
            assert math.ones(spatial(x=2)).backend.name == "jax"
        assert math.ones(spatial(x=2)).backend.name == "numpy"
    assert default_backend().name == "jax"


def test_use_holds_for_all_threads():
    code = (
        "import threading\nfrom phiml_core.math import use, tensor\nuse('jax')\nfound = []\n"
        "t = threading.Thread(target=lambda: found.append(tensor(1.0).backend.name)); t.start(); t.join()\n"
        "assert found == ['jax'] and tensor(1.0).backend.name == 'jax'\n"
        "assert use('numpy').name == 'numpy' and tensor(1.0).backend.name == 'numpy'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_jax_is_imported_only_when_asked_for():
    code = "import sys\nfrom phiml_core import math\nmath.zeros(math.spatial(x=2)) + 1\nassert 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_not_installed(monkeypatch):
    monkeypatch.setattr(choose, "_BACKENDS", {n: b for n, b in choose._BACKENDS.items() if n != "torch"})
    monkeypatch.setattr(choose, "_load", lambda name: False)  # as on a machine without that plugin
    with pytest.raises(BackendNotInstalled, match="pip install phiml-torch"):
        use("torch")
    with pytest.raises(BackendNotInstalled, match="'nonsense' is not installed"):
        backend_named("nonsense")
    assert default_backend().name == "jax"


def test_constants_join_jax():
    x = tensor([1.0, 2.0], spatial("x"))
    for y in (x + np.float32(1), x + np.float64(1), np.float32(1) + x, x + 1, x + wrap([1.0, 1.0], spatial("x")),
              x + jnp.float32(1), jnp.float32(1) + x, x + np.ones((), np.float32), x + wrap(1)):  # fmt: skip
        assert y.backend.name == "jax" and y.dtype.name == "float32" and y.numpy().tolist() == [2, 3]
    y = wrap([1.0, 2.0], spatial("x")) + jnp.float32(1)
    assert y.backend.name == "jax"


def test_native_arrays_with_axes_do_not_mix_silently():
    x = tensor([1.0, 2.0], spatial("x"))
    for other in (np.ones(2, np.float32), jnp.ones(2)):
        for combine in (lambda a, b: a + b, lambda a, b: b + a, lambda a, b: b * a):
            with pytest.raises(TypeError, match=r"axes have no names.*wrap\(array, spatial"):
                combine(x, other)


class Other(Backend):
    rank = 1

    def __init__(self, name):
        self.name = name


def test_two_frameworks_do_not_mix():
    a, b, numpy = Other("a"), Other("b"), backend_named("numpy")
    assert join(numpy, a, numpy) is a and join(a, numpy) is a and join(a, a) is a
    with pytest.raises(
        MixedBackends, match=r"arrays of a and b.*never moved between frameworks silently.*convert\(t, 'a'\)"
    ):
        join(a, numpy, b)
    unregister_backend("never registered")


def test_transforms_refuse_mixtures():
    from phiml_core.tensor.dense import Dense
    from phiml_core.tensor.spec import make_spec

    x = tensor([1.0, 2.0], spatial("x"))
    foreign = Dense(object(), make_spec(x.shape, x.shape, Other("other"), x.dtype))
    for f in (math.jit_compile(lambda a, b: a), math.gradient(lambda a, b: math.sum_(a)), lambda a, b: a + b):
        with pytest.raises(MixedBackends):
            f(x, foreign)


# --- conversion ---


def test_conversion_by_dlpack():
    x = tensor(np.arange(6, dtype=np.float32).reshape(2, 3), spatial("x,y"))
    n = convert(x, "numpy")
    assert n.backend.name == "numpy" and n.native("x,y").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert not n.native_array.flags.writeable  # the memory of an immutable array
    assert n.native_array.ctypes.data == x.native_array.unsafe_buffer_pointer()
    back = convert(n, "jax")
    assert back.backend.name == "jax" and back.native("x,y").tolist() == n.native("x,y").tolist()
    assert convert(x, "jax") is x
    with backend("numpy"):
        assert convert({"a": [x, 1]})["a"][0].backend.name == "numpy"


def test_converted_data_of_numpy_are_copies_or_views_of_one_memory():
    """JAX takes over aligned NumPy memory as it is, which `convert` documents: to change the array later, convert a copy."""
    array = np.arange(1024, dtype=np.float32)
    x = convert(wrap(array, spatial("x")), "jax")
    aliased = x.native_array.unsafe_buffer_pointer() == array.ctypes.data
    array[0] = 7
    assert float(x.x[0]) == (7 if aliased else 0)
    strided = wrap(np.arange(10, dtype=np.float32)[::2], spatial("x"))
    assert convert(strided, "jax").numpy().tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]
)
def test_conversion_keeps_types(dtype):
    array = np.array([1, 0, 1]).astype(dtype)
    x = convert(wrap(array, spatial("x")), "jax")
    assert x.dtype.name == dtype and str(x.native_array.dtype) == dtype
    n = convert(x, "numpy")
    assert n.dtype.name == dtype and n.numpy().tolist() == array.tolist()


def test_tensor_copies_arrays_that_change_later():
    for _ in range(3):
        array = np.zeros(2_000_000, np.float32)
        x = tensor(array, spatial("x"))
        array[:] = 1
        assert float(math.max_(x)) == 0


def test_stacked_and_non_uniform_conversion():
    v = stack([tensor([1.0, 2.0], spatial("x")), tensor([3.0], spatial("x"))], channel(vector="x,y"))
    n = convert(v, "numpy")
    assert n.backend.name == "numpy" and n.vector["y"].numpy().tolist() == [3]


def test_devices():
    jax_backend = backend_named("jax")
    x = tensor([1.0], spatial("x"))
    assert x.device in jax_backend.devices()
    moved = jax_backend.to_device(x.native_array, jax_backend.devices()[0])
    assert moved.tolist() == [1.0]
    with pytest.raises(ValueError, match=r"JAX has no device 'tpu:9'.  Its devices are"):
        jax_backend.to_device(x.native_array, "tpu:9")
    with pytest.raises(ValueError, match="numpy has no device 'gpu'"):
        backend_named("numpy").to_device(np.ones(1), "gpu")
    devices = []
    math.jit_compile(lambda x: devices.append(x.device) or x)(x)
    assert devices == ["traced"]


def test_pickle():
    import pickle

    x = tensor(np.ones((2, 3), np.float32), spatial("x,y"))
    y = pickle.loads(pickle.dumps(x))
    assert y.backend.name == "jax" and y.spec is x.spec and y.native("x,y").tolist() == [[1] * 3] * 2


# --- JAX's own transforms ---


def energy(a):
    x = wrap(a, spatial("x"))
    v = stack([x, math.sin(x)], channel(vector="x,y"))
    return (math.sum_(math.vec_squared(v)) + math.sum_(x.x[1:] * x.x[:-1])).native()


def plain(a):
    return (a**2 + jnp.sin(a) ** 2).sum() + (a[1:] * a[:-1]).sum()


@pytest.mark.parametrize("bits", [32, 64])
def test_native_transforms(bits):
    with jax.enable_x64(bits == 64), precision(bits):
        a = jnp.asarray([0.3, 0.7, 1.1], f"float{bits}")
        tol = {"rtol": 32 * np.finfo(f"float{bits}").eps, "atol": 32 * np.finfo(f"float{bits}").eps}
        np.testing.assert_allclose(jax.jit(energy)(a), plain(a), **tol)
        np.testing.assert_allclose(jax.jit(jax.grad(energy))(a), jax.grad(plain)(a), **tol)
        np.testing.assert_allclose(
            jax.vmap(energy)(jnp.stack([a, 2 * a])), jax.vmap(plain)(jnp.stack([a, 2 * a])), **tol
        )
        np.testing.assert_allclose(jax.jit(jax.hessian(energy))(a), jax.hessian(plain)(a), **tol)
        np.testing.assert_allclose(jax.jvp(energy, (a,), (a,))[1], jax.jvp(plain, (a,), (a,))[1], **tol)
        assert jax.jit(jax.grad(energy))(a).dtype == f"float{bits}"


def test_native_transforms_of_compiled_functions():
    f = math.jit_compile(lambda x: math.sum_(x**2))

    def native(a):
        return f(wrap(a, spatial("x"))).native()

    a = jnp.asarray([1.0, 2.0])
    np.testing.assert_allclose(jax.grad(native)(a), [2, 4])
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(native)))(a[None]), [[2, 4]])


def test_native_transforms_from_threads():
    results = {}

    def work(i):
        with precision(64 if i % 2 else 32), jax.enable_x64(bool(i % 2)):
            a = jnp.full(3, 0.1 * i, f"float{64 if i % 2 else 32}")
            results[i] = jax.jit(jax.grad(energy))(a)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [results[i].dtype.name for i in range(4)] == ["float32", "float64"] * 2
    a = np.full(3, 0.1)
    np.testing.assert_allclose(results[1], 2 * a + np.sin(2 * a) + np.array([0.1, 0.2, 0.1]), rtol=1e-12)


def test_values_are_not_known_while_jax_traces():
    with pytest.raises(NotConcrete):
        jax.jit(lambda a: float(wrap(a)))(1.0)
    assert jax.jit(lambda a: wrap(a).available)(1.0) == np.False_
