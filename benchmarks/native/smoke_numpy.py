"""The same step in bare NumPy and SciPy, as fast as it can reasonably be written: what an eager library competes with.

Closed box, h = 1, interior faces only.  Any CFL number: the cell is index + floor(-d), interpolation by `take`, the
pressure by `scipy.fft.dctn`.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from scipy.fft import dctn, idctn

from native.inputs import eigenvalues

BUOYANCY = 0.1


def along(axis: int, ndim: int) -> list[tuple[int, int]]:
    return [(1, 1) if a == axis else (0, 0) for a in range(ndim)]


def cut(ndim: int, axis: int, start, stop) -> tuple[slice, ...]:
    return tuple(slice(start, stop) if a == axis else slice(None) for a in range(ndim))


def average(x, axis: int):
    return 0.5 * (x[cut(x.ndim, axis, 1, None)] + x[cut(x.ndim, axis, None, -1)])


def pad_zero(v, axes):
    out = np.zeros([n + 2 * (a in axes) for a, n in enumerate(v.shape)], v.dtype)
    out[tuple(slice(1, -1) if a in axes else slice(None) for a in range(v.ndim))] = v
    return out


def at_centers(velocity):
    return [average(pad_zero(v, (axis,)), axis) for axis, v in enumerate(velocity)]


def at_faces(velocity, centred, axis: int):
    return [v if other == axis else average(centred[other], axis) for other, v in enumerate(velocity)]


@lru_cache(maxsize=64)
def indices(shape):
    return tuple(
        np.arange(n).reshape([-1 if a == axis else 1 for a in range(len(shape))]).astype(np.int32)
        for axis, n in enumerate(shape)
    )


def corners(values, displacement, outside):
    """The 2^d values around x + displacement, lowest corner first, and the fraction of the way to the upper one."""
    shape = displacement[0].shape
    cells, fractions = [], []
    for d in displacement:
        floor = np.floor(d)
        fractions.append(d - floor)
        cells.append(floor.astype(np.int32))
    index = indices(shape)
    first = 0
    if outside == "zero":  # one layer of zeros outside; everything beyond falls on it
        values, first = pad_zero(values, range(values.ndim)), 1
    lower, upper = (
        [np.clip(c + (i + first + q), 0, n - 1) for c, i, n in zip(cells, index, values.shape, strict=True)]
        for q in (0, 1)
    )
    strides = [int(np.prod(values.shape[a + 1 :])) for a in range(values.ndim)]
    lower = [a * s for a, s in zip(lower, strides, strict=True)]
    upper = [a * s for a, s in zip(upper, strides, strict=True)]
    flat = values.ravel()
    found = []
    for pick in itertools.product((0, 1), repeat=values.ndim):
        position = sum((upper if q else lower)[a] for a, q in enumerate(pick))
        found.append(flat.take(position, mode="clip"))
    return found, fractions


def interpolate(found, fractions):
    for f in reversed(fractions):
        found = [a + f * (b - a) for a, b in zip(found[::2], found[1::2], strict=True)]
    return found[0]


def mac_cormack(smoke, centred, dt):
    d = [dt * v for v in centred]
    found, fractions = corners(smoke, [-x for x in d], "edge")
    low, high = found[0], found[0]
    for c in found[1:]:
        low, high = np.minimum(low, c), np.maximum(high, c)
    forward = interpolate(found, fractions)
    returned = interpolate(*corners(forward, d, "edge"))
    return np.clip(forward + 0.5 * (smoke - returned), low, high)


def divergence(velocity):
    return sum(np.diff(pad_zero(v, (axis,)), axis=axis) for axis, v in enumerate(velocity))


@lru_cache(maxsize=16)
def inverse_eigenvalues(shape, dtype):
    return (-1 / eigenvalues(shape)).astype(dtype)


def project(velocity):
    """One pass leaves 1e-5 to 1e-4 in float32; the second works on what is left and reaches rounding."""
    for _ in range(2 if velocity[0].dtype == np.float32 else 1):
        div = divergence(velocity)
        p = idctn(dctn(div) * inverse_eigenvalues(div.shape, div.dtype.type))
        velocity = [v - np.diff(p, axis=axis) for axis, v in enumerate(velocity)]
    return tuple(velocity)


def step(velocity, smoke, dt):
    """(velocity, smoke) after `dt`; the last axis points up."""
    dt = smoke.dtype.type(dt)
    centred = at_centers(velocity)
    smoke = mac_cormack(smoke, centred, dt)
    advected = [
        interpolate(*corners(v, [-dt * d for d in at_faces(velocity, centred, axis)], "zero"))
        for axis, v in enumerate(velocity)
    ]
    advected[-1] += dt * smoke.dtype.type(BUOYANCY) * average(smoke, smoke.ndim - 1)
    return project(advected), smoke
