"""Arrays go in and out without loss and, where memory is shared, without being changed behind anyone's back."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import BackendNotInstalled, backend_named, backend_of
from phiml_core.math import channel, convert, spatial, tensor, wrap

from ..claims import capability, claimed

NUMPY = backend_named("numpy")
TYPES = ("bool", "int8", "int32", "int64", "uint8", "float32", "float64", "complex64", "complex128")
BASE = np.arange(12).reshape(3, 4) % 5

LAYOUTS = {
    "plain": lambda x: x.copy(),
    "transposed": lambda x: x.T,
    "strided": lambda x: x[::2, 1:],
    "reversed": lambda x: x[::-1],
    "no axes": lambda x: x[1, 2, ...],
    "empty": lambda x: x[:0],
    "one": lambda x: x[:1, :1],
    "offset": lambda x: x.ravel()[1:7].reshape(2, 3),
    "broadcast": lambda x: np.broadcast_to(x[:1], (3, 4)),
}


def named(array):
    return wrap(array, *([spatial("x,y")] if array.ndim == 2 else []))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", TYPES)
def test_in_and_out(name, layout, place):
    """Values and types survive both ways, whatever the layout, also of memory that must not be written to."""
    if name.startswith("complex") and place.inability("complex"):
        return
    for writeable in (True, False):
        array = np.asarray(LAYOUTS[layout](BASE.astype(name)))
        if array.flags.writeable:
            array.flags.writeable = writeable
        x = convert(named(array), place)
        assert x.backend is place and isinstance(x.native("x,y" if array.ndim else None), place.array_types)
        assert x.dtype.name == name == place.dtype(x.native_array).name
        back = convert(x, NUMPY)
        assert back.backend is NUMPY and back.dtype.name == name
        np.testing.assert_array_equal(back.numpy("x,y" if array.ndim else None), array)
        assert convert(x, place) is x


def test_trees_and_the_default(place):
    tree = {"a": [named(np.ones((3, 4), np.float32)), 2.5], "b": math.stack([wrap(1.0), wrap(2.0)], channel("c"))}
    there = convert(tree)
    assert there["a"][0].backend is place and there["a"][1] == 2.5
    with math.backend(NUMPY):
        assert convert(there)["a"][0].backend is NUMPY


def test_operations_leave_shared_memory_alone(place):
    """Whether converting shares memory or copies, no operation writes into what was given."""
    array = np.random.default_rng(0).uniform(0.1, 1, (64, 64)).astype(np.float32)
    before = array.copy()
    x = convert(named(array), place)
    at = wrap([[0, 0], [1, 1]], math.instance("q"), channel(vector="x,y"))
    for f in (
        lambda x: math.scatter(x, at, 7.0, "update"), lambda x: math.scatter(x, at, 7.0, "add"), lambda x: math.sort(x, "x"),
        lambda x: math.cumulative_sum(x, "x"), lambda x: math.pad(x, 1, 0), lambda x: x * 2, lambda x: -x, lambda x: math.roll(x, {"x": 1}),
        lambda x: math.fft(x), lambda x: math.dct(x), lambda x: math.clip(x, 0, 0.1), lambda x: math.fourier_poisson(x, 1),
    ):  # fmt: skip
        f(x)
        math.jit_compile(f)(x)
        np.testing.assert_array_equal(array, before)
        np.testing.assert_array_equal(x.numpy("x,y"), before)


@pytest.mark.parametrize("make", [convert, tensor], ids=["convert", "tensor"])
def test_memory_is_shared_or_copied_as_a_whole(make, place):
    """Who changes an array after handing it over finds all of the change or nothing, and earlier results as they were."""
    array = np.arange(4096, dtype=np.float32)
    x = make(wrap(array, spatial("x")))
    assert x.backend is place
    twice, compiled = x * 2, math.jit_compile(lambda x: x * 3)(x)
    for t in (x, twice, compiled):
        place.block_until_ready(t.native("x"))
    array += 1
    found = x.numpy("x")
    assert np.array_equal(found, array) or np.array_equal(found, array - 1)
    np.testing.assert_array_equal(twice.numpy("x"), 2 * (array - 1))
    np.testing.assert_array_equal(compiled.numpy("x"), 3 * (array - 1))


@capability("dlpack")
def test_other_libraries_read_it(place):
    with claimed(place, "dlpack"):
        for name in ("float32", "int32", "float64"):
            with math.precision(64):
                x = convert(named(BASE.astype(name)), place)
            view = np.from_dlpack(x.native("x,y"))
            np.testing.assert_array_equal(view, BASE.astype(name))
            assert view.dtype == name


def test_results_are_not_changed_through_arrays(place):
    """A NumPy array of a tensor is read-only, or writing to it leaves what was computed before as it was."""
    x = tensor(BASE.astype(np.float32), spatial("x,y")) * 1
    y, z = x + 1, x.x[:2] * 1
    array = x.numpy("x,y")
    if array.flags.writeable:
        array[0, 0] = 99
    np.testing.assert_array_equal(y.numpy("x,y"), BASE + 1)
    np.testing.assert_array_equal(z.numpy("x,y"), BASE[:2])


def test_chosen_by_name(place):
    assert backend_named(place.name) is place and backend_named(place) is place
    with math.backend("numpy"):
        assert math.zeros(spatial(x=2)).backend is NUMPY
        with math.backend(place.name) as chosen:
            assert chosen is place and math.zeros(spatial(x=2)).backend is place
        assert math.zeros(spatial(x=2)).backend is NUMPY
    with pytest.raises(BackendNotInstalled, match="nonsense"):
        math.use("nonsense")


def test_native_arrays_are_recognised(place):
    x = place.as_array(np.array([1.0, 2.0], np.float32))
    assert backend_of(x) is place
    t = wrap(x, spatial("x"))
    assert t.backend is place and (t + 1).numpy("x").tolist() == [2, 3]
    assert wrap([place.as_array(np.float32(1)), place.as_array(np.float32(2))], spatial("x")).numpy("x").tolist() == [
        1,
        2,
    ]


def test_constants_join(place):
    """Python and NumPy numbers and NumPy constants take the type and place of the tensor."""
    x = tensor([1.0, 2.0], spatial("x"))
    for y in (
        1,
        1.0,
        True,
        np.float32(1),
        np.float64(1),
        np.int64(1),
        wrap(1),
        wrap([1.0, 1.0], spatial("x")),
        np.ones((), np.float32),
    ):
        for z in (x + y, y + x):
            assert z.backend is place and z.dtype.name == "float32" and z.numpy("x").tolist() == [2, 3], y


def test_devices(place):
    x = place.as_array(np.float32(1))
    assert place.device(x) in place.devices()
    assert place.device(place.to_device(x, place.devices()[0])) == place.devices()[0]
    with pytest.raises(ValueError, match="no device"):
        place.to_device(x, "nowhere")
