"""Fourier, cosine and sine transforms of NumPy arrays.

Each function works on any axes; all other axes are batch axes, which may be empty.
float32 stays float32 (complex64), float64 stays float64 (complex128), integers become float64.

Formulation, chosen by size.  SciPy's transforms are O(n log n) and single-threaded, but cost 20 µs a call and copy
strided lines; one matrix product per axis wins on small arrays.  Time of a float32 solve by products, divided by its
time with SciPy (medians, one thread):

| 16³  | 24³  | 32³  | 40³  | 48³  | 64³  | 32²  | 48²  | 64²  | 80²  | 96²  | 256 values | 512 values |
|------|------|------|------|------|------|------|------|------|------|------|------------|------------|
| 0.37 | 0.43 | 0.45 | 0.6  | 0.9  | 0.85 | 0.38 | 0.54 | 0.7  | 1.1  | 1.6  | 0.41       | 1.5        |

In float64 products lose earlier (64²: 0.92, 80²: 1.3, 40³: 0.75, 64³: 1.4).  Where the two are level SciPy is taken,
because one float32 solve by products leaves a residual 4 (64²) to 8 times (512²) larger.  Products are cut so small
that BLAS starts no threads: with two threads on busy cores one 100² solve took 300 times as long.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from phiml_core.backend.spectral_kinds import (
    FFT,
    SPECTRAL_KINDS,
    TRIG_KINDS,
    check_kinds,
    inverse_matrix,
    kind_type,
    matrix,
)

__all__ = ["fft", "ifft", "trig", "spectral_scale"]


def fft(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Fourier transform along `axes`, not normalised.  x: real or complex, → complex, same shape."""
    return _fourier("fftn", x, axes)


