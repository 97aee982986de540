"""Cosine and sine transforms of PyTorch tensors along one axis: by matrix products or by FFT.

A `Route` is a formulation; `route_of` chooses it. `forward` leaves the spectrum in the order that `spectrum_order`
tells, because sorting costs as much as a small transform: who multiplies the spectrum sorts the factor instead, once.

Sine transforms of type 2 and 4 are cosine transforms of the signal with every second sign changed, read backwards.
"""

from __future__ import annotations

from math import prod
from typing import Any, Literal

import numpy as np
import torch
from phiml_core.backend.spectral_kinds import (
    inverse_kind,
    inverse_matrix,
    inverse_parity_blocks,
    kind_type,
    matrix,
    normalisation,
    parity_blocks,
)

__all__ = [
    "Route",
    "constant",
    "route_of",
    "spectrum_order",
    "forward",
    "backward",
    "sort_spectrum",
    "cut",
    "shuffle",
    "unshuffle",
    "negate_index",
    "rotation",
    "rotate",
]

Route = Literal["dense", "parity", "fft"]

SMALL = 64
LARGEST_DENSE = {1: 128, 2: 128, 3: 96}
LARGEST_PARITY = {1: 160, 2: 160, 3: 96}
"""Largest sizes at which matrix products are faster than FFTs, for 1, 2 and more transformed axes: in full (type 4) and
in two halves (types 2 and 3). Measured; see `phiml_torch.spectral`. The two below need an FFT of twice the length."""
LARGEST_ODD_TYPE4 = 256
LARGEST_TYPE1 = 256

_CONSTANTS: dict[tuple[int, str], tuple[np.ndarray, torch.Tensor]] = {}


def constant(array: Any, like: torch.Tensor) -> torch.Tensor:
    """A read-only NumPy constant that is kept elsewhere, as a tensor on the device of `like`."""
    key = id(array), str(like.device)
    found = _CONSTANTS.get(key)
    if found is None or found[0] is not array:
        if len(_CONSTANTS) >= 256:
            _CONSTANTS.clear()
        tensor = torch.from_numpy(np.array(array))
        if like.device.type != "cpu":
            tensor = tensor.to(like.device)
        found = _CONSTANTS[key] = array, tensor
    return found[1]


def numpy_type(x: torch.Tensor) -> str:
    """Name of the real type in which NumPy computes constants for a tensor."""
    return "float64" if x.dtype in (torch.float64, torch.complex128) else "float32"


def route_of(kind: str, n: int, axes: int) -> Route:
    """The fastest formulation of `kind` for size `n` where `axes` axes are transformed."""
    if n <= SMALL:
        return "dense"
    axes, number = min(axes, 3), kind_type(kind)
    if number == 4:
        return "dense" if n <= (LARGEST_ODD_TYPE4 if n % 2 else LARGEST_DENSE[axes]) else "fft"
    return "parity" if n <= (LARGEST_TYPE1 if number == 1 else LARGEST_PARITY[axes]) else "fft"


def spectrum_order(kind: str, n: int, route: Route) -> tuple[slice, ...]:
    """Slices of the standard spectrum that, concatenated, give the order in which `forward` leaves it."""
    if route == "parity" and kind_type(kind) < 3:
        return slice(0, None, 2), slice(1, None, 2)
    if route == "fft" and kind_type(kind) == 4 and n % 2 == 0:
        ends = slice(0, None, 2), slice(n - 1, None, -2)
        return ends if kind == "dct4" else ends[::-1]
    return (slice(None),)


def forward(x: torch.Tensor, axis: int, kind: str, route: Route) -> torch.Tensor:
    """The transform `kind` along `axis`, not normalised, in the order of `spectrum_order`; same shape."""
    n, number = x.shape[axis], kind_type(kind)
    if route == "dense":
        return _multiply(x, matrix(kind, n, numpy_type(x)), axis)
    if number == 3:
        return 2 * n * _from_type2(x, axis, inverse_kind(kind), route)
    if route == "parity":
        return _fold(x, parity_blocks(kind, n, numpy_type(x)), axis)
    return {1: _extend, 2: _makhoul, 4: _type4}[number](x, axis, kind[1] == "s")


def backward(y: torch.Tensor, axis: int, kind: str, route: Route) -> torch.Tensor:
    """The inverse of `forward`: takes the spectrum in the order of `spectrum_order`."""
    n, number = y.shape[axis], kind_type(kind)
    if route == "dense":
        return _multiply(y, inverse_matrix(kind, n, numpy_type(y)), axis)
    if number == 3:
        return _to_type2(y, axis, inverse_kind(kind), route) / (2 * n)
    if route == "parity":
        return _unfold(y, inverse_parity_blocks(kind, n, numpy_type(y)), axis)
    return {1: _inverse_extend, 2: _inverse_makhoul, 4: _inverse_type4}[number](y, axis, kind[1] == "s")


