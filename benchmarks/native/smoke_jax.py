"""The baseline: one smoke step as one writes it in plain JAX, in any number of dimensions.

MacCormack smoke with clamp and semi-Lagrangian MAC velocity by `jax.scipy.ndimage.map_coordinates`, buoyancy, and a
Neumann projection by `jax.scipy.fft.dctn`.  Closed box, h = 1, interior faces only; see `inputs.py` for the layout.
"""

from __future__ import annotations

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.fft import dctn, idctn
from jax.scipy.ndimage import map_coordinates

from native.inputs import eigenvalues

BUOYANCY = 0.1


def along(axis: int, ndim: int, width=(1, 1)) -> list[tuple[int, int]]:
    """Padding widths that are `width` along one axis."""
    return [width if a == axis else (0, 0) for a in range(ndim)]


def average(x, axis: int):
    """Mean of neighbours along `axis`: one entry less."""
    n = x.shape[axis]
    return 0.5 * (jax.lax.slice_in_dim(x, 1, n, axis=axis) + jax.lax.slice_in_dim(x, 0, n - 1, axis=axis))


def at_centers(velocity):
    """Each component at the cell centres."""
    return [average(jnp.pad(v, along(axis, v.ndim)), axis) for axis, v in enumerate(velocity)]


def at_faces(velocity, axis: int):
    """All components at the faces normal to `axis`."""
    return [
        v if other == axis else average(average(jnp.pad(v, along(other, v.ndim)), other), axis)
        for other, v in enumerate(velocity)
    ]


def positions(shape):
    return jnp.meshgrid(*[jnp.arange(n, dtype=jnp.float32) for n in shape], indexing="ij")


def mac_cormack(smoke, velocity, dt):
    """Second order, clamped to the values of the cell the sample comes from (Selle et al. 2008)."""
    x = positions(smoke.shape)
    v = at_centers(velocity)
    back = [a - dt * b for a, b in zip(x, v, strict=True)]
    forward = map_coordinates(smoke, back, order=1, mode="nearest")
    returned = map_coordinates(forward, [a + dt * b for a, b in zip(x, v, strict=True)], order=1, mode="nearest")
    corrected = forward + 0.5 * (smoke - returned)
    lower = [jnp.floor(b).astype(jnp.int32) for b in back]
    corners = [
        smoke[tuple(jnp.clip(i + o, 0, n - 1) for i, o, n in zip(lower, offset, smoke.shape, strict=True))]
        for offset in itertools.product((0, 1), repeat=smoke.ndim)
    ]
    corners = jnp.stack(corners)
    return jnp.clip(corrected, corners.min(0), corners.max(0))


def semi_lagrangian(velocity, dt):
    result = []
    for axis, component in enumerate(velocity):
        back = [a - dt * b for a, b in zip(positions(component.shape), at_faces(velocity, axis), strict=True)]
        result.append(map_coordinates(component, back, order=1, mode="constant", cval=0.0))
    return result


def divergence(velocity):
    return sum(jnp.diff(jnp.pad(v, along(axis, v.ndim)), axis=axis) for axis, v in enumerate(velocity))


def project(velocity):
    div = divergence(velocity)
    p = -idctn(dctn(div) / eigenvalues(div.shape).astype(np.float32))
    return tuple(v - jnp.diff(p, axis=axis) for axis, v in enumerate(velocity))


def step(velocity, smoke, dt):
    """(velocity, smoke) after `dt`; the last axis points up."""
    smoke = mac_cormack(smoke, velocity, dt)
    velocity = semi_lagrangian(velocity, dt)
    velocity[-1] = velocity[-1] + dt * BUOYANCY * average(smoke, smoke.ndim - 1)
    return project(velocity), smoke


@partial(jax.jit, static_argnums=3)
def steps(velocity, smoke, dt, count: int):
    """`count` steps in one compiled loop."""
    return jax.lax.scan(lambda state, _: (step(*state, dt), None), (velocity, smoke), length=count)[0]


def loss(velocity, smoke, dt, count: int):
    """A scalar of the state after `count` steps, to differentiate."""
    velocity, smoke = steps(velocity, smoke, dt, count)
    return jnp.sum(smoke**2) + sum(jnp.sum(v**2) for v in velocity)


jitted = jax.jit(step)
