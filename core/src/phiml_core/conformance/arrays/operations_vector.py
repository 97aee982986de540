"""Products, lengths, spectra."""

from phiml_core import math
from phiml_core.math import channel, spatial, wrap

from .operation import operation

LINEAR = {"second": False}


@operation(
    "vec_squared vec_length vec_normalize normalize rotate_vector rotation_matrix dot cross_product", moving="s t u b"
)
def vectors(s, t, u, b):
    constant = wrap([1.0, 2.0], channel(vector="x,y"))  # stays a NumPy constant, which joins any backend
    return [
        *(
            math.vec_squared(t),
            math.vec_length(t),
            math.vec_length(u, eps=1e-3),
            math.vec_normalize(t),
            math.normalize(u),
        ),
        *(
            math.rotate_vector(t, s),
            math.rotation_matrix(s.y[0], t.shape["vector"]),
            math.rotate_vector(t, s, invert=True),
        ),
        *(math.rotate_vector(t, 0.3), t * constant, math.dot(t, "vector", constant, "vector")),
        *(
            math.dot(t, "vector", t, "vector"),
            math.dot(s, "y", t, "y"),
            math.dot(s, "x,y", s + 1, "x,y"),
            math.dot(b, "x", s, "x"),
        ),
        *(math.cross_product(t, t + 1), math.cross_product(u, u * u), math.cross_product(s, t)),
    ]


@operation("dot")
def products_of_integers(s, n, m):
    return [math.dot(s, "x", n, "x"), math.dot(n, "x", n, "x"), math.dot(m, "x", m, "x")]


@operation("fft ifft", moving="s t", **LINEAR)
def fourier(s, t, n):
    return [math.fft(s), math.fft(t, "x"), math.ifft(math.fft(s)), math.real(math.ifft(math.fft(n)))]


@operation("fft ifft")
def fourier_of_complex(z):
    return [math.fft(z), math.ifft(z, "y"), math.fft(z, "x")]


@operation("dct idct dst idst", moving="s", **LINEAR)
def waves(s, n):
    return [
        *(f(s, "x", kind) for f in (math.dct, math.idct, math.dst, math.idst) for kind in (1, 2, 3, 4)),
        math.dct(n),
    ]


@operation("spectral_scale fourier_laplace fourier_poisson fftfreq", moving="s t", **LINEAR)
def spectra(s, t):
    scale = wrap([1.0, 0.5, 0.25, 0.5], spatial("x"))
    return [
        *(math.spectral_scale(t, {"x": kind, "y": "dct2"}, scale) for kind in ("fft", "dct2", "dst4")),
        *(math.fourier_laplace(s, 0.5), math.fourier_poisson(s, 0.5), math.fourier_laplace(s, 0.5, 2)),
        math.fftfreq(spatial(x=4, y=5)) * s,
    ]
