"""Interpolation of traced grids at known positions."""

import itertools
from typing import Any

import numpy as np
from phiml_core.extrapolation import as_extrapolation
from phiml_core.math import channel, gather, pad, stack, wrap
from phiml_core.ops.interpolate import named_components
from phiml_core.tensor.tensor import Tensor

from .errors import not_linear, not_traceable
from .linear import Linear

__all__ = ["sampled"]


def sampled(value: Linear, coordinates: Tensor, extrap: Any) -> Any:
    """See `math.grid_sample`: the corners of each cell times their weights.  Weights may be differentiated, cells must be known."""
    if isinstance(coordinates, Linear):
        raise not_linear("grid_sample at positions that depend on it")
    if not coordinates.available:
        raise not_traceable("grid_sample", "the positions are not known while tracing")
    boundary = as_extrapolation(extrap)
    names, along = named_components(value.shape, coordinates)
    places = wrap(
        coordinates.numpy(coordinates.shape), coordinates.shape
    )  # compiled code records what is done to constants
    cells, fractions, widths = [], [], {}
    for k, name in enumerate(names):
        position = coordinates[{along: k}]
        size: Any = value.shape.get_size(name)
        known = np.asarray(places[{along: k}].numpy(position.shape), np.float64)
        sides = boundary.side(name, False), boundary.side(name, True)
        if all(s.plan_key == "wrap" for s in sides):
            base = np.floor(known).astype(np.int64)
            cell, lower, upper = base % size, 0, 1
        else:
            far = [bool(s.constants) or s.plan_key == "edge" for s in sides]
            low = -1 if far[0] else min(-1, int(np.floor(known.min(initial=0))))
            high = size if far[1] else max(size, int(np.floor(known.max(initial=0))) + 1)
            base = np.floor(np.clip(known, low, high - 1e-9 * abs(high))).astype(np.int64).clip(low, high - 1)
            cell, lower, upper = base - low, -low, high - size + 1
        clipped = position
        if not all(s.plan_key == "wrap" for s in sides) and (known < low).any() | (known > high).any():
            from phiml_core.math import clip

            clipped = clip(position, float(low), float(high))
        cells.append((cell, position.shape))
        fractions.append(clipped - wrap(base, position.shape))
        widths[name] = (lower, upper)
    wide = pad(value, widths, boundary)
    total: Any = None
    for corner in itertools.product((0, 1), repeat=len(names)):
        at = stack(
            [wrap((c + q).astype(np.int32), s) for (c, s), q in zip(cells, corner)], channel(_index=",".join(names))
        )
        part = gather(wide, at, ",".join(names), "_index")
        for q, f in zip(corner, fractions):
            part = part * (f if q else 1 - f)
        total = part if total is None else total + part
    return total
