"""Arithmetic and functions, element by element."""

from phiml_core import math

from .operation import operation


@operation(moving="s t b", second=True)
def arithmetic(s, t, b):
    return [s + t, s - b, 2 * t, t / s, 1 / s, -s, s**2, s**b, 2**b, b**-1, s**0.5, s**0, s**1, +s, s - 1]


@operation(moving="w", second=False)
def magnitudes_and_steps(w):
    return [abs(w), w // 0.65, w % 0.65, -w % 0.29]


@operation()
def integers(n, s):
    return [
        n + 1,
        n * n,
        n // 3,
        n % 3,
        n // -2,
        n % -2,
        n / 2,
        n & 1,
        n | 4,
        n ^ 1,
        ~n,
        abs(n) << 2,
        n >> 1,
        n + s,
        n**2,
    ]


@operation()
def masks(m, s, n):
    return [m & ~m, m | (s < 0.2), m ^ True, m + m, m * s, m == (n > 0), math.cast(m, float), -m, m << 1, m * 2]


@operation()
def comparisons(s, t, b, n):
    return [s < t, s <= 0.5, s > b, n >= 0, n == 1, s != t, 0.5 < s, (s > t) & (s < 0.7)]


@operation(
    "sqrt exp log log1p log2 log10 sin cos tan arcsin arccos sinh cosh tanh sigmoid erf arctan atan2", moving="s t"
)
def functions(s, t):
    names = "sqrt exp log log1p log2 log10 sin cos tan arcsin arccos arctan sinh cosh tanh sigmoid erf"
    return [*(getattr(math, n)(s) for n in names.split()), math.arctan(s, divide_by=t), math.atan2(t, s)]


@operation("sign floor ceil round_ abs_", moving="w", second=False)
def rounding(w):
    return [getattr(math, n)(w) for n in "sign floor ceil round_ abs_".split()]


@operation("is_finite is_nan is_inf real imag conjugate")
def tests_and_parts(s, z):
    return [
        *(f(s / (s > 0.5)) for f in (math.is_finite, math.is_nan, math.is_inf)),
        math.real(z),
        math.imag(z),
        math.conjugate(z),
    ]


@operation("real imag conjugate", moving="z")
def complex_numbers(z):
    return [
        z * z,
        abs(z),
        z + 1j,
        math.real(z),
        math.imag(z),
        math.conjugate(z),
        math.exp(z),
        math.sqrt(z),
        math.sum_(z),
        z == z,
    ]


@operation("maximum minimum clip where", moving="s t w b", second=False)
def choices(s, t, w, b, m):
    return [
        *(math.maximum(s, 0.5), math.minimum(s, t), math.clip(w), math.clip(w, -1, 1.5), math.clip(w, s * 0, 0.45 + b)),
        *(
            math.where(m, s, t),
            math.where(m, s, 0),
            math.where(m, 1.5, w),
            math.where(b > 0.5, s, w),
            math.where(m, w, 0.0),
        ),
    ]


@operation("where maximum clip")
def choices_of_integers(m, n):
    return [
        math.where(m, 1, 0),
        math.where(m, n, 0.5),
        math.where(m, True, False),
        math.maximum(n, 0),
        math.clip(n, 0, 3),
    ]


@operation("divide_no_nan safe_div", moving="s t")
def safe_quotients(s, t, n):
    return [math.divide_no_nan(s, t), math.divide_no_nan(s, math.cast(n > 0, float)), math.safe_div(n, n)]


@operation("cast to_float to_int32 to_int64 to_complex")
def casts(s, n, z, w):
    kinds = [(n, float), (w, int), (n, bool), (s, complex), (z, bool)]
    return [
        *(math.cast(v, kind) for v, kind in kinds),
        math.to_int32(w),
        math.to_int64(n),
        math.to_float(n),
        math.to_complex(s),
    ]
