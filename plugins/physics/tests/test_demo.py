"""The smoke demo as a user runs it: scene, summary, interruption, resumption, and its errors."""

import errno
import json

import numpy as np
import phiml_physics.demo.run as run
import phiml_physics.scene.scene as scene_module
import pytest
from phiml_core.plugin.ondemand import load
from phiml_physics.demo import main
from phiml_physics.demo.plume import Plume
from phiml_physics.demo.settings import parse
from phiml_physics.scene import Scene

load("physics")
SMALL = ["--resolution", "16", "--no-picture", "--every", "1"]


def frames(path):
    scene = Scene.open(path)
    return {f: {n: a for n, (a, _) in scene.read(f).items()} for f in scene.frames}


def assert_same(a, b):
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_leaves_a_scene_and_a_summary(tmp_path, capsys):
    assert main([*SMALL, "--steps", "5", "--out", str(tmp_path / "a")]) == 0
    out = capsys.readouterr().out
    assert "max |div v| h / max |v|" in out and "numpy on cpu" in out and "CG" in out
    scene = Scene.open(tmp_path / "a")
    assert scene.frames == [0, 1, 2, 3, 4, 5] and scene.complete
    results = json.loads((tmp_path / "a" / "scene.json").read_text())["results"]
    assert len(results["divergence_per_step"]) == 5 and results["max_divergence"] <= 1e-5
    assert max(results["iterations_per_step"]) <= 25
    last = frames(tmp_path / "a")[5]
    assert last["smoke"].shape == (16, 24) and last["smoke"].max() > 0.1
    assert np.abs(last["velocity_y"]).max() > 0


@pytest.mark.parametrize("options", [["--dims", "3"], ["--batch", "2"], ["--precision", "64"], ["--obstacle", "none"]])
def test_variants(tmp_path, options):
    assert main([*SMALL, "--steps", "3", "--out", str(tmp_path / "a"), *options]) == 0
    results = Scene.open(tmp_path / "a").results
    assert results["max_divergence"] <= (1e-10 if "64" in options else 1e-5)


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_resumed_equals_uninterrupted(tmp_path, backend, monkeypatch):
    if backend != "numpy":
        pytest.importorskip(backend)
    options = [*SMALL, "--backend", backend]
    assert main([*options, "--steps", "6", "--out", str(tmp_path / "whole")]) == 0
    original = run.arrays_of
    calls = []

    def interrupted(state):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(state)

    monkeypatch.setattr(run, "arrays_of", interrupted)
    assert main([*options, "--steps", "6", "--out", str(tmp_path / "parts")]) == 130
    monkeypatch.setattr(run, "arrays_of", original)
    assert Scene.open(tmp_path / "parts").frames == [0, 1, 2] and not Scene.open(tmp_path / "parts").complete
    assert main([*options, "--steps", "6", "--out", str(tmp_path / "parts"), "--resume"]) == 0
    whole, parts = frames(tmp_path / "whole"), frames(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    for f in whole:
        assert_same(whole[f], parts[f])


def test_resuming_another_resolution_names_both(tmp_path, capsys):
    assert main([*SMALL, "--steps", "2", "--out", str(tmp_path / "a")]) == 0
    before = frames(tmp_path / "a")
    assert (
        main(
            [
                "--resolution",
                "20",
                "--no-picture",
                "--steps",
                "3",
                "--every",
                "1",
                "--out",
                str(tmp_path / "a"),
                "--resume",
            ]
        )
        == 1
    )
    error = capsys.readouterr().err
    assert "SettingsMismatch" in error and "resolution = 20, expected 16" in error
    assert_same(before[2], frames(tmp_path / "a")[2])


def test_existing_scene_is_not_overwritten(tmp_path, capsys):
    assert main([*SMALL, "--steps", "1", "--out", str(tmp_path / "a")]) == 0
    assert main([*SMALL, "--steps", "1", "--out", str(tmp_path / "a")]) == 1
    assert "SceneExists" in capsys.readouterr().err


def test_unreadable_image(tmp_path, capsys):
    picture = tmp_path / "broken.png"
    picture.write_bytes(b"no picture")
    assert main([*SMALL, "--steps", "1", "--obstacle", str(picture), "--out", str(tmp_path / "a")]) == 1
    assert "ImageError" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_backend_that_is_not_installed(tmp_path, capsys):
    assert main([*SMALL, "--steps", "1", "--backend", "nonsense", "--out", str(tmp_path / "a")]) == 1
    assert "BackendNotInstalled" in capsys.readouterr().err


def test_full_disk_keeps_earlier_frames(tmp_path, capsys, monkeypatch):
    original = scene_module.write_arrays
    calls = []

    def full(file, arrays):
        calls.append(1)
        if len(calls) == 3:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        original(file, arrays)

    monkeypatch.setattr(scene_module, "write_arrays", full)
    assert main([*SMALL, "--steps", "4", "--out", str(tmp_path / "a")]) == 1
    assert "SceneWriteError" in capsys.readouterr().err
    found = frames(tmp_path / "a")
    assert list(found) == [0, 1] and np.isfinite(found[1]["smoke"]).all()


def test_nan_in_the_state_is_named(tmp_path, capsys, monkeypatch):
    original = Plume.step

    def poisoned(self, state, dt):
        state, divergence = original(self, state, dt)
        return state, divergence * float("nan")

    monkeypatch.setattr(Plume, "step", poisoned)
    assert main([*SMALL, "--steps", "4", "--out", str(tmp_path / "a")]) == 1
    assert "StateNotFinite" in capsys.readouterr().err
    assert Scene.open(tmp_path / "a").frames == [0]


def test_settings_from_the_command_line():
    settings = parse(["--dims", "3"])
    assert settings.resolution == 32 and settings.steps == 200 and settings.backend == "numpy"
    with pytest.raises(SystemExit):
        parse(["--dims", "4"])
    with pytest.raises(SystemExit):
        parse(["--steps", "0"])
