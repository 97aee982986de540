"""Fourier, cosine and sine transforms."""

from typing import Any

import numpy as np
from scipy import fft as scipy_fft

from phiml_core.backend.spectral_kinds import TRIG_KINDS

from .case import add
from .data import CUBE, SIGNED, exact

FAMILY = "spectral"
LINEAR: dict[str, Any] = {"moving": (0,), "second": False}
FOURIER: dict[str, Any] = {"fft": np.fft.fftn, "ifft": np.fft.ifftn}
COMPLEX = exact(CUBE + 1j * CUBE[::-1])

for _name, _function in FOURIER.items():
    _call = lambda x, axes, f=_function: f(x, axes=axes) if axes else x.astype(complex)
    for _axes in ((0,), (2, 0), (0, 1, 2), ()):
        add(FAMILY, _name, _call, CUBE, _axes, **LINEAR)
        add(FAMILY, _name, _call, COMPLEX, _axes, label="complex", **LINEAR)
    add(FAMILY, _name, _call, CUBE[:0], (1,), label="empty batch")
    add(FAMILY, _name, _call, CUBE[:, :1], (1,), label="one")


def trig(x, axes, kinds, inverse):
    """SciPy's cosine and sine transforms, one axis after the other."""
    for axis, kind in zip(axes, kinds):
        x = getattr(scipy_fft, ("i" if inverse else "") + kind[:3])(x, type=int(kind[3]), axis=axis)
    return x


for _kind in TRIG_KINDS:
    for _inverse in (False, True):
        add(FAMILY, "trig", trig, CUBE, (0, 2), (_kind, "dct2"), _inverse, label=f"{_kind} {_inverse}", **LINEAR)
        add(FAMILY, "trig", trig, CUBE, (1,), (_kind,), _inverse, label=f"{_kind} {_inverse}, middle")
    add(FAMILY, "trig", trig, COMPLEX, (0,), (_kind,), False, label=f"{_kind}, complex")
    if _kind != "dct1":
        add(FAMILY, "trig", trig, CUBE[:1], (0,), (_kind,), False, label=f"{_kind}, one")
    add(FAMILY, "trig", trig, CUBE[:0], (1,), (_kind,), False, label=f"{_kind}, empty batch")


def spectral_scale(x, axes, kinds, scale):
    """Transform, multiplication by `scale`, and transform back, with NumPy and SciPy."""
    waves = [(a, k) for a, k in zip(axes, kinds) if k != "fft"]
    around = tuple(a for a, k in zip(axes, kinds) if k == "fft")
    args = tuple(a for a, _ in waves), tuple(k for _, k in waves)
    y = trig(x, *args, False)
    y = np.fft.fftn(y, axes=around) * scale if around else y * scale
    y = np.fft.ifftn(y, axes=around) if around else y
    return trig(y if x.dtype.kind == "c" else y.real, *args, True)


def _scale(kinds):
    k = [
        np.minimum(np.arange(n), n - np.arange(n)) if kind == "fft" else np.arange(n) for n, kind in zip((4, 5), kinds)
    ]
    return exact(1 / (1 + k[0][:, None, None] + k[1] ** 2))


for _kinds in (("dst2", "dct2"), ("fft", "dct2"), ("fft", "fft"), ("dct4", "fft"), ("dct1", "dst3"), ("dst1", "dct3")):
    _moving = (0,) if "fft" in _kinds else (0, 3)  # of real arrays, half a spectrum has to do
    add(
        FAMILY,
        "spectral_scale",
        spectral_scale,
        CUBE,
        (0, 2),
        _kinds,
        _scale(_kinds),
        label=" ".join(_kinds),
        moving=_moving,
    )
add(
    FAMILY, "spectral_scale", spectral_scale, COMPLEX, (0, 2), ("fft", "dct2"), _scale(("fft", "dct2")), label="complex"
)
add(
    FAMILY, "spectral_scale", spectral_scale, SIGNED, (1,), ("fft",),
    exact(1j * np.array([[0.0, 1, 0, -1]])), label="complex scale", **LINEAR,
)  # fmt: skip
add(
    FAMILY,
    "spectral_scale",
    spectral_scale,
    CUBE,
    (0,),
    ("dct2",),
    exact(_scale(("dct2", "dct2"))[:, :, :1]),
    label="line",
)
add(FAMILY, "spectral_scale", spectral_scale, CUBE, (), (), np.ones((1, 1, 1)), label="no axes")
