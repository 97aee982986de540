"""Films of values that have a dim of frames, such as the trajectories that `iterate` returns."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from ..ops.slicing import slice_
from ..shape import Shape, merge_shapes
from ..tensor.tensor import Tensor
from ..tree.tree import is_tree, tree_leaves
from .library import AnimationError, Library
from .style import Style
from .words import film

__all__ = ["Animation", "Frames", "frames_of"]


class Frames(Sequence[Any]):
    """The elements of values along one dim, taken when they are asked for; values without the dim are in all of them."""

    def __init__(self, values: Any, dim: str):
        self.values, self.dim = values, dim
        sizes = {t.shape.get_size(dim) for t in tree_leaves(values) if dim in t.shape.names}
        if len(sizes) != 1:
            given = ", ".join(map(str, shapes_of(values))) or "nothing"
            raise AnimationError(
                f"One number of frames along {dim!r} was expected, but the values have the dims {given}."
            )
        self.number = int(sizes.pop())

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, i: Any) -> Any:
        if not -self.number <= i < self.number:
            raise IndexError(i)
        return slice_(self.values, {self.dim: i % self.number})


def shapes_of(values: Any) -> list[Shape]:
    """The shapes of all tensors of a tree."""
    return [t.shape for t in tree_leaves(values)]


def frames_of(value: Any, dim: Any = None) -> Any:
    """What `animate` goes through: the elements along a dim, by default the only batch dim of one value; else `value` itself.

    Raises:
        AnimationError: the value has no batch dim or several, or not the one that was named.
    """
    if dim is not None:
        return Frames(value, dim if isinstance(dim, str) else dim.name)
    if isinstance(value, (list, tuple, dict, Frames)) or not (isinstance(value, Tensor) or is_tree(value)):
        return value
    dims = merge_shapes(*[s.batch for s in shapes_of(value)])
    if dims.rank != 1:
        raise AnimationError(f"{value!r} has {dims.rank or 'no'} batch dims.  Name the one of frames: dim='time'.")
    return Frames(value, dims.name)


class Animation:
    """A film that is drawn when it is saved, or shown by a notebook; see `plot(…, animate='time')`."""

    def __init__(self, frames: Frames, library: Library, style: Style):
        self.frames, self.library, self.style = frames, library, style

    def save(self, path: str | PathLike[str], fps: float = 20) -> Any:
        """Write a `.gif`, or an `.mp4` where ffmpeg is installed; see `animate`.  Returns the path."""
        return film(self.frames, path, self.library, self.style, fps, None)

    def _repr_html_(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(self.save(Path(folder) / "film.gif")).read_bytes()
        return f'<img src="data:image/gif;base64,{base64.b64encode(data).decode()}">'

    def __repr__(self) -> str:
        return f"Animation of {len(self.frames)} frames along {self.frames.dim}: save('film.gif') writes it"