def ifft(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Inverse of `fft`, normalised by 1/n per axis.  x: real or complex, → complex, same shape."""
    return _fourier("ifftn", x, axes)


@cache
def _scipy() -> Any:
    """SciPy's transforms, imported when the first one is needed."""
    from scipy import fft

    return fft


def _fourier(name: str, x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    if not axes:
        return x.astype(np.result_type(x.dtype, np.complex64))
    return getattr(_scipy(), name)(x, axes=axes)


def trig(x: np.ndarray, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> np.ndarray:
    """Cosine or sine transform of `kinds[i]` along `axes[i]` as SciPy defines it (`scipy.fft.dct`, `dst`, `norm=None`).

    Args:
        x: real or complex (real and imaginary part are transformed by themselves).
        axes: distinct, not negative.
        kinds: 'dct1' … 'dct4', 'dst1' … 'dst4', one per axis.
        inverse: `False` for the transform, `True` for its inverse.

    Raises:
        ValueError: unknown kind, axis out of range, or dct1 along an axis of size 1.
    """
    plan = _plan(x.shape, tuple(axes), tuple(kinds), x.dtype, TRIG_KINDS)
    return _apply(x, plan.inverse if inverse else plan.forward, plan.groups, inverse)


def spectral_scale(x: np.ndarray, axes: tuple[int, ...], kinds: tuple[str, ...], scale: Any) -> np.ndarray:
    """T⁻¹ (scale · (T x)) with T the transform of `kinds[i]` along `axes[i]`.

    Args:
        x: real or complex.
        axes: distinct, not negative.
        kinds: 'fft', 'dct1' … 'dct4', 'dst1' … 'dst4', one per axis.
        scale: broadcastable to x; along each of `axes` it has the full spectrum in the standard order (`np.fft.fftfreq`
            for 'fft') or size 1. For real x it must be Hermitian over the 'fft' axes together, that is
            scale[-k] = conj(scale[k]), symmetric if real: only half the spectrum of the last 'fft' axis is computed.

    Returns:
        As x: real if x is real, unless a complex scale meets cosine and sine transforms alone.

    Raises:
        ValueError: unknown kind, axis out of range, or dct1 along an axis of size 1.
    """
    axes = tuple(axes)
    plan = _plan(x.shape, axes, tuple(kinds), x.dtype, SPECTRAL_KINDS)
    y = _apply(x, plan.forward, plan.groups, False)
    if not axes:
        y = _multiply(x.copy(), scale)
    elif not plan.fourier:
        y = _multiply(y, scale)
    elif y.dtype.kind == "c":
        y = ifft(_multiply(fft(y, plan.fourier), scale), plan.fourier)
    else:
        last = plan.fourier[-1]
        scale = np.asarray(scale)
        if scale.shape[last] > 1:
            scale = scale[(slice(None),) * last + (slice(x.shape[last] // 2 + 1),)]
        spectrum: Any = _scipy().rfftn(y, axes=plan.fourier)
        y = _multiply(spectrum, scale)
        y = _scipy().irfftn(y, s=[x.shape[a] for a in plan.fourier], axes=plan.fourier, overwrite_x=True)
    result: Any = y
    return _apply(result, plan.inverse, plan.groups, True, overwrite=True)


def _multiply(y: Any, scale: Any) -> Any:
    """y · scale in the precision of y, in place where it fits."""
    scale = np.asarray(scale)
    if scale.dtype.kind == "c" and y.dtype.kind != "c":
        return y * scale.astype(np.result_type(y.dtype, np.complex64))
    if scale.shape == y.shape:
        return np.multiply(y, scale, out=y, casting="same_kind")
    return y * scale.astype(y.dtype if scale.dtype.kind == "c" else y.real.dtype)


class _Product(NamedTuple):
    shape: tuple[int, ...]  # …, n where the matrix comes from the right, else n, width or outside, n, (chunks,) width
    matrix: np.ndarray
    from_right: bool


class _Plan(NamedTuple):
    forward: tuple[_Product, ...]  # empty where SciPy does it
    inverse: tuple[_Product, ...]
    groups: tuple[tuple[str, int, tuple[int, ...]], ...]  # ('dct', 2, axes), …
    fourier: tuple[int, ...]


def _apply(
    x: np.ndarray,
    products: tuple[_Product, ...],
    groups: tuple[tuple[str, int, tuple[int, ...]], ...],
    inverse: bool,
    overwrite: bool = False,
) -> np.ndarray:
    if products:
        y = x
        for shape, mat, from_right in products:
            y = y.reshape(shape)
            if from_right:
                y = y @ mat
            elif len(shape) < 4:
                y = mat @ y
            else:
                result = np.empty(shape, y.dtype)
                np.matmul(mat, y.swapaxes(1, 2), out=result.swapaxes(1, 2))
                y = result
        return y.reshape(x.shape)
    if not groups:
        return x
    for family, number, axes in groups:
        transform = getattr(_scipy(), ("i" if inverse else "") + family + "n")
        x = transform(x, type=number, axes=axes, overwrite_x=overwrite)
        overwrite = True
    return x


@lru_cache(maxsize=256)
def _plan(
    shape: tuple[int, ...], axes: tuple[int, ...], kinds: tuple[str, ...], dtype: np.dtype, allowed: tuple[str, ...]
) -> _Plan:
    check_kinds(shape, axes, kinds, allowed)
    pairs = [(a, k) for a, k in sorted(zip(axes, kinds)) if k != FFT]
    groups: dict[tuple[str, int], list[int]] = {}
    for axis, kind in pairs:
        groups.setdefault((kind[:3], kind_type(kind)), []).append(axis)
    forward: tuple[_Product, ...] = ()
    inverse: tuple[_Product, ...] = ()
    if pairs and _products_are_faster(shape, [a for a, _ in pairs], dtype):
        forward = tuple(_product(shape, axis, matrix(kind, shape[axis], dtype)) for axis, kind in pairs)
        inverse = tuple(_product(shape, axis, inverse_matrix(kind, shape[axis], dtype)) for axis, kind in pairs)
    fourier = tuple(a for a, k in sorted(zip(axes, kinds)) if k == FFT)
    return _Plan(forward, inverse, tuple((*key, tuple(group)) for key, group in groups.items()), fourier)


LARGEST_PRODUCT = {"f": (256, 64, 64, 48), "d": (256, 48, 48, 40)}
"""Largest size at which matrix products beat SciPy: for a single vector; for 1, 2, 3 or more transformed axes."""

ONE_THREAD = 2**18
"""Multiplications in one matrix product up to which OpenBLAS does not start threads."""


def _products_are_faster(shape: tuple[int, ...], axes: list[int], dtype: np.dtype) -> bool:
    largest = LARGEST_PRODUCT.get(dtype.char)
    if largest is None or 0 in shape:
        return False
    case = 0 if max(shape) == prod(shape) else min(len(axes), 3)
    if max(shape[a] for a in axes) > largest[case]:
        return False
    columns = [_split(shape, a) for a in axes]
    return all(c[2] >= 8 or c[1] == 1 for c in columns)  # sizes without divisors would be cut into slivers


def _split(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    """Sizes (outside, chunks, width) such that each matrix product has `width` columns."""
    before, n, after = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    outside, columns = (1, before) if after == 1 else (before, after)
    width = next(w for w in range(max(1, min(columns, ONE_THREAD // n**2)), 0, -1) if columns % w == 0)
    return outside, columns // width, width


def _product(shape: tuple[int, ...], axis: int, mat: np.ndarray) -> _Product:
    n = shape[axis]
    outside, chunks, width = _split(shape, axis)
    if prod(shape[axis + 1 :]) == 1:
        return _Product((chunks, width, n) if chunks > 1 else (width, n), mat.T, True)
    if chunks > 1:
        return _Product((outside, n, chunks, width), mat, False)
    return _Product((outside, n, width) if outside > 1 else (n, width), mat, False)
