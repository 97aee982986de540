"""The words of pictures: a value says what it looks like, a canvas draws that, and neither knows the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any

from ..dispatch import generic
from .data import Mark
from .library import Canvas, Library, find_library
from .style import Style

__all__ = ["Overlay", "animate", "draw", "figure", "film", "marks", "overlay", "plot", "show"]


@generic
def marks(value: Any) -> list[Mark]:
    """What `value` looks like.

    A method returns plain data and imports no plotting library.  A batched value returns the marks of all its elements,
    each with the element it belongs to (`Mark.at`); space is named by the axes of the marks.

    Args:
        value: a field, a geometry, a tensor over space, or anything else that can be seen.
    """
    ...


@marks.dispatch
def _(value: Mark):
    return [value]


@generic
def draw(mark: Mark, canvas: Canvas) -> None:
    """Puts `mark` on `canvas`.

    The canvas draws one panel.  What has to be composed with other marks (volumes behind surfaces) may wait until
    `Canvas.finish`, which is called once after the last mark.
    """


@generic(on="library")
def figure(values: tuple[Any, ...], library: Library, style: Style) -> Any:
    """What `plot` does, in one plotting library.  Returns the figure object of that library."""


@generic(on="library")
def film(
    frames: Iterable[Any],
    path: str | PathLike[str],
    library: Library,
    style: Style,
    fps: float,
    progress: Callable[[int, int | None], Any] | None,
) -> Any:
    """What `animate` does, in one plotting library.  Returns the path of the file."""


def plot(
    *values: Any,
    overlay: Any = None,
    size: tuple[float, float] | None = None,
    title: str | Sequence[str] | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: str | None = None,
    same_scale: bool = True,
    show_color_bar: bool = True,
    max_panels: int = 20,
    view: tuple[float, float] = (-60.0, 18.0),
    animate: str | None = None,
    row_dims: Any = None,
    col_dims: Any = None,
    log_dims: Any = (),
    color: Any = None,
    alpha: float = 1.0,
    err: Any = None,
    library: str | Library = "matplotlib",
) -> Any:
    """Draws values side by side: scalars as colours, vectors as arrows, geometries as shapes, one dimension as curves.

    Each value takes a panel of its own, each element of a batch too; a list is the sequence of its elements and a dict
    also names them.  Three-dimensional scalars are rendered as glowing, absorbing matter with geometries in it.

    Args:
        values: anything that has `marks`.
        overlay: a value or a list of values drawn on top of every panel (an obstacle on the smoke); `'args'` draws all
            `values` into one panel; the name of a batch dim draws the elements along it into one panel.
        size: width and height in inches; by default from the shape of the data.
        title: heading of the whole figure, or a list with one for each value.
        vmin, vmax: values of the first and the last colour; by default the range of the data.
        cmap: name of a colour map of the library; by default one for signed and one for unsigned data.
        same_scale: one range of colours for all panels that show the same quantity (`Mark.label`); else one for each.
        show_color_bar: with a scale that explains the colours.
        max_panels: draw no more panels than this, with a warning.
        view: azimuth and elevation of the camera in degrees, in three dimensions.
        animate: name of a dim along which the values are frames of a film, e.g. of a trajectory.
        row_dims, col_dims: batch dims whose elements lie below or beside each other: names, a shape, or `'x,y'`.  If one of both
            is given, all other dims and the values (`'args'`) belong to the other; by default panels fill rows.
        log_dims: axes with a logarithmic scale, by name: those of curves and points; `'_'` for the values, which are the height of
            curves and the colours of heat maps.
        color: of curves, points, arrows and surfaces: a name, '#rrggbb', or the number of one of the usual colours; a list has one
            for each value.
        alpha: opacity, 0 to 1.
        err: half the height of a band around curves: a number, or a value whose curves are these heights; a list has one for each value.
        library: name of a plotting library, or its `Library` object.

    Returns:
        The figure object of the library, for Matplotlib a `matplotlib.figure.Figure` with `savefig`; no window opens.  With
        `animate` an `Animation`, which a notebook shows and `save('film.gif')` writes.

    Raises:
        LibraryNotFound: no installed plugin draws with `library`; the message names the command that installs one.
        NoMethod: a value has no `marks`.
        AnimationError: no value has the dim of frames, or they differ in their number.
    """
    style = Style(
        overlay=overlay, size=size, title=title, vmin=vmin, vmax=vmax, cmap=cmap, same_scale=same_scale,
        show_color_bar=show_color_bar, max_panels=max_panels, view=view, row_dims=names_of(row_dims),
        col_dims=names_of(col_dims), log_dims=names_of(log_dims) or (), color=color, alpha=alpha, err=err,
    )  # fmt: skip
    if animate is not None:
        from .animation import Animation, Frames

        return Animation(Frames(values[0] if len(values) == 1 else values, animate), find_library(library), style)
    return figure(values, find_library(library), style)


def names_of(dims: Any) -> tuple[str, ...] | None:
    """Names of dims, given as a shape, names, or one string of them."""
    if dims is None:
        return None
    if isinstance(dims, str):
        return tuple([name.strip() for name in dims.split(",") if name.strip()])
    return tuple(getattr(dims, "names", None) or [d if isinstance(d, str) else d.name for d in dims])


def show(*values: Any, library: str | Library = "matplotlib", **wishes: Any) -> Any:
    """Draws values as `plot` does and opens a window, where there is a display; returns the figure.

    Without values it shows the figures that were plotted before.
    """
    found = plot(*values, library=library, **wishes) if values else None
    find_library(library).show()
    return found


class Overlay(tuple[Any, ...]):
    """Values that are drawn into one panel; made by `overlay`."""


def overlay(*values: Any) -> Overlay:
    """Values as one that is drawn into one panel: `plot(overlay(smoke, obstacle), velocity)`."""
    return Overlay(values)


@marks.dispatch
def _(value: Overlay):
    return [mark for part in value for mark in marks(part)]


def animate(
    frames: Any,
    path: str | PathLike[str],
    *,
    dim: Any = None,
    fps: float = 20,
    progress: Callable[[int, int | None], Any] | None = None,
    overlay: Any = None,
    size: tuple[float, float] | None = None,
    title: str | Sequence[str] | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: str | None = None,
    same_scale: bool = True,
    show_color_bar: bool = True,
    max_panels: int = 20,
    view: tuple[float, float] = (-60.0, 18.0),
    dpi: int = 90,
    library: str | Library = "matplotlib",
) -> Any:
    """Writes a film of `frames`, a picture as by `plot` for each, with the same colour for the same value throughout.

    At most one frame is held in memory.  Without both `vmin` and `vmax` the range of all frames must be known before
    the first is drawn: `frames` that can be iterated twice are, the marks of an iterator wait in a temporary file.

    Args:
        frames: an iterable of values, or of tuples, lists or dicts of values for several panels; or a value with a dim of
            frames, such as a trajectory.
        path: of the file to write, `.gif`, or `.mp4` where ffmpeg is installed.  It appears when it is complete;
            after an error or Ctrl-C an earlier file is still there.
        dim: of the frames, if they are the elements of values; by default the only batch dim of a value.
        fps: frames per second; a GIF rounds the duration of a frame to 1/100 s.
        progress: called as `progress(done, total)` after each frame; total is None while it is unknown.
        dpi: pixels per inch of `size`.
        overlay, size, title, vmin, vmax, cmap, same_scale, show_color_bar, max_panels, view, library: as for `plot`.

    Returns:
        The path of the file.

    Raises:
        AnimationError: no frames, an unknown file type, or no ffmpeg.
        LibraryNotFound: no installed plugin draws with `library`.
    """
    style = Style(
        overlay=overlay, size=size, title=title, vmin=vmin, vmax=vmax, cmap=cmap, same_scale=same_scale,
        show_color_bar=show_color_bar, max_panels=max_panels, view=view, dpi=dpi,
    )  # fmt: skip
    from .animation import frames_of

    return film(frames_of(frames, dim), path, find_library(library), style, fps, progress)
