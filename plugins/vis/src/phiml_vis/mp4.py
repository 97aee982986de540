"""MP4 films: frames piped to the program ffmpeg."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
from phiml_core.marks import AnimationError

__all__ = ["Mp4Writer"]


class Mp4Writer:
    """Writes frames to the file at `path`.

    Raises:
        AnimationError: ffmpeg is not installed, or could not write.
    """

    def __init__(self, path: str, fps: float):
        import matplotlib

        self.program = shutil.which(matplotlib.rcParams["animation.ffmpeg_path"])
        if not self.program:
            raise AnimationError(
                "An .mp4 needs the program ffmpeg, which is not on the PATH. Install it, or write a .gif instead."
            )
        self.path, self.fps = path, fps
        self.process: subprocess.Popen[bytes] | None = None

    def add(self, picture: np.ndarray) -> None:
        """Appends a picture (height, width, 3) of bytes, with even height and width."""
        if self.process is None:
            height, width = picture.shape[:2]
            command = [
                self.program, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
                "-s", f"{width}x{height}", "-r", str(self.fps), "-i", "-",
                "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", self.path,
            ]  # fmt: skip
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE)
        assert self.process.stdin is not None
        self.process.stdin.write(picture.tobytes())

    def close(self) -> None:
        """Ends the film and waits for ffmpeg."""
        if self.process is None or self.process.stdin is None:
            return
        self.process.stdin.close()
        if self.process.wait():
            raise AnimationError(f"ffmpeg ended with exit code {self.process.returncode}. Its message stands above.")
