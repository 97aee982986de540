"""The eager operations whose overhead is compared, written once for every library with phiml's function names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

COUNTED = 16
"""The first so many operations make up the sum that is compared."""


def operations(math: Any, half: Any) -> dict[str, Callable[[], Any]]:
    """Name to call on tensors of 4 × 3 of the default backend of `math`; `half` is its name of float16."""
    spatial, channel = math.spatial, math.channel
    data, other = arrays()
    a = math.tensor(data, spatial("x"), channel(vector="x,y,z"))
    b = math.tensor(other, spatial("x"), channel(vector="x,y,z"))
    transposed = math.tensor(other.T.copy(), channel(vector="x,y,z"), spatial("x"))
    row = math.tensor(other[0], channel(vector="x,y,z"))
    mask = a > 0.5
    stacked, y, x = channel("c"), spatial("y"), spatial(x=4)
    vector = channel(vector="x,y,z")
    total = getattr(math, "sum_", None) or math.sum
    squared = getattr(math, "squared_norm", None) or math.vec_squared  # phiml warns at each call of the older name
    return {
        "add, same shape": lambda: a + b,
        "add, transposed": lambda: a + transposed,
        "add, broadcast": lambda: a + row,
        "abs": lambda: abs(a),
        "sum over x": lambda: total(a, "x"),
        "slice vector['x']": lambda: a.vector["x"],
        "slice x[1:3]": lambda: a.x[1:3],
        "rename": lambda: math.rename_dims(a, "x", y),
        "stack": lambda: math.stack([a, b], stacked),
        "concat": lambda: math.concat([a, b], "x"),
        "where": lambda: math.where(mask, a, b),
        "cast": lambda: math.cast(a, half),
        "zeros": lambda: math.zeros(x, vector),
        "pad": lambda: math.pad(a, {"x": (1, 1)}, 0),
        "dot": lambda: math.dot(a, "vector", b, "vector"),
        "vec_squared": lambda: squared(a, "vector"),
        "(stack, then its array)": lambda: math.stack([a, b], stacked).native("c,x,vector"),
    }


def native_operations(xp: Any) -> dict[str, Callable[[], Any]]:
    """The same on arrays of NumPy or jax.numpy."""
    a, b = map(xp.asarray, arrays())
    transposed, row, mask = xp.asarray(np.asarray(b).T.copy()), b[0], a > 0.5
    widths = ((1, 1), (0, 0))
    return {
        "add, same shape": lambda: a + b,
        "add, transposed": lambda: a + transposed.T,
        "add, broadcast": lambda: a + row,
        "abs": lambda: abs(a),
        "sum over x": lambda: a.sum(0),
        "slice vector['x']": lambda: a[:, 0],
        "slice x[1:3]": lambda: a[1:3],
        "rename": lambda: a,
        "stack": lambda: xp.stack([a, b]),
        "concat": lambda: xp.concatenate([a, b]),
        "where": lambda: xp.where(mask, a, b),
        "cast": lambda: a.astype("float16"),
        "zeros": lambda: xp.zeros((4, 3), "float32"),
        "pad": lambda: xp.pad(a, widths),
        "dot": lambda: xp.einsum("xv,xv->x", a, b),
        "vec_squared": lambda: (a * a).sum(-1),
        "(stack, then its array)": lambda: xp.stack([a, b]),
    }


def native_torch() -> dict[str, Callable[[], Any]]:
    """The same on tensors of PyTorch, by its public functions."""
    import torch

    a, b = map(torch.from_numpy, arrays())
    transposed, row, mask = b.t().contiguous(), b[0], a > 0.5
    return {
        "add, same shape": lambda: a + b,
        "add, transposed": lambda: a + transposed.t(),
        "add, broadcast": lambda: a + row,
        "abs": lambda: abs(a),
        "sum over x": lambda: a.sum(0),
        "slice vector['x']": lambda: a[:, 0],
        "slice x[1:3]": lambda: a[1:3],
        "rename": lambda: a,
        "stack": lambda: torch.stack([a, b]),
        "concat": lambda: torch.cat([a, b]),
        "where": lambda: torch.where(mask, a, b),
        "cast": lambda: a.to(torch.float16),
        "zeros": lambda: torch.zeros((4, 3)),
        "pad": lambda: torch.nn.functional.pad(a, (0, 0, 1, 1)),
        "dot": lambda: torch.einsum("xv,xv->x", a, b),
        "vec_squared": lambda: (a * a).sum(-1),
        "(stack, then its array)": lambda: torch.stack([a, b]),
    }


def native_tensorflow() -> dict[str, Callable[[], Any]]:
    """The same on tensors of TensorFlow, by its public functions."""
    import tensorflow as tf

    a, b = map(tf.constant, arrays())
    transposed, row, mask = tf.constant(b.numpy().T.copy()), b[0], a > 0.5
    return {
        "add, same shape": lambda: a + b,
        "add, transposed": lambda: a + tf.transpose(transposed),
        "add, broadcast": lambda: a + row,
        "abs": lambda: abs(a),
        "sum over x": lambda: tf.reduce_sum(a, 0),
        "slice vector['x']": lambda: a[:, 0],
        "slice x[1:3]": lambda: a[1:3],
        "rename": lambda: a,
        "stack": lambda: tf.stack([a, b]),
        "concat": lambda: tf.concat([a, b], 0),
        "where": lambda: tf.where(mask, a, b),
        "cast": lambda: tf.cast(a, tf.float16),
        "zeros": lambda: tf.zeros((4, 3)),
        "pad": lambda: tf.pad(a, ((1, 1), (0, 0))),
        "dot": lambda: tf.einsum("xv,xv->x", a, b),
        "vec_squared": lambda: tf.reduce_sum(a * a, -1),
        "(stack, then its array)": lambda: tf.stack([a, b]),
    }


def arrays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((4, 3), np.float32), rng.random((4, 3), np.float32)


def phiml(backend: str) -> dict[str, Callable[[], Any]]:
    """The operations in phiml."""
    from phiml import math

    math.use(backend)
    return operations(math, math.DType(float, 16))