def sort_spectrum(y: torch.Tensor, axis: int, kind: str, route: Route) -> torch.Tensor:
    """From the order of `spectrum_order` to the standard order."""
    n = y.shape[axis]
    if len(spectrum_order(kind, n, route)) == 1:
        return y
    a, b = cut(y, axis, 0, (n + 1) // 2), cut(y, axis, (n + 1) // 2, n)
    if route == "parity":
        return _interleave(a, b, axis)
    if kind == "dst4":
        a, b = b, a
    return _interleave(a, b.flip(axis), axis)


def _to_type2(x: torch.Tensor, axis: int, kind: str, route: Route) -> torch.Tensor:
    """Transform of type 2 in the standard order of the spectrum."""
    return sort_spectrum(forward(x, axis, kind, route), axis, kind, route)


def _from_type2(y: torch.Tensor, axis: int, kind: str, route: Route) -> torch.Tensor:
    if route == "parity":
        y = torch.cat([cut(y, axis, 0, None, 2), cut(y, axis, 1, None, 2)], axis)
    return backward(y, axis, kind, route)


def _multiply(x: torch.Tensor, mat: np.ndarray, axis: int) -> torch.Tensor:
    """mat · x along `axis`."""
    before, n, after = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
    m = mat.shape[0]
    shape = (*x.shape[:axis], m, *x.shape[axis + 1 :])
    factor = constant(mat, x)
    if after == 1:
        return torch.mm(x.reshape(before, n), factor.t()).reshape(shape)
    if before == 1:
        return torch.mm(factor, x.reshape(n, after)).reshape(shape)
    return torch.bmm(factor.expand(before, m, n), x.reshape(before, n, after)).reshape(shape)


def _fold(x: torch.Tensor, blocks: tuple[np.ndarray, np.ndarray], axis: int) -> torch.Tensor:
    n = x.shape[axis]
    a, b = cut(x, axis, 0, n // 2), cut(x, axis, (n + 1) // 2, n).flip(axis)
    even = a + b if n % 2 == 0 else torch.cat([a + b, cut(x, axis, n // 2, n // 2 + 1)], axis)
    return torch.cat([_multiply(even, blocks[0], axis), _multiply(a - b, blocks[1], axis)], axis)


def _unfold(y: torch.Tensor, blocks: tuple[np.ndarray, np.ndarray], axis: int) -> torch.Tensor:
    n = y.shape[axis]
    even = _multiply(cut(y, axis, 0, (n + 1) // 2), blocks[0], axis)
    odd = _multiply(cut(y, axis, (n + 1) // 2, n), blocks[1], axis)
    middle = [] if n % 2 == 0 else [cut(even, axis, n // 2, n // 2 + 1)]
    even = cut(even, axis, 0, n // 2)
    return torch.cat([even + odd, *middle, (even - odd).flip(axis)], axis)


def _parts(z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    pair = torch.view_as_real(z)
    return pair[..., 0], pair[..., 1]


def _extend(x: torch.Tensor, axis: int, sine: bool) -> torch.Tensor:
    n = x.shape[axis]
    if not sine:
        longer = torch.cat([x, cut(x, axis, 1, n - 1).flip(axis)], axis)
        return _parts(torch.fft.rfft(longer, dim=axis))[0]
    zero = torch.zeros_like(cut(x, axis, 0, 1))
    longer = torch.cat([zero, x, zero, -x.flip(axis)], axis)
    return -cut(_parts(torch.fft.rfft(longer, dim=axis))[1], axis, 1, n + 1)


def _inverse_extend(y: torch.Tensor, axis: int, sine: bool) -> torch.Tensor:
    return _extend(y, axis, sine) / normalisation("dst1" if sine else "dct1", y.shape[axis])


def _makhoul(x: torch.Tensor, axis: int, sine: bool) -> torch.Tensor:
    n, m = x.shape[axis], x.shape[axis] // 2 + 1
    real, imag = _parts(torch.fft.rfft(shuffle(x, axis, sine), dim=axis))
    c, s = rotation(x, axis, n, m)
    real, imag = rotate(2 * real, 2 * imag, c, s)
    y = torch.cat([real, -cut(imag, axis, 1, n - m + 1).flip(axis)], axis)
    return y.flip(axis) if sine else y


def _inverse_makhoul(y: torch.Tensor, axis: int, sine: bool) -> torch.Tensor:
    n, m = y.shape[axis], y.shape[axis] // 2 + 1
    y = y.flip(axis) if sine else y
    first = cut(y, axis, 0, 1)
    imag = torch.cat([torch.zeros_like(first), -cut(y, axis, n - m + 1, n).flip(axis)], axis)
    c, s = rotation(y, axis, n, m)
    real, imag = rotate(cut(y, axis, 0, m), imag, c / 2, -s / 2)
    return unshuffle(torch.fft.irfft(torch.complex(real, imag), n, dim=axis), axis, sine)


def _type4(x: torch.Tensor, axis: int, sine: bool) -> torch.Tensor:
    n = x.shape[axis]
    if n % 2:
        x = x.flip(axis) if sine else x
        c, s = rotation(x, axis, n, n)
        real, imag = _parts(cut(torch.fft.fft(torch.complex(x * c, x * s), 2 * n, dim=axis), axis, 0, n))
        c, s = rotation(x, axis, n, n, 0.5)
        y = 2 * (real * c - imag * s)
        return y * _along(np.where(np.arange(n) % 2, -1, 1), x, axis) if sine else y
    a, b = cut(x, axis, 0, None, 2), cut(x, axis, 1, None, 2).flip(axis)
    real, imag = _half_type4(a, -b if sine else b, axis, n, 1)
    return torch.cat([2 * real, -2 * imag], axis)


def _inverse_type4(y: torch.Tensor, axis: int, sine: bool) -> torch.Tensor:
    n = y.shape[axis]
    if n % 2:
        return _type4(y, axis, sine) / (2 * n)
    real, imag = _half_type4(cut(y, axis, 0, n // 2), -cut(y, axis, n // 2, n), axis, n, -1)
    return _interleave(real / 2, (-imag if sine else imag).flip(axis) / 2, axis)


def _half_type4(real: Any, imag: Any, axis: int, n: int, sign: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Complex transform of half the length between two rotations by π (m + 1/8) / n."""
    c, s = rotation(real, axis, n // 2, n // 2, 0.125)
    real, imag = rotate(real, imag, c, sign * s)
    y = (torch.fft.fft if sign > 0 else torch.fft.ifft)(torch.complex(real, imag), dim=axis)
    return rotate(*_parts(y), c, sign * s)


def cut(x: torch.Tensor, axis: int, start: int, stop: int | None, step: int = 1) -> torch.Tensor:
    """Items `start` to `stop` (exclusive; None: the end) along `axis`."""
    if step == 1:
        return x.narrow(axis, start, (x.shape[axis] if stop is None else stop) - start)
    return x[(slice(None),) * axis + (slice(start, stop, step),)]


def _interleave(a: torch.Tensor, b: torch.Tensor, axis: int) -> torch.Tensor:
    n = a.shape[axis] + b.shape[axis]
    if b.shape[axis] < a.shape[axis]:
        b = torch.cat([b, torch.zeros_like(cut(a, axis, 0, 1))], axis)
    pairs = torch.stack([a, b], axis + 1).reshape(*a.shape[:axis], 2 * a.shape[axis], *a.shape[axis + 1 :])
    return pairs if pairs.shape[axis] == n else cut(pairs, axis, 0, n)


def shuffle(x: torch.Tensor, axis: int, negate: bool) -> torch.Tensor:
    """Values 0, 2, 4, … and then …, 5, 3, 1 (Makhoul 1980); with these negated, a sine transform read backwards."""
    odd = cut(x, axis, 1, None, 2).flip(axis) if x.shape[axis] > 1 else cut(x, axis, 0, 0)
    return torch.cat([cut(x, axis, 0, None, 2), -odd if negate else odd], axis)


def unshuffle(v: torch.Tensor, axis: int, negate: bool) -> torch.Tensor:
    """The inverse of `shuffle`."""
    h = (v.shape[axis] + 1) // 2
    odd = cut(v, axis, h, None).flip(axis)
    return _interleave(cut(v, axis, 0, h), -odd if negate else odd, axis)


def negate_index(x: torch.Tensor, axis: int, zero_first: bool = False) -> torch.Tensor:
    """Values 0, n − 1, n − 2, … 1; with `zero_first` the first of them is 0."""
    first = cut(x, axis, 0, 1)
    rest = cut(x, axis, 1, None).flip(axis)
    return torch.cat([torch.zeros_like(first) if zero_first else first, rest], axis)


def rotation(like: torch.Tensor, axis: int, n: int, count: int, offset: float = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and −sin of π (k + offset) / 2n, k < count, along `axis`."""
    angle = np.pi / (2 * n) * (np.arange(count) + offset)
    return _along(np.cos(angle), like, axis), _along(-np.sin(angle), like, axis)


def _along(values: np.ndarray, like: torch.Tensor, axis: int) -> torch.Tensor:
    shaped = values.astype(numpy_type(like)).reshape([-1 if a == axis else 1 for a in range(like.ndim)])
    return torch.from_numpy(shaped).to(like.device)


def rotate(real: Any, imag: Any, c: Any, s: Any) -> tuple[Any, Any]:
    """Real and imaginary part of (real + i imag) (c + i s)."""
    return real * c - imag * s, imag * c + real * s
