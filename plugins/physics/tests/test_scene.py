"""Scenes survive what happens to files: full disks, interrupts, damage, other settings."""

import errno
import json
import os

import numpy as np
import pytest
from phiml_core import math
from phiml_core.extrapolation import PERIODIC, combine_by_direction, combine_components
from phiml_core.extrapolation.masked import Masked
from phiml_physics import field
from phiml_physics.geom import Box, UniformGrid
from phiml_physics.grid import CenteredGrid, GridError, StaggeredGrid
from phiml_physics.scene import (
    CorruptFrame,
    DimInfo,
    Scene,
    SceneError,
    SceneExists,
    SceneNotFound,
    SceneWriteError,
    SettingsMismatch,
    files,
)

SETTINGS = {"resolution": [4, 5], "precision": 32, "obstacle": "whale.png", "steps": 10}
XY = [{"name": "x", "type": "spatial", "item_names": None}, {"name": "y", "type": "spatial", "item_names": None}]
VECTOR = [*XY, {"name": "vector", "type": "channel", "item_names": ["x", "y"]}]


@pytest.fixture
def scene(tmp_path):
    return Scene.create(tmp_path / "plume", SETTINGS, versions={"phiml-core": "0.1.0"})


def state(seed):
    rng = np.random.default_rng(seed)
    return {
        "smoke": (rng.random((4, 5), dtype=np.float32), XY),
        "velocity": (rng.standard_normal((4, 5, 2)), VECTOR),
        "time": (np.float64(seed), []),
    }


def fill_disk(monkeypatch, after):
    """The disk takes `after` more files and then has no room."""
    count = iter(range(after))

    def fsync(handle):
        if next(count, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", fsync)
    monkeypatch.setattr(files, "_sync_folder", lambda folder: None)


def test_frames_come_back_bit_for_bit(scene):
    for frame in (0, 12, 3):
        scene.write(frame, **state(frame))
    again = Scene.open(scene.path)
    assert again.frames == [0, 3, 12] and again.settings == SETTINGS and not again.complete
    for frame in again.frames:
        for name, (array, dims) in again.read(frame).items():
            expected = np.asarray(state(frame)[name][0])
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
            assert [dim.as_json() for dim in dims] == state(frame)[name][1]
    assert (scene.path / "frame_000012.npz").exists()


def test_settings_are_readable(scene):
    scene.write(0, **state(0))
    scene.complete = True
    scene.note(divergence=np.float32(0.5), shape=(1, 2))
    description = json.loads((scene.path / "scene.json").read_text())
    assert description["settings"] == SETTINGS and description["complete"] is True
    assert description["versions"]["phiml-core"] == "0.1.0" and description["versions"]["numpy"] == np.__version__
    assert description["arrays"]["velocity"]["dims"][2] == {
        "name": "vector",
        "type": "channel",
        "item_names": ["x", "y"],
    }
    assert description["arrays"]["velocity"]["shape"] == [4, 5, 2]
    assert Scene.open(scene.path).results == {"divergence": 0.5, "shape": [1, 2]}


def test_frames_hold_no_pickles(scene):
    scene.write(0, **state(0), file=(np.arange(3), [DimInfo("point", "instance")]))
    with np.load(scene.file(0), allow_pickle=False) as stored:
        assert sorted(stored.files) == ["file", "smoke", "time", "velocity"]
    with pytest.raises(ValueError, match="object, expected numbers or text"):
        scene.write(1, smoke=(np.array([None]), [DimInfo("x", "spatial")]))
    assert scene.frames == [0]


@pytest.mark.parametrize("room", [0, 1])
def test_full_disk_leaves_earlier_frames(scene, monkeypatch, room):
    scene.write(0, **state(0))
    before = {name: (scene.path / name).read_bytes() for name in os.listdir(scene.path)}
    fill_disk(monkeypatch, room)
    with pytest.raises(SceneWriteError, match=r"frame_00000\d.npz: No space left.*is intact") as caught:
        for frame in (1, 2):
            scene.write(frame, **state(frame))
    assert isinstance(caught.value, OSError)
    monkeypatch.undo()
    assert scene.frames == list(range(room + 1))
    assert {name: (scene.path / name).read_bytes() for name in before} == before
    assert not [name for name in os.listdir(scene.path) if name.startswith(".")]
    scene.write(2, **state(2))
    np.testing.assert_array_equal(Scene.open(scene.path).read(2)["smoke"][0], state(2)["smoke"][0])


def test_full_disk_while_replacing_a_frame_keeps_the_old_one(scene, monkeypatch):
    scene.write(0, **state(0))
    fill_disk(monkeypatch, 0)
    with pytest.raises(SceneWriteError):
        scene.write(0, **state(7))
    np.testing.assert_array_equal(scene.read(0)["smoke"][0], state(0)["smoke"][0])
    with pytest.raises(SceneWriteError, match=r"scene\.json"):
        scene.complete = True
    assert not scene.complete and not Scene.open(scene.path).complete


def test_interrupt_while_writing(scene, monkeypatch):
    scene.write(0, **state(0))

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scene.write(1, **state(1))
    assert sorted(os.listdir(scene.path)) == ["frame_000000.npz", "scene.json"]


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SceneWriteError, match="Choose another place"):
        Scene.create(tmp_path / "file" / "plume", SETTINGS)


