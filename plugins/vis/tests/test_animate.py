"""Films hold every frame, once, in fixed colours; files appear complete or not at all."""

import gc
import io
import os
import stat
import sys
import weakref

import numpy as np
import pytest
from phiml_core import math
from phiml_core.marks import AnimationError, animate, grid_mark, plot
from phiml_core.math import batch, spatial
from phiml_vis.gif import GifWriter
from PIL import Image, ImageSequence


def frame(value, size=6):
    values = np.zeros((size, size))
    values[size // 2 :, : size // 2] = value
    return grid_mark(values, (0, 0), (1, 1), "xy", name="smoke")


def pictures(path):
    with Image.open(path) as film:
        return [np.asarray(picture.convert("RGB")).astype(int) for picture in ImageSequence.Iterator(film)]


def test_frames_duration_and_progress(tmp_path):
    seen = []
    path = animate(
        [frame(v) for v in (1, 2, 3)], tmp_path / "a.gif", fps=10, size=(2, 2), progress=lambda *p: seen.append(p)
    )
    with Image.open(path) as film:
        assert film.n_frames == 3 and film.info["duration"] == 100
    assert seen == [(1, 3), (2, 3), (3, 3)] and os.listdir(tmp_path) == ["a.gif"]


@pytest.mark.parametrize("kind", [list, iter], ids=["twice", "once"])
def test_colors_mean_the_same_in_all_frames(tmp_path, kind):
    found = pictures(animate(kind([frame(v) for v in (0.5, 1, 0.5)]), tmp_path / "a.gif", size=(2, 2)))
    np.testing.assert_allclose(found[0], found[2], atol=12)
    assert found[1].max() == pytest.approx(255, abs=6)
    inside = [picture[int(0.6 * len(picture)), picture.shape[1] // 2 + 8].sum() for picture in found]
    assert inside[0] < inside[1] - 100 or inside[2] < inside[1] - 100


def test_frames_are_not_kept(tmp_path):
    alive = []

    def frames():
        for i in range(6):
            gc.collect()
            assert sum(reference() is not None for reference in alive) <= 2
            values = np.full((4, 4), float(i))
            alive.append(weakref.ref(values))
            yield grid_mark(values, (0, 0), (1, 1), "xy")

    animate(frames(), tmp_path / "a.gif", size=(1, 1), vmin=0, vmax=5)
    alive.clear()
    animate(frames(), tmp_path / "b.gif", size=(1, 1))


def test_several_panels_a_frame(tmp_path):
    found = pictures(
        animate(({"a": [frame(v)], "b": np.ones((3, 3))} for v in (1, 2)), tmp_path / "a.gif", size=(3, 2))
    )
    assert len(found) == 2


def test_an_error_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "a.gif"
    path.write_bytes(b"earlier")

    def frames():
        yield frame(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        animate(frames(), path, size=(1, 1), vmin=0, vmax=1)
    assert path.read_bytes() == b"earlier" and os.listdir(tmp_path) == ["a.gif"]


@pytest.mark.parametrize(
    "frames, name, fps, message",
    [
        ([], "a.gif", 10, "No frames"),
        (iter([]), "a.gif", 10, "No frames"),
        ([1], "a.avi", 10, "expected .gif or .mp4"),
        ([1], "a.gif", 0, "positive number of frames"),
    ],
)
def test_errors(tmp_path, frames, name, fps, message):
    with pytest.raises(AnimationError, match=message):
        animate(frames, tmp_path / name, fps=fps)
    assert os.listdir(tmp_path) == []


def test_frames_of_another_structure(tmp_path):
    with pytest.raises(ValueError, match="2 panels, the first one had 1"):
        animate([(frame(1),), (np.ones((2, 2)), np.ones((2, 2)))], tmp_path / "a.gif", size=(1, 1))


def test_mp4_without_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnimationError, match="ffmpeg"):
        animate([frame(1)], tmp_path / "a.mp4")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for ffmpeg is a shell script")
def test_mp4_pipes_even_pictures_to_ffmpeg(tmp_path, monkeypatch):
    program, out = tmp_path / "ffmpeg", tmp_path / "out"
    program.write_text('#!/bin/sh\necho "$@" > "$0.args"\nfor last; do :; done\n/bin/cat > "$last"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = animate([frame(v) for v in (1, 2)], out / "a.mp4", size=(1.13, 1.13), fps=7)
    arguments = (tmp_path / "ffmpeg.args").read_text().split()
    width, height = map(int, arguments[arguments.index("-s") + 1].split("x"))
    assert width % 2 == height % 2 == 0 and arguments[arguments.index("-r") + 1] == "7"
    assert path.stat().st_size == 2 * 3 * width * height and os.listdir(out) == ["a.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for ffmpeg is a shell script")
def test_ffmpeg_that_fails_leaves_nothing(tmp_path, monkeypatch):
    program, out = tmp_path / "ffmpeg", tmp_path / "out"
    program.write_text("#!/bin/sh\n/bin/cat > /dev/null\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnimationError, match="exit code 3"):
        animate([frame(1)], out / "a.mp4", size=(1, 1))
    assert os.listdir(out) == []


@pytest.mark.parametrize("colors", [1, 2, 5, 200])
def test_gif_of_few_colors_is_exact(colors):
    rng = np.random.default_rng(colors)
    table = rng.integers(0, 256, (colors, 3), dtype=np.uint8)
    frames = [table[rng.integers(0, colors, (31, 23))] for _ in range(4)]
    frames.insert(2, frames[1])  # nothing changes
    small = frames[-1].copy()
    small[4:9, 3:5] = table[0]  # a small part changes
    frames.append(small)
    file = io.BytesIO()
    writer = GifWriter(file, fps=12)
    for picture in frames:
        writer.add(picture)
    writer.close()
    with Image.open(io.BytesIO(file.getvalue())) as film:
        found = [np.asarray(p.convert("RGB")) for p in ImageSequence.Iterator(film)]
        durations = [p.info["duration"] for p in ImageSequence.Iterator(film)]
    for expected, decoded in zip(frames, found, strict=True):
        np.testing.assert_array_equal(decoded, expected)
    assert sum(durations) == pytest.approx(1000 * len(frames) / 12, abs=10)


def test_films_of_trajectories(tmp_path):
    times = math.stack([math.ones(spatial(x=4, y=3)) * i for i in range(3)], batch("time"))
    for film in (animate(times, tmp_path / "a.gif"), animate((times, times.time[0]), tmp_path / "b.gif", dim="time")):
        assert len(pictures(film)) == 3
    shown = plot(times, times + 1, animate="time", title="two")
    assert len(pictures(shown.save(tmp_path / "c.gif", fps=5))) == 3
    assert "3 frames along time" in repr(shown) and shown._repr_html_().startswith(
        '<img src="data:image/gif;base64,R0lGOD'
    )
    with pytest.raises(AnimationError, match="Name the one of frames"):
        animate(times.time[0], tmp_path / "d.gif")
    with pytest.raises(AnimationError, match="along 'day'"):
        plot(times, animate="day")
    uneven = {"a": times, "b": math.ones(batch(time=2), spatial(x=2, y=2))}
    with pytest.raises(AnimationError, match="One number of frames"):
        animate(uneven, tmp_path / "e.gif", dim="time")
    assert not (tmp_path / "e.gif").exists()
