"""What happens to a run of the demo from outside: a real Ctrl-C, a disk without room, a film."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from phiml_physics.demo import main
from phiml_physics.flow import animate
from phiml_physics.scene import Scene

SMALL = ["--resolution", "24", "--no-picture", "--every", "1"]


def start(path, *options, limit=None):
    """`phiml demo smoke` as a process of its own, which may write files of up to `limit` bytes."""
    # where tests run in the background, Ctrl-C is ignored, which processes inherit
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from phiml_core.cli.main import main; sys.exit(main())"
    if limit:
        code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); {code}"
    command = [sys.executable, "-c", code, "demo", "smoke", *SMALL, "--out", str(path), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def frames(path):
    scene = Scene.open(path)
    return {f: {n: a for n, (a, _) in scene.read(f).items()} for f in scene.frames}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_leaves_a_scene_that_goes_on_as_if_nothing_had_happened(tmp_path):
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    process = start(stopped, "--steps", "100000")
    try:
        patience = time.monotonic() + 120
        while len(list(stopped.glob("frame_*.npz"))) < 4:
            assert process.poll() is None and time.monotonic() < patience, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "--resume" in err and "max |div v|" in out
    scene = Scene.open(stopped)
    assert not scene.complete and not list(stopped.glob("*.part"))
    before = frames(stopped)
    assert list(before) == list(range(len(before))) and len(before) >= 4
    steps = ["--steps", str(len(before) + 3)]
    assert main([*SMALL, "--out", str(stopped), *steps, "--resume"]) == 0
    assert main([*SMALL, "--out", str(whole), *steps]) == 0
    assert Scene.open(stopped).complete
    resumed, expected = frames(stopped), frames(whole)
    assert list(resumed) == list(expected)
    for number, arrays in expected.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(resumed[number][name], array, err_msg=f"{name} of frame {number}")
    assert expected[len(before) + 3]["smoke"].max() > 0.1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_no_room_for_a_frame(tmp_path):
    """The operating system refuses the rest of a file: a real error in the middle of a write.  (Room for the summary, not for a frame.)"""
    process = start(tmp_path / "a", "--steps", "3")
    assert process.communicate(timeout=120) and process.returncode == 0
    before = frames(tmp_path / "a")
    sizes = {file.name: file.stat().st_size for file in (tmp_path / "a").iterdir()}
    limit = max(sizes["scene.json"] + 1000, 3000)
    assert limit < sizes["frame_000003.npz"]
    process = start(tmp_path / "a", "--steps", "5", "--resume", limit=limit)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1 and "SceneWriteError" in err and "intact" in err, err
    assert sorted(os.listdir(tmp_path / "a")) == sorted(sizes)
    after = frames(tmp_path / "a")
    assert list(after) == list(before)
    for number, arrays in before.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(after[number][name], array)
    assert main([*SMALL, "--out", str(tmp_path / "a"), "--steps", "5", "--resume"]) == 0


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not on the PATH")
def test_film(tmp_path):
    path = animate([np.full((8, 8), v) for v in (0.0, 0.5, 1.0)], tmp_path / "a.mp4", size=(2, 2), vmin=0, vmax=1)
    assert path.read_bytes()[4:8] == b"ftyp" and path.stat().st_size > 500