def test_other_settings_are_named(scene):
    scene.check({**SETTINGS, "steps": 20}, may_differ=["steps"])
    with pytest.raises(SettingsMismatch, match=r"resolution = \[8, 10\], expected \[4, 5\].*start a new scene"):
        scene.check({**SETTINGS, "resolution": (8, 10)})
    with pytest.raises(SettingsMismatch, match="precision = 'missing', expected 32"):
        scene.check({name: SETTINGS[name] for name in SETTINGS if name != "precision"})
    scene.write(0, **state(0))
    with pytest.raises(SettingsMismatch, match="resolution"):
        Scene.resume(scene.path, {**SETTINGS, "resolution": (8, 10)})


def test_resume_removes_what_a_killed_run_left_but_opening_does_not(scene):
    scene.write(0, **state(0))
    left = scene.path / ".frame_000001.npz.0123.part"
    left.write_bytes(b"half")
    assert Scene.open(scene.path).frames == [0] and left.exists()
    assert Scene.resume(scene.path, SETTINGS).last() == 0 and not left.exists()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_damaged_last_frame_is_named(scene, damage):
    for frame in (0, 1):
        scene.write(frame, **state(frame))
    file = scene.file(1)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 255
    file.write_bytes({"cut": content[:-200], "flip": content, "empty": b"", "text": b"no archive"}[damage])
    with pytest.raises(CorruptFrame, match=r"Frame 1 is damaged: .*frame_000001\.npz.*resume from the frame before"):
        scene.last()
    with pytest.raises(CorruptFrame):
        Scene.resume(scene.path, SETTINGS)
    file.unlink()
    assert Scene.resume(scene.path, SETTINGS).last() == 0


def test_missing_and_existing_scenes(scene, tmp_path):
    with pytest.raises(SceneNotFound, match=r"no scene: it has no scene\.json"):
        Scene.open(tmp_path)
    with pytest.raises(SceneNotFound, match=r"no frame 3 in .*no frames"):
        scene.read(3)
    scene.write(0, **state(0))
    with pytest.raises(SceneNotFound, match="frames 0 to 0"):
        scene.read(3)
    with pytest.raises(SceneExists, match="holds a scene"):
        Scene.create(scene.path, SETTINGS)
    (scene.path / "scene.json").write_text("{")
    with pytest.raises(CorruptFrame, match=r"scene\.json cannot be read"):
        Scene.open(scene.path)
    assert scene.last() == 0 and Scene.create(tmp_path / "new", {}).last() is None


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({}, "some arrays"),
        ({"smoke": (np.ones((4, 5)), XY[:1])}, "expected 2 dims"),
        ({"smoke": (np.ones(3), [{"name": "x", "type": "time", "item_names": None}])}, "type 'time'"),
        ({"v": (np.ones((4, 5, 3)), VECTOR)}, "size 3, but 2 item names"),
        ({"smoke": (np.ones((5, 4), np.float32), XY)}, r"float32 \(x=5, y=4\), expected float32 \(x=4, y=5\)"),
        ({"a/b": (np.ones(()), [])}, "name like 'smoke'"),
    ],
)
def test_arrays_that_do_not_fit(scene, arrays, message):
    scene.write(0, **state(0))
    with pytest.raises(ValueError, match=message):
        scene.write(1, **arrays)
    assert scene.frames == [0]


def test_settings_that_json_cannot_hold(tmp_path):
    with pytest.raises(TypeError, match="Convert it"):
        Scene.create(tmp_path / "a", {"f": print})
    assert not (tmp_path / "a").exists()


def test_errors_have_one_base():
    assert all(issubclass(e, SceneError) for e in (SceneExists, SceneNotFound, SceneWriteError, CorruptFrame))


BOUNDARIES = [
    0,
    math.vec(x=1.5, y=2),
    {"x": "periodic", "y": (0, "zero-gradient")},
    combine_by_direction(0, "antisymmetric"),
    combine_components(x=0, y="symmetric"),
    {"x-": math.vec(x=math.wrap([1.0, 2, 3], math.spatial("y")), y=0), "x+": "zero-gradient", "y": 0},
]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_grids_come_back_with_cells_and_boundary(boundary, tmp_path, scene):
    grid = StaggeredGrid(lambda x, y: (x * y, x - y), boundary, x=4, y=3, bounds=Box(x=2, y=(1, 4)))
    field.write(grid, tmp_path / "grid.npz")
    scene.write(3, wind=grid, speed=field.vec_length(grid), time=math.wrap(0.5))
    for found in (field.read(tmp_path / "grid.npz"), Scene.open(scene.path).read_field("wind", 3)):
        assert (
            found.geometry == grid.geometry
            and found.faces == grid.faces
            and repr(found.boundary) == repr(grid.boundary)
        )
        for name in "xy":
            assert (found[name].values == grid[name].values).all
            wide = [math.pad(g[name].values, {"x": (1, 1)}, g.boundary.component(name)) for g in (found, grid)]
            assert (wide[0] == wide[1]).all
    assert (scene.read_field("speed", 3).values == field.vec_length(grid).values).all
    assert scene.read(3)["time"][0] == 0.5


def test_what_is_no_grid_of_the_scene(scene):
    scene.write(0, smoke=CenteredGrid(1, 0, x=3) * math.wrap([1.0, 2.0], math.batch("b")))
    assert scene.read_field("smoke", 0).values.numpy("b,x").tolist() == [[1] * 3, [2] * 3]
    with pytest.raises(SceneNotFound, match="has the grids smoke, not 'smok'"):
        scene.read_field("smok", 0)
    with pytest.raises(GridError, match="no name that a file could hold"):
        scene.write(
            1, smoke=CenteredGrid.of(math.zeros(math.spatial(x=3)), Masked(math.wrap(1.0), PERIODIC), UniformGrid(x=3))
        )
