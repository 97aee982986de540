"""The baseline on TensorFlow: one smoke step as one writes it in a plain `tf.function`, in any number of dimensions.

The same step as `smoke_jax.py`: MacCormack smoke with clamp and semi-Lagrangian MAC velocity by gathers, buoyancy, and a
Neumann projection by `tf.signal.dct`.  TensorFlow has no `map_coordinates`, so it is written out here, with one flat gather
per corner, and its DCT works along the last axis.  Closed box, h = 1, interior faces only; see `inputs.py` for the layout.
"""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import tensorflow as tf

from native.inputs import eigenvalues

BUOYANCY = 0.1


def pad(x, axis: int, width=(1, 1)):
    return tf.pad(x, [width if a == axis else (0, 0) for a in range(len(x.shape))])


def cut(x, axis: int, start: int, stop: int | None):
    return x[(*[slice(None)] * axis, slice(start, stop))]


def average(x, axis: int):
    """Mean of neighbours along `axis`: one entry less."""
    return 0.5 * (cut(x, axis, 1, None) + cut(x, axis, 0, -1))


def difference(x, axis: int):
    return cut(x, axis, 1, None) - cut(x, axis, 0, -1)


def at_centers(velocity):
    """Each component at the cell centres."""
    return [average(pad(v, axis), axis) for axis, v in enumerate(velocity)]


def at_faces(velocity, axis: int):
    """All components at the faces normal to `axis`."""
    return [v if other == axis else average(average(pad(v, other), other), axis) for other, v in enumerate(velocity)]


def positions(shape):
    return np.meshgrid(*[np.arange(n, dtype=np.float32) for n in shape], indexing="ij")


def corner_values(values, lower):
    """The 2^d values around positions, last axis fastest; positions outside take the value at the side."""
    shape = values.shape
    flat = tf.reshape(values, [-1])
    sides = [
        [tf.clip_by_value(i, 0, n - 1), tf.clip_by_value(i + 1, 0, n - 1)] for i, n in zip(lower, shape, strict=True)
    ]
    found = []
    for corner in itertools.product((0, 1), repeat=len(shape)):
        index = 0
        for side, pick, n in zip(sides, corner, shape, strict=True):
            index = index * n + side[pick]
        found.append(tf.gather(flat, index))
    return found


def interpolate(values, where):
    """Linear interpolation, and the corners that it used."""
    floor = [tf.floor(x) for x in where]
    corners = corner_values(values, [tf.cast(f, tf.int32) for f in floor])
    level = corners
    for weight in [x - f for x, f in zip(where, floor, strict=True)][::-1]:
        level = [a + weight * (b - a) for a, b in zip(level[::2], level[1::2], strict=True)]
    return level[0], corners


def mac_cormack(smoke, velocity, dt):
    """Second order, clamped to the values of the cell the sample comes from (Selle et al. 2008)."""
    x = positions(smoke.shape)
    v = at_centers(velocity)
    forward, corners = interpolate(smoke, [a - dt * b for a, b in zip(x, v, strict=True)])
    returned, _ = interpolate(forward, [a + dt * b for a, b in zip(x, v, strict=True)])
    corners = tf.stack(corners)
    corrected = forward + 0.5 * (smoke - returned)
    return tf.clip_by_value(corrected, tf.reduce_min(corners, 0), tf.reduce_max(corners, 0))


def semi_lagrangian(velocity, dt):
    result = []
    for axis, component in enumerate(velocity):
        back = [a - dt * b for a, b in zip(positions(component.shape), at_faces(velocity, axis), strict=True)]
        wide = tf.pad(component, [(1, 1)] * len(component.shape))  # zero beyond the sides
        result.append(interpolate(wide, [b + 1 for b in back])[0])
    return result


def along_all(transform, x):
    """A transform of the last axis along every axis."""
    rank = len(x.shape)
    for _ in range(rank):
        x = tf.transpose(transform(x), [rank - 1, *range(rank - 1)])
    return x


def project(velocity):
    div = sum(difference(pad(v, axis), axis) for axis, v in enumerate(velocity))
    scale = (1 / eigenvalues(div.shape)).astype(np.float32)
    p = -along_all(partial(tf.signal.idct, norm="ortho"), along_all(partial(tf.signal.dct, norm="ortho"), div) * scale)
    return tuple(v - difference(p, axis) for axis, v in enumerate(velocity))


def step(velocity, smoke, dt):
    """(velocity, smoke) after `dt`; the last axis points up."""
    smoke = mac_cormack(smoke, velocity, dt)
    velocity = semi_lagrangian(velocity, dt)
    velocity[-1] = velocity[-1] + dt * BUOYANCY * average(smoke, len(smoke.shape) - 1)
    return project(velocity), smoke


graph = tf.function(step, autograph=False)
xla = tf.function(step, autograph=False, jit_compile=True)


def steps(velocity, smoke, dt, count: int):
    """`count` steps in one loop."""
    velocity = tuple(velocity)
    loop = tf.while_loop(
        lambda i, *_: i < count,
        lambda i, v, s: (i + 1, *step(v, s, dt)),
        (tf.constant(0), velocity, smoke),
        maximum_iterations=count,
    )
    return loop[1:]


def loss(velocity, smoke, dt, count: int):
    """A scalar of the state after `count` steps, to differentiate."""
    velocity, smoke = steps(velocity, smoke, dt, count)
    return tf.reduce_sum(smoke**2) + sum(tf.reduce_sum(v**2) for v in velocity)
