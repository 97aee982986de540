"""`animate` on Matplotlib: one figure drawn again for each frame, encoded as it comes."""

from __future__ import annotations

import os
import pickle
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from phiml_core.marks import AnimationError, Style, film

from .canvas.matplotlib import Matplotlib
from .colors import Ranges, Scales
from .gif import GifWriter
from .layout import Layout, arrange
from .mp4 import Mp4Writer
from .plot import Picture

__all__ = ["Encoder"]


class Encoder(Protocol):
    """Takes pictures (height, width, 3) of bytes."""

    def add(self, picture: np.ndarray) -> None: ...
    def close(self) -> None: ...


@film.dispatch
def _(frames, path, library: Matplotlib, style: Style, fps: float, progress=None):
    path = Path(path)
    if path.suffix.lower() not in (".gif", ".mp4"):
        raise AnimationError(f"Unknown type of film {path.name!r}, expected .gif or .mp4. Change the end of the path.")
    if not fps > 0:
        raise AnimationError(f"fps={fps} was given, expected a positive number of frames per second.")
    total = len(frames) if hasattr(frames, "__len__") else None
    with measured(frames, style) as (layouts, ranges), encoder(path, fps) as encode:
        picture, count = None, 0
        for layout in layouts:
            picture = picture or Picture(layout, style, ranges, shown=False)
            picture.draw(layout)
            encode(pixels(picture.figure, even=path.suffix.lower() == ".mp4"))
            if not count:  # from now on nothing moves but the data
                picture.figure.set_layout_engine("none")
            count += 1
            if progress:
                progress(count, total)
        if not count:
            raise AnimationError("No frames were given, expected at least one. An iterator may be exhausted already.")
    return path


@contextmanager
def measured(frames: Iterable[Any], style: Style) -> Iterator[tuple[Iterator[Layout], Ranges]]:
    """The panels of each frame, and the ranges of all quantities over all frames."""
    ranges: Ranges = {}
    if style.vmin is not None and style.vmax is not None:
        yield (arrange((frame,), style) for frame in frames), ranges
    elif iter(frames) is not frames:
        for frame in frames:
            Scales.collect(arrange((frame,), style).panels, style, ranges)
        yield (arrange((frame,), style) for frame in frames), ranges
    else:
        # An iterator runs once: what its frames look like waits on disk until the ranges are known.
        with tempfile.TemporaryFile() as spool:
            for frame in frames:
                layout = arrange((frame,), style)
                Scales.collect(layout.panels, style, ranges)
                pickle.dump(layout, spool, pickle.HIGHEST_PROTOCOL)
            end = spool.tell()
            spool.seek(0)
            yield _spooled(spool, end), ranges


def _spooled(spool: Any, end: int) -> Iterator[Layout]:
    while spool.tell() < end:
        yield pickle.load(spool)


@contextmanager
def encoder(path: Path, fps: float) -> Iterator[Any]:
    """A function that appends a picture to the film; `path` is replaced when all are in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")
    try:
        with open(part, "xb") as file:
            writer: Encoder = GifWriter(file, fps) if path.suffix.lower() == ".gif" else Mp4Writer(str(part), fps)
            try:
                yield writer.add
            finally:
                writer.close()
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def pixels(figure: Any, even: bool) -> np.ndarray:
    """The figure as bytes (height, width, 3); videos need an even number of pixels along each axis."""
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    return picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2] if even else picture
