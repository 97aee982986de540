"""Cosine and sine transforms of every kind and route against SciPy, with their derivatives."""

import numpy as np
import pytest
import scipy.fft
import torch
from phiml_core.backend.spectral_kinds import TRIG_KINDS
from phiml_torch import spectral, spectral_axis

ROUTES = ("dense", "parity", "fft")


@pytest.mark.parametrize("kind", TRIG_KINDS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("n", [2, 7, 8])
def test_every_route_is_the_transform(kind, route, n, monkeypatch):
    if route == "parity" and kind[3] == "4":
        route = "dense"  # type 4 does not split
    monkeypatch.setattr(spectral, "route_of", lambda kind, n, axes: route)
    x = np.random.default_rng(0).normal(size=(3, n, 2))
    function = getattr(scipy.fft, kind[:3]), getattr(scipy.fft, "i" + kind[:3])
    for inverse in (False, True):
        expected = function[inverse](x, type=int(kind[3]), axis=1)
        found = spectral.trig(torch.from_numpy(x), (1,), (kind,), inverse)
        np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize(
    "kinds", [("dct2", "dct2"), ("dst2", "fft"), ("dct4", "dst4"), ("fft", "fft"), ("dct1", "dst3")]
)
@pytest.mark.parametrize("n", [8, 200])
def test_scaled_spectra_and_their_derivative(kinds, n):
    """T⁻¹ s T for short and long axes; the derivative is that of the sum of products."""
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, n, 6))
    index = [np.minimum(np.arange(m), m - np.arange(m)) if k == "fft" else np.arange(m) for k, m in zip(kinds, x.shape)]
    scale = 1 / (1.0 + index[0][:, None] + 2 * index[1][None])
    scale.flags.writeable = False

    def expected(x):
        for axis, k in enumerate(kinds):
            x = scipy.fft.fft(x, axis=axis) if k == "fft" else _complex(getattr(scipy.fft, k[:3]), x, k, axis)
        x = x * scale
        for axis, k in enumerate(kinds):
            x = scipy.fft.ifft(x, axis=axis) if k == "fft" else _complex(getattr(scipy.fft, "i" + k[:3]), x, k, axis)
        return np.real(x)

    t = torch.from_numpy(x).requires_grad_()
    found = spectral.spectral_scale(t, (0, 1), kinds, scale)
    np.testing.assert_allclose(found.detach(), expected(x), atol=1e-12)
    (slope,) = torch.autograd.grad((found * torch.from_numpy(g)).sum(), t)
    y = rng.normal(size=x.shape)
    assert float((slope * torch.from_numpy(y)).sum()) == pytest.approx((expected(y) * g).sum(), rel=1e-9, abs=1e-9)


def _complex(transform, x, kind, axis):
    real = transform(np.real(x), type=int(kind[3]), axis=axis)
    return real + 1j * transform(np.imag(x), type=int(kind[3]), axis=axis) if np.iscomplexobj(x) else real


def test_routes_are_chosen_by_size():
    assert spectral_axis.route_of("dct2", 64, 2) == "dense"
    assert spectral_axis.route_of("dct2", 128, 2) == "parity"
    assert spectral_axis.route_of("dct2", 512, 2) == "fft"
