"""The shape in a picture: how much of each pixel it covers, and how much of any cell or face.

Coverage is a function of the plane: bilinear between the centres of the pixels, and zero outside of the picture.  The
picture has width nx and height ny in pixels; x points right and y up, as in space and unlike the rows of an image file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["ImageError", "read_coverage", "sample_coverage", "mean_coverage"]

DARK_LEVELS = 0.04, 0.96
"""Darkness below and above counts as none and full: compression leaves noise of a few percent on paper and ink."""

LONGEST = 1024
"""Pixels along the longer side that are kept; more than any grid around the picture resolves."""

QUANTUM = 2.0**-30
"""Coverage is rounded to multiples of this, whose sums over a picture are exact in float64."""


class ImageError(ValueError):
    """A picture cannot be read, or shows no shape."""


def read_coverage(path: str | Path, threshold: float | None = None) -> np.ndarray:
    """Coverage of each pixel of a picture.

    The shape is what is opaque, if the picture has transparency, else what is dark: the lightest pixels are background.

    Args:
        path: of the file: PNG, JPEG or whatever Pillow reads.
        threshold: coverage from which a pixel counts as covered; None keeps the soft edge.

    Returns:
        (nx, ny) in [0, 1], first index to the right, second up.

    Raises:
        ImageError: the file is missing, no picture, or blank.
    """
    coverage = _coverage(_decode(Path(path)))
    if threshold is not None:
        if not 0 < threshold <= 1:
            raise ImageError(f"threshold={threshold} was given, expected a number in (0, 1]. Use 0.5, or None.")
        coverage = (coverage >= threshold).astype(float)
    if coverage.max() < 0.05 or coverage.min() > 0.95:
        what = "nothing" if coverage.max() < 0.05 else "everything"
        raise ImageError(
            f"The picture {path} shows no shape: {what} is {'opaque' if what == 'everything' else 'opaque or dark'}. "
            "Use a dark shape on a light background, or one on a transparent background"
            + (", or another threshold." if threshold is not None else ".")
        )
    return np.ascontiguousarray(coverage.T[:, ::-1])


def _decode(path: Path) -> np.ndarray:
    """The picture as (rows, columns, 2) floats: lightness and opacity, both 0 to 1."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            if picture.mode[0] in "IF":  # 16 or 32 bits a pixel, whose white point is not told
                picture.load()
                values = np.asarray(picture, float)
                spread = np.ptp(values)
                gray = (values - values.min()) / spread if spread else np.ones_like(values)
                picture = Image.fromarray(np.rint(255 * gray).astype(np.uint8))
            picture = picture.convert("RGBA")
            picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    except FileNotFoundError:
        raise ImageError(f"There is no picture {path} in {Path.cwd()}. Give the path of a PNG or JPEG.") from None
    except UnidentifiedImageError:
        raise ImageError(f"{path} is no picture that can be read, expected a PNG or JPEG file. Convert it.") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"The picture {path} cannot be read: {error}. Open and save it again as PNG.") from error
    return np.asarray(picture.convert("LA"), float) / 255


def _coverage(picture: np.ndarray) -> np.ndarray:
    """Opacity if there is real transparency, else darkness."""
    lightness, opacity = picture[..., 0], picture[..., 1]
    if opacity.min() < 0.5:
        return opacity
    spread = np.ptp(lightness)
    if spread < 0.1:
        return np.zeros_like(lightness)
    darkness = (lightness.max() - lightness) / spread
    low, high = DARK_LEVELS
    return np.clip((darkness - low) / (high - low), 0, 1)


def sample_coverage(coverage: np.ndarray, points: Any, lower: Sequence[float], upper: Sequence[float]) -> np.ndarray:
    """Coverage at points.

    Args:
        coverage: (nx, ny), as from `read_coverage`.
        points: (…, 2) positions x, y.
        lower, upper: corners of the picture, (2,) each, in the unit of `points`.

    Returns:
        (…) in [0, 1].
    """
    points = np.asarray(points, float)
    return mean_coverage(coverage, points, points, lower, upper)


def mean_coverage(
    coverage: np.ndarray, cell_lower: Any, cell_upper: Any, lower: Sequence[float], upper: Sequence[float]
) -> np.ndarray:
    """Exact mean coverage of axis-aligned cells, faces (no extent along one axis) or points (along none).

    The integral of a bilinear function up to (X, Y) is quadratic in X and in Y between pixel centres, with the
    summed-area table (Crow 1984, "Summed-area tables for texture mapping") as coefficients: a few look-ups for a cell
    of any size.

    Args:
        coverage: (nx, ny), as from `read_coverage`.
        cell_lower, cell_upper: (…, 2) corners of the cells, broadcast against each other.
        lower, upper: corners of the picture, (2,) each.

    Returns:
        (…) in [0, 1].
    """
    padded = np.pad(np.rint(np.asarray(coverage, float) / QUANTUM), 2)  # outside the picture nothing is covered
    table = np.pad(padded, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    cell_lower, cell_upper = np.broadcast_arrays(np.asarray(cell_lower, float), np.asarray(cell_upper, float))
    columns, rows = (
        _mean_terms(cell_lower[..., a], cell_upper[..., a], lower[a], upper[a], coverage.shape[a]) for a in range(2)
    )
    # The weights along each axis add up to zero, so that sums may start at the cell instead of the corner of the table:
    # these are whole numbers that differ exactly, where the sums over half a picture would cancel with rounding errors.
    first_column, first_row = columns[-1][0], rows[-1][0]
    corner = table[first_column, first_row]
    below = [table[column, first_row] - corner for column, _ in columns]
    mean = np.zeros(cell_lower.shape[:-1])
    for row, y_weight in rows:
        beside = table[first_column, row]
        for (column, x_weight), under in zip(columns, below):
            mean += x_weight * y_weight * (table[column, row] - beside - under)
    return np.clip(mean * QUANTUM, 0, 1)


Terms = list[tuple[np.ndarray, np.ndarray]]


def _mean_terms(low: np.ndarray, high: np.ndarray, lower: float, upper: float, count: int) -> Terms:
    """The mean over intervals of the piecewise linear function m, as a combination of cumulative sums, the first last.

    With C_k = m_0 + … + m_{k−1} on the padded pixels, the integral up to k + t in units of pixels, 0 ≤ t < 1, is
    C_k + m_k (1/2 + t − t²/2) + m_{k+1} t²/2, and the value there m_k (1 − t) + m_{k+1} t.
    """
    pixel = (upper - lower) / count
    width = (high - low) / pixel
    # In units of pixels, pixel i of the padded picture centred at i; clipped to where everything is zero.
    low, high = (np.clip((x - lower) / pixel + 1.5, 0, count + 2.999) for x in (low, high))
    is_point = width < 1e-6
    scale = 1 / np.where(is_point, 1, width)
    terms: Terms = []
    for x, sign in ((high, 1.0), (low, -1.0)):
        k = np.minimum(x.astype(int), count + 2)
        t = x - k
        here, there = 0.5 + t - t * t / 2, t * t / 2
        integral = (1 - here, here - there, there)
        value = (t - 1, 1 - 2 * t, t)
        for offset in (2, 1, 0):
            at_point = value[offset] if sign > 0 else 0.0
            terms.append((k + offset, np.where(is_point, at_point, sign * scale * integral[offset])))
    return terms
