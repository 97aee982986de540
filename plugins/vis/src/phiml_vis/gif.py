"""Animated GIF written frame by frame, with memory for one.

Pillow encodes each picture; its own writer of animations holds all of them until the end.  The file is the header and
the images of one-picture files in a row (CompuServe 1990, "GIF 89a specification").
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np

__all__ = ["GifWriter"]


class GifWriter:
    """Writes frames to an open file.

    Args:
        file: binary, writable.
        fps: frames per second.  Durations are whole 1/100 s; the rounding errors do not add up.
    """

    def __init__(self, file: BinaryIO, fps: float):
        self.file, self.fps = file, fps
        self.count = 0
        self._before: np.ndarray | None = None

    def add(self, picture: np.ndarray) -> None:
        """Appends a picture (height, width, 3) of bytes; only the part that changed is stored."""
        from PIL import Image

        if self._before is None:
            height, width = picture.shape[:2]
            self.file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0))
            self.file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", 0) + b"\0")  # repeat for ever
        left, top, right, bottom = self._changed(picture)
        part = Image.fromarray(np.ascontiguousarray(picture[top:bottom, left:right]))
        # No dithering: its noise differs from frame to frame, flickers and compresses badly.
        # Not interlaced: the order of the rows is a flag of the image block, which is written below.
        encoded = io.BytesIO()
        part.quantize(256, dither=Image.Dither.NONE).save(encoded, "GIF", interlace=False)
        colors, data = single_image(encoded.getvalue())
        delay = max(round(100 * (self.count + 1) / self.fps) - round(100 * self.count / self.fps), 2)
        self.file.write(b"\x21\xf9\x04\x04" + struct.pack("<HB", delay, 0) + b"\0")  # leave the frame in place
        packed = 0x80 | (len(colors) // 3).bit_length() - 2
        self.file.write(b"\x2c" + struct.pack("<HHHHB", left, top, right - left, bottom - top, packed) + colors + data)
        self._before = picture.copy()
        self.count += 1

    def close(self) -> None:
        """Ends the animation; the file stays open."""
        self.file.write(b"\x3b")

    def _changed(self, picture: np.ndarray) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the smallest rectangle that differs from the frame before."""
        height, width = picture.shape[:2]
        if self._before is None:
            return 0, 0, width, height
        differs = (picture != self._before).any(-1)
        rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
        if not len(rows):
            return 0, 0, 1, 1
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def single_image(encoded: bytes) -> tuple[bytes, bytes]:
    """Colour table and compressed pixels of a GIF file with one image."""
    flags, place = encoded[10], 13
    colors = b""
    if flags & 0x80:
        size = 3 << (flags & 7) + 1
        colors, place = encoded[place : place + size], place + size
    while encoded[place] == 0x21:  # extensions say nothing about a single image
        place = _after_blocks(encoded, place + 2)
    flags, place = encoded[place + 9], place + 10
    if flags & 0x80:
        size = 3 << (flags & 7) + 1
        colors, place = encoded[place : place + size], place + size
    return colors, encoded[place : _after_blocks(encoded, place + 1)]


def _after_blocks(encoded: bytes, place: int) -> int:
    """Where a chain of sub-blocks that starts at `place` ends."""
    while encoded[place]:
        place += encoded[place] + 1
    return place + 1
