"""Which axis is transformed how, and the factors of a spectrum in the order that this leaves it in."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from phiml_core.backend.spectral_kinds import FFT, kind_type

from .spectral_axis import Route, route_of, spectrum_order

__all__ = ["Plan", "Same", "arrange", "arranged", "plan_of"]


class Plan(NamedTuple):
    """How a spectrum is computed, and how a factor of it is arranged."""

    steps: tuple[tuple[int, str, Route], ...]  # axes transformed one by one
    cosines: tuple[tuple[int, bool], ...]  # axes of type 2 transformed together with the Fourier axes; True: sine
    fourier: tuple[int, ...]
    half: int  # the axis along which only half of the spectrum is computed; -1: none
    pieces: tuple[tuple[tuple[int, tuple[slice, ...]], ...], ...]  # for real (and imaginary) part: how to cut the scale


@lru_cache(maxsize=256)
def plan_of(shape: tuple[int, ...], axes: tuple[int, ...], kinds: tuple[str, ...]) -> Plan:
    """How to transform an array of `shape` along `axes`: where lines are short one by one, else together."""
    steps, cosines, fourier = [], [], []
    orders: list[tuple[int, tuple[slice, ...]]] = []
    for axis, kind in sorted(zip(axes, kinds)):
        n = shape[axis]
        if kind == FFT:
            fourier.append(axis)
            continue
        route = route_of(kind, n, len(axes))
        if route == "fft" and kind_type(kind) == 2:
            cosines.append((axis, kind == "dst2"))
            continue
        steps.append((axis, kind, route))
        orders.append((axis, spectrum_order(kind, n, route)))
    half = fourier[-1] if fourier else cosines[-1][0] if cosines else -1
    real = [o for o in orders if o[1] != (slice(None),)]
    imag: list[tuple[int, tuple[slice, ...]]] = []
    for axis, sine in cosines:
        n, m = shape[axis], shape[axis] // 2 + 1
        if axis != half:
            if sine:
                real.append((axis, (slice(None, None, -1),)))
        elif sine:
            imag.append((axis, (slice(n - 1, n), slice(0, m - 1))))
            real.append((axis, (slice(n - 1, n - 1 - m if m < n else None, -1),)))
        else:
            imag.append((axis, (slice(0, 1), slice(n - 1, n - m, -1))))
            real.append((axis, (slice(0, m),)))
    if fourier:
        real.append((half, (slice(0, shape[half] // 2 + 1),)))
        return Plan(tuple(steps), tuple(cosines), tuple(fourier), half, (tuple(real),))
    imag += [r for r in real if r[0] != half]
    return Plan(tuple(steps), tuple(cosines), (), half, (tuple(real), tuple(imag)) if cosines else (tuple(real),))


def arrange(scale: Any, pieces: tuple[tuple[int, tuple[slice, ...]], ...]) -> Any:
    """A factor in the standard order of the spectrum, cut and joined as a plan says."""
    for axis, slices in pieces:
        if scale.shape[axis] > 1:
            parts = [_sliced(scale, axis, s) for s in slices]
            if len(parts) == 1:
                scale = parts[0]
            else:
                scale = np.concatenate(parts, axis) if isinstance(scale, np.ndarray) else torch.cat(parts, axis)
    return scale


def _sliced(scale: Any, axis: int, s: slice) -> Any:
    if isinstance(scale, np.ndarray) or (s.step or 1) > 0:
        return scale[(slice(None),) * axis + (s,)]
    places = range(*s.indices(scale.shape[axis]))
    return scale.index_select(axis, torch.tensor(list(places), device=scale.device))


class Same:
    """An array as a key: the same object, which is kept."""

    def __init__(self, array: np.ndarray):
        self.array = array

    def __hash__(self) -> int:
        return id(self.array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.array is self.array


def arranged(scale: Same, *where: Any) -> tuple[np.ndarray, ...]:
    """The parts of a constant factor in the order of the spectrum; kept if nobody can change it."""
    return _arranged_once(scale, *where) if not scale.array.flags.writeable else _arranged_now(scale, *where)


def _arranged_now(scale: Same, shape: Any, axes: Any, kinds: Any, dtype: str) -> tuple[np.ndarray, ...]:
    array = scale.array.astype(dtype)
    return tuple([np.ascontiguousarray(arrange(array, pieces)) for pieces in plan_of(shape, axes, kinds).pieces])


_arranged_once = lru_cache(maxsize=64)(_arranged_now)
