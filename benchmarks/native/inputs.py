"""States to time and to check on: MAC velocity (interior faces only) and smoke at the cell centres of a closed box.

All arrays are NumPy, h = 1.  Component `i` of the velocity has one entry less than the box along axis `i`: the faces on
the walls are zero.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter

State = tuple[tuple[np.ndarray, ...], np.ndarray]  # velocity, smoke


def divergence(velocity) -> np.ndarray:
    """Net outflow of each cell of the closed box, in velocity per h."""
    total = 0
    for axis, v in enumerate(velocity):
        total = total + np.diff(np.pad(v, [(1, 1) if a == axis else (0, 0) for a in range(v.ndim)]), axis=axis)
    return total


def relative_divergence(velocity) -> float:
    """max |div v| h / max |v|, computed in float64 from the velocity itself."""
    velocity = [np.asarray(v, np.float64) for v in velocity]
    largest = max(np.abs(v).max() for v in velocity)
    return float(np.abs(divergence(velocity)).max() / largest) if largest else 0.0


def eigenvalues(shape) -> np.ndarray:
    """Of minus the Neumann Laplacian in the basis of the DCT-II; the zero of the constant mode is replaced by inf."""
    total = 0
    for axis, n in enumerate(shape):
        total = total + (4 * np.sin(np.pi * np.arange(n) / (2 * n)) ** 2).reshape(
            [-1 if a == axis else 1 for a in range(len(shape))]
        )
    total.flat[0] = np.inf
    return total


def project(velocity):
    """The closest velocity without divergence (float64)."""
    velocity = [np.asarray(v, np.float64) for v in velocity]
    div = divergence(velocity)
    p = -idctn(dctn(div) / eigenvalues(div.shape))
    return tuple(v - np.diff(p, axis=axis) for axis, v in enumerate(velocity))


def smooth(shape, displacement: float = 0.7, seed: int = 0, dtype=np.float32) -> State:
    """Smooth random velocity without divergence, its largest component `displacement`, and a smooth random smoke."""
    rng = np.random.default_rng(seed)
    width = max(shape) / 16
    velocity = [
        gaussian_filter(rng.standard_normal([n - (a == axis) for a, n in enumerate(shape)]), width, mode="constant")
        for axis in range(len(shape))
    ]
    velocity = project(velocity)
    scale = displacement / max(np.abs(v).max() for v in velocity)
    smoke = gaussian_filter(rng.random(shape), width / 4, mode="nearest")
    smoke = (smoke - smoke.min()) / (smoke.max() - smoke.min())
    return tuple((v * scale).astype(dtype) for v in velocity), smoke.astype(dtype)


def blob(shape, dtype=np.float32) -> State:
    """Fluid at rest with a ball of smoke near the floor (the last axis points up)."""
    centre = [n / 2 for n in shape[:-1]] + [shape[-1] / 5]
    grid = np.meshgrid(*[np.arange(n) + 0.5 for n in shape], indexing="ij")
    distance = np.sqrt(sum((x - c) ** 2 for x, c in zip(grid, centre, strict=True)))
    smoke = np.clip(min(shape) / 8 - distance, 0, 1)
    velocity = tuple(np.zeros([n - (a == axis) for a, n in enumerate(shape)], dtype) for axis in range(len(shape)))
    return velocity, smoke.astype(dtype)


def plume(shape, steps: int = 40, dt: float = 1.0, dtype=np.float32) -> State:
    """The plume that rises from `blob`, after `steps` of the NumPy step."""
    from native.smoke_numpy import step

    velocity, smoke = blob(shape, dtype)
    for _ in range(steps):
        velocity, smoke = step(velocity, smoke, dt)
    return velocity, smoke
