"""What is given to TensorFlow and taken from it: classes, variables, memory, devices, names of types."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from phiml_core import math
from phiml_core.backend import backend_named, backend_of, primitive
from phiml_core.math import channel, spatial, tensor, wrap
from phiml_tf.plugin import phiml_checks, versions
from phiml_tf.trait import TENSORFLOW

X = spatial("x")


def test_it_is_imported_only_when_asked_for():
    code = (
        "import sys\nfrom phiml_core import math\nmath.zeros(math.spatial(x=2)) + 1\n"
        "assert 'tensorflow' not in sys.modules\nimport tensorflow as tf\n"
        "x = math.wrap(tf.constant([1., 2.]), math.spatial('x'))\nassert x.backend.name == 'tensorflow', x.backend\n"
        "assert (x + 1).numpy().tolist() == [2, 3]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "float16", "float32", "float64", "complex64", "complex128", "bfloat16"])  # fmt: skip
def test_element_types(dtype):
    x = tf.cast(tf.constant([0, 1, 1]), dtype)
    t = wrap(x, X)
    assert t.dtype.name == dtype and backend_of(x) is TENSORFLOW
    assert TENSORFLOW.native_dtype(t.dtype) == x.dtype
    assert np.array_equal(t.numpy().astype(np.complex128), [0, 1, 1])
    assert primitive.zeros(TENSORFLOW, (2,), t.dtype, None).dtype == x.dtype
    assert primitive.full(TENSORFLOW, (2,), True, t.dtype, None).dtype == x.dtype
    for word in (primitive.where(x == x, x, x), primitive.concat(x, (x,), 0), primitive.stack(x, (x,), 0), x[None]):
        assert word.dtype == x.dtype
    if dtype not in ("bool", "complex64", "complex128"):
        assert primitive.less(x, 1).numpy().tolist() == [True, False, False]
        for word in (primitive.sum, primitive.max, primitive.prod):
            assert word(x, (0,)).dtype == x.dtype
        assert TENSORFLOW.bind(primitive.add)(1, x).dtype == primitive.multiply(x, 2).dtype == x.dtype


def test_numbers_come_first_or_last():
    for kind in ("float64", "complex128", "int64", "float16"):
        x = tf.cast(tf.constant([2, 4]), kind)

        @tf.function(autograph=False)
        def graph(x):
            return TENSORFLOW.bind(primitive.subtract)(1, x), primitive.multiply(x, 3), primitive.where(x == 2, 0, x)

        for a, b, c in (graph(x), graph.python_function(x)):
            assert a.dtype == b.dtype == c.dtype == kind
            assert [a.numpy().tolist(), b.numpy().tolist(), c.numpy().tolist()] == [[-1, -3], [6, 12], [0, 4]]


def test_variables_are_read():
    v = tf.Variable([1.0, 2.0])
    t = wrap(v, X)
    assert isinstance(t.native_array, tf.Tensor)
    v.assign([5.0, 6.0])
    assert t.numpy().tolist() == [1, 2]  # a tensor never changes
    assert (tensor(v, X) + tf.Variable(1.0)).numpy().tolist() == [6, 7]
    f = math.jit_compile(lambda a: a * 2)
    assert f(v).numpy().tolist() == [10, 12]
    v.assign([1.0, 1.0])
    assert f(v).numpy().tolist() == [2, 2]
    assert f.traces == 1


def test_native_tapes_record():
    v, c = tf.Variable([1.0, 2.0]), tf.constant([3.0, 4.0])
    f = math.jit_compile(lambda a, b: math.sum_(a**2 * b))
    for g in (f.function, f):
        with tf.GradientTape() as tape:
            tape.watch(c)
            y = g(wrap(v, X), wrap(c, X)).native()
        assert [d.numpy().tolist() for d in tape.gradient(y, [v, c])] == [[6, 16], [1, 4]]


def aligned(count, offset=0):
    """Numbers in memory that begins `offset` bytes after a multiple of 64."""
    memory = np.zeros(4 * count + 128, np.uint8)
    start = -memory.ctypes.data % 64 + offset
    numbers = memory[start : start + 4 * count].view(np.float32)
    numbers[:] = range(count)
    return numbers


@pytest.mark.parametrize("offset", [4, 8, 16, 32])
def test_memory_that_begins_elsewhere_is_copied(offset):
    """tf.experimental.dlpack takes it, and the first operation on it ends the process."""
    a = aligned(100, offset)
    t = math.convert(wrap(a, X), "tensorflow")
    assert not np.shares_memory(a, t.numpy())
    assert np.array_equal((math.cast(t, "int32") + t).numpy(), 2 * np.arange(100))


def test_memory_is_shared():
    a = aligned(6).reshape(2, 3)
    t = math.convert(wrap(a, spatial("x,y")), "tensorflow")
    assert t.backend is TENSORFLOW
    assert np.shares_memory(a, t.numpy("x,y"))
    b = np.arange(3.0)
    b.flags.writeable = False  # TensorFlow takes no read-only arrays: copied
    for array in (b, a[:, ::2], a.T, np.float32(3), np.zeros((0, 2)), np.array([True, False]), np.arange(3) + 1j):
        dims = spatial("x,y")[: np.ndim(array)]
        back = math.convert(wrap(array, *[dims] if np.ndim(array) else []), "tensorflow")
        assert back.backend is TENSORFLOW and np.array_equal(back.numpy(dims), array)
    again = math.convert(t, "numpy")
    assert again.backend.name == "numpy" and np.shares_memory(again.numpy("x,y"), a)


def test_data_of_the_default_backend_is_copied():
    a = np.ones(3, np.float32)
    t = tensor(a, X)
    a[0] = 7
    assert t.numpy().tolist() == [1, 1, 1]


def test_devices():
    x = tensor([1.0, 2.0], X).native_array
    device = TENSORFLOW.device(x)
    assert device in TENSORFLOW.devices()
    assert TENSORFLOW.to_device(x, device).numpy().tolist() == [1, 2]
    assert TENSORFLOW.as_array(np.ones(2), None, device).device.endswith("CPU:0")
    with pytest.raises(ValueError, match=r"TensorFlow has no device 'tpu:9'"):
        TENSORFLOW.to_device(x, "tpu:9")
    assert TENSORFLOW.block_until_ready(x) is x


def test_symbols_have_no_values():
    with pytest.raises(TypeError, match="not known until the compiled function runs"):
        tf.function(lambda a: TENSORFLOW.to_numpy(a), autograph=False)(tf.ones(2))
    with pytest.raises(TypeError, match="is an argument of a function being compiled"):
        math.jit_compile(lambda a: a * float(a))(2.0)
    for word in (primitive.nonzero, lambda a: primitive.boolean_mask(a, a > 1, 0)):
        with pytest.raises(TypeError, match="size depends on values"):
            tf.function(word, autograph=False)(tf.ones(2))
    assert math.boolean_mask(tensor([1.0, 2.0], X), "x", tensor([False, True], X)).numpy().tolist() == [2]


def test_margins():
    """Every mode, wider than the array too, against NumPy."""
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    for widths in (((1, 1), (0, 1)), ((2, 1), (3, 0)), ((3, 5), (7, 4)), ((0, 0), (0, 0))):
        for mode in ("edge", "wrap", "symmetric"):
            found = primitive.pad(tf.constant(a), widths, mode)
            assert np.array_equal(found, np.pad(a, widths, mode)), (widths, mode)
        assert np.array_equal(
            primitive.pad(tf.constant(a), widths, "constant", 5), np.pad(a, widths, constant_values=5)
        )
    with pytest.raises(ValueError, match="Unknown mode of padding 'mirror'"):
        primitive.pad(tf.constant(a), ((1, 1), (0, 1)), "mirror")


@pytest.mark.parametrize("mode", ["add", "update", "max", "min"])
def test_scatter(mode):
    base, values = np.zeros((3, 4, 2), np.float32), np.arange(6, dtype=np.float32).reshape(3, 2) - 2
    at = np.array([0, 2, 0]), np.array([1, 3, 1 if mode != "update" else 2])
    expected = base.copy()
    if mode == "update":
        expected[at] = values
    else:
        {"add": np.add, "max": np.maximum, "min": np.minimum}[mode].at(expected, at, values)
    indices = tuple(tf.constant(i, d) for i, d in zip(at, (tf.int32, tf.int64), strict=True))
    assert np.array_equal(primitive.scatter(tf.constant(base), indices, tf.constant(values), mode), expected)
    assert np.array_equal(primitive.gather(tf.constant(expected), indices), expected[at])
    one = primitive.scatter(tf.constant(base[..., 0]), indices[:1], tf.constant(1.0), "add")
    full = base[..., 0].copy()
    np.add.at(full, at[:1], 1.0)
    assert np.array_equal(one, full)


def test_indexing():
    a = np.arange(24).reshape(2, 3, 4)
    for index in (
        (1,), (-1, slice(None), 2), (slice(None, None, -1),), (Ellipsis, slice(1, None, 2)), (None, slice(0, 1), Ellipsis, 0),
        (slice(-2, None), slice(2, 0, -1)), (slice(0, 0),), (),
    ):  # fmt: skip
        assert np.array_equal(primitive.getitem(tf.constant(a), index), a[index]), index


def test_vectorised_functions():
    x, y = tf.reshape(tf.range(6.0), (2, 3)), tf.constant([1.0, 2.0])
    (found,) = TENSORFLOW.vmap(lambda a, b: (a * b,), (1, None))(x, y)
    assert np.array_equal(found, (x.numpy() * y.numpy()[:, None]).T)


def test_the_self_check():
    (check,) = phiml_checks()
    assert check.backend == "tensorflow" and check.devices() and versions()
    for trial in (check.compute, check.compile, check.differentiate):
        assert "relative error" in trial()


def test_two_frameworks_do_not_mix():
    pytest.importorskip("jax")
    import jax.numpy as jnp

    jax = backend_named("jax")
    x = wrap(jnp.ones(3), X)
    with pytest.raises(TypeError, match="Cannot combine arrays of jax and tensorflow"):
        x + tensor([1.0, 2.0, 3.0], X)
    moved = math.convert(x, "tensorflow")
    assert moved.backend is TENSORFLOW and math.convert(moved, jax).numpy().tolist() == [1, 1, 1]
    assert (moved + wrap([1.0, 2.0], channel("v"))).shape.volume == 6
