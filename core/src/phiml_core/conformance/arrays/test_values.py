"""What is asked of values, and how they come and go: native arrays, files, plain data, comparison."""

import json

import numpy as np

from phiml_core import math
from phiml_core.math import batch, channel, instance, spatial

ARRAY = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def make():
    return math.tensor(ARRAY, spatial("x,y"))


def test_comparing(place):
    x = make()
    assert math.equal(x, make()) and not math.equal(x, x + 1) and not math.equal(x, x.x[0])
    assert math.always_close(x, x + 0.0) and not math.always_close(x, 2 * x) and math.all_available(x)


def test_asking(place):
    x = make()
    assert math.dtype(x).name == "float32" and math.choose_backend(x, 1).name == place.name and math.is_numeric(x)
    assert math.numpy(x.x[0]).tolist() == [1, 2, 3] and place.sizes(math.native(x.x[0])) == (3,)
    assert np.array_equal(math.to_device(x, place.devices()[0]).numpy("x,y"), ARRAY)
    assert math.perf_counter(x).item() > 0


def test_copies(place):
    assert math.equal(math.copy({"a": make()})["a"], make())


def test_native_functions(place):
    x = math.stack([make(), 2 * make()], batch("b"))
    seen = []
    y = math.native_call(lambda a: (seen.append(place.sizes(a)), a)[1], x, channels_last=True)
    assert seen == [(2, 2, 3, 1)] and math.equal(y, x)
    v = math.stack({"u": x, "w": x}, channel("vector"))
    assert math.native_call(lambda a: a, v, channels_last=False).shape.get_size("vector") == 2


def test_files(place, tmp_path):
    uneven = math.stack([make().x[0], make().x[0].y[:2]], instance("p"))
    math.save(tmp_path / "values.npz", {"a": make(), "b": [uneven, 1, None]})
    found = math.load(tmp_path / "values.npz")
    assert math.equal(found["a"], make()) and math.equal(found["b"][0], uneven) and found["b"][1:] == [1, None]


def test_plain_data(place):
    assert math.equal(math.from_dict(json.loads(json.dumps(math.to_dict(make())))), make())


def test_print(place, capsys):
    math.print_(make().x[0])
    assert capsys.readouterr().out.startswith("1.0  2.0  3.0")
