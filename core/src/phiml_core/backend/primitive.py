"""The array words: what a backend has to implement, named as in the Python array API standard.

Each dispatches on the class of its first array (creation: on the backend object).  Arrays arrive aligned: of equal rank where
they combine, of the element types the result needs.  Axes are non-negative ints, types are `DType`.  A backend that has these
has every operation of core; it may also register a faster method of any compound word.
"""

from typing import Any

from phiml_core.dispatch import generic

__all__: list[str] = []  # filled below: every word of this module

Array = Any

# --- element-wise ---


@generic
def abs(x: Array) -> Array:
    """|x|."""


@generic
def negative(x: Array) -> Array:
    """-x."""


@generic
def positive(x: Array) -> Array:
    """x."""


@generic
def sign(x: Array) -> Array:
    """Sign of x: -1, 0 or 1."""


@generic
def sqrt(x: Array) -> Array:
    """Square root."""


@generic
def exp(x: Array) -> Array:
    """e^x."""


@generic
def expm1(x: Array) -> Array:
    """e^x - 1."""


@generic
def log(x: Array) -> Array:
    """Natural logarithm."""


@generic
def log1p(x: Array) -> Array:
    """log(1 + x)."""


@generic
def log2(x: Array) -> Array:
    """Logarithm to base 2."""


@generic
def log10(x: Array) -> Array:
    """Logarithm to base 10."""


@generic
def sin(x: Array) -> Array:
    """Sine of radians."""


@generic
def cos(x: Array) -> Array:
    """Cosine of radians."""


@generic
def tan(x: Array) -> Array:
    """Tangent of radians."""


@generic
def asin(x: Array) -> Array:
    """Inverse sine."""


@generic
def acos(x: Array) -> Array:
    """Inverse cosine."""


@generic
def atan(x: Array) -> Array:
    """Inverse tangent."""


@generic
def sinh(x: Array) -> Array:
    """Hyperbolic sine."""


@generic
def cosh(x: Array) -> Array:
    """Hyperbolic cosine."""


@generic
def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""


@generic
def asinh(x: Array) -> Array:
    """Inverse hyperbolic sine."""


@generic
def acosh(x: Array) -> Array:
    """Inverse hyperbolic cosine."""


@generic
def atanh(x: Array) -> Array:
    """Inverse hyperbolic tangent."""


@generic
def floor(x: Array) -> Array:
    """Largest integer not above x."""


@generic
def ceil(x: Array) -> Array:
    """Smallest integer not below x."""


@generic
def round(x: Array) -> Array:
    """Nearest integer, half to even."""


@generic
def isfinite(x: Array) -> Array:
    """Whether x is neither infinite nor NaN."""


@generic
def isnan(x: Array) -> Array:
    """Whether x is NaN."""


@generic
def isinf(x: Array) -> Array:
    """Whether x is infinite."""


@generic
def logical_not(x: Array) -> Array:
    """Not x, of booleans."""


@generic
def invert(x: Array) -> Array:
    """Bitwise complement."""


@generic
def real(x: Array) -> Array:
    """Real part."""


@generic
def imag(x: Array) -> Array:
    """Imaginary part."""


@generic
def conj(x: Array) -> Array:
    """Complex conjugate."""


@generic
def angle(x: Array) -> Array:
    """Argument of a complex number."""


@generic
def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""


@generic
def erf(x: Array) -> Array:
    """Error function."""


@generic(on="x")
def add(x: Array, y: Array) -> Array:
    """x + y."""


@generic(on="x")
def subtract(x: Array, y: Array) -> Array:
    """x - y."""


@generic(on="x")
def multiply(x: Array, y: Array) -> Array:
    """x y."""


@generic(on="x")
def divide(x: Array, y: Array) -> Array:
    """x / y."""


@generic(on="x")
def floor_divide(x: Array, y: Array) -> Array:
    """Largest integer not above x / y."""


@generic(on="x")
def remainder(x: Array, y: Array) -> Array:
    """x - y floor(x / y)."""


@generic(on="x")
def pow(x: Array, y: Array) -> Array:
    """x to the power y."""


@generic(on="x")
def atan2(x: Array, y: Array) -> Array:
    """Angle of the point (y, x)."""


@generic(on="x")
def maximum(x: Array, y: Array) -> Array:
    """The larger of x and y."""


@generic(on="x")
def minimum(x: Array, y: Array) -> Array:
    """The smaller of x and y."""


@generic(on="x")
def equal(x: Array, y: Array) -> Array:
    """x = y."""


@generic(on="x")
def not_equal(x: Array, y: Array) -> Array:
    """x ≠ y."""


@generic(on="x")
def less(x: Array, y: Array) -> Array:
    """x < y."""


@generic(on="x")
def less_equal(x: Array, y: Array) -> Array:
    """x ≤ y."""


@generic(on="x")
def greater(x: Array, y: Array) -> Array:
    """x > y."""


@generic(on="x")
def greater_equal(x: Array, y: Array) -> Array:
    """x ≥ y."""


@generic(on="x")
def logical_and(x: Array, y: Array) -> Array:
    """x and y, of booleans."""


@generic(on="x")
def logical_or(x: Array, y: Array) -> Array:
    """x or y, of booleans."""


@generic(on="x")
def logical_xor(x: Array, y: Array) -> Array:
    """Either x or y, of booleans."""


@generic(on="x")
def bitwise_and(x: Array, y: Array) -> Array:
    """Bitwise and."""


@generic(on="x")
def bitwise_or(x: Array, y: Array) -> Array:
    """Bitwise or."""


@generic(on="x")
def bitwise_xor(x: Array, y: Array) -> Array:
    """Bitwise exclusive or."""


@generic(on="x")
def left_shift(x: Array, y: Array) -> Array:
    """x shifted left by y bits."""


@generic(on="x")
def right_shift(x: Array, y: Array) -> Array:
    """x shifted right by y bits."""


@generic(on="condition")
def where(condition: Array, x: Array, y: Array) -> Array:
    """x where the condition holds, y elsewhere."""


@generic(on="x")
def clip(x: Array, lower: Array, upper: Array) -> Array:
    """x limited to [lower, upper]."""


@generic(on="x")
def astype(x: Array, dtype: Any) -> Array:
    """x converted to another element type."""


# --- reductions ---


@generic(on="x")
def sum(x: Array, axes: tuple[int, ...]) -> Array:
    """Sum over axes, which disappear."""


@generic(on="x")
def prod(x: Array, axes: tuple[int, ...]) -> Array:
    """Product over axes, which disappear."""


@generic(on="x")
def mean(x: Array, axes: tuple[int, ...]) -> Array:
    """Mean over axes, which disappear."""


@generic(on="x")
def max(x: Array, axes: tuple[int, ...]) -> Array:
    """Largest value over axes, which disappear."""


@generic(on="x")
def min(x: Array, axes: tuple[int, ...]) -> Array:
    """Smallest value over axes, which disappear."""


@generic(on="x")
def any(x: Array, axes: tuple[int, ...]) -> Array:
    """Whether any is true over axes, which disappear."""


@generic(on="x")
def all(x: Array, axes: tuple[int, ...]) -> Array:
    """Whether all are true over axes, which disappear."""


@generic(on="x")
def argmax(x: Array, axis: int) -> Array:
    """Position of the (first) largest value along an axis."""


@generic(on="x")
def argmin(x: Array, axis: int) -> Array:
    """Position of the (first) smallest value along an axis."""


@generic(on="x")
def cumsum(x: Array, axis: int) -> Array:
    """Running sum along an axis."""


@generic(on="x")
def sort(x: Array, axis: int) -> Array:
    """x in ascending order along an axis."""


@generic(on="x")
def argsort(x: Array, axis: int) -> Array:
    """Positions that sort x along an axis, stable."""


# --- structure ---


@generic(on="x")
def reshape(x: Array, sizes: tuple[int, ...]) -> Array:
    """The same values in row-major order with other sizes."""


@generic(on="x")
def transpose(x: Array, axes: tuple[int, ...]) -> Array:
    """The axes in another order."""


@generic(on="x")
def broadcast_to(x: Array, sizes: tuple[int, ...]) -> Array:
    """x repeated along axes of size 1 to the given sizes (of the same rank)."""


@generic(on="x")
def getitem(x: Array, index: tuple[Any, ...]) -> Array:
    """Basic indexing by ints, slices and None."""


@generic(on="x")
def concat(x: Array, others: tuple[Array, ...], axis: int) -> Array:
    """x and the others one after another along an axis."""


@generic(on="x")
def stack(x: Array, others: tuple[Array, ...], axis: int) -> Array:
    """x and the others along a new axis."""


@generic(on="x")
def flip(x: Array, axes: tuple[int, ...]) -> Array:
    """x in reverse order along axes."""


@generic(on="x")
def roll(x: Array, shifts: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """x shifted cyclically along axes."""


@generic(on="x")
def pad(x: Array, widths: tuple[tuple[int, int], ...], mode: str, value: Any = 0) -> Array:
    """x with a margin; mode is 'constant' (with value), 'edge', 'wrap' or 'symmetric'."""


@generic(on="x")
def take(x: Array, indices: Array, axis: int) -> Array:
    """Items of x along an axis at integer positions, which must lie inside."""


@generic(on="x")
def gather(x: Array, indices: tuple[Array, ...]) -> Array:
    """x[i0, i1, …] for integer arrays of one shape (up to broadcasting), one per leading axis; positions must lie inside."""


@generic(on="base")
def scatter(base: Array, indices: tuple[Array, ...], values: Array, mode: str) -> Array:
    """base with values put to positions of its leading axes; mode is 'add', 'update', 'max' or 'min'; equal positions add up with 'add'."""


@generic
def nonzero(x: Array) -> Array:
    """Positions where x is true, as an integer array (count, rank)."""


@generic(on="x")
def boolean_mask(x: Array, mask: Array, axis: int) -> Array:
    """Items of x along an axis where a 1-D mask is true."""


# --- linear algebra ---


@generic(on="x")
def einsum(x: Array, others: tuple[Array, ...], subscripts: str) -> Array:
    """Sum of products in Einstein notation."""


@generic(on="matrix")
def solve(matrix: Array, rhs: Array) -> Array:
    """Solution of square systems (…, n, n) with right-hand sides (…, n, k)."""


# --- creation: on the backend object ---


@generic(on="place")
def zeros(place: Any, sizes: tuple[int, ...], dtype: Any, device: Any = None) -> Array:
    """An array of zeros."""


@generic(on="place")
def full(place: Any, sizes: tuple[int, ...], value: Any, dtype: Any, device: Any = None) -> Array:
    """An array of one value."""


@generic(on="place")
def arange(place: Any, start: int, stop: int, dtype: Any, device: Any = None) -> Array:
    """The integers from start up to, not including, stop."""


@generic(on="place")
def random_bits(place: Any, key: Any, count: int) -> Array:
    """Words of the Threefry-2x32-20 stream (Salmon et al. 2011) of a key of two 32-bit words, as unsigned 32-bit integers; equal on all backends."""


# --- transforms ---


@generic(on="x")
def fft(x: Array, axes: tuple[int, ...]) -> Array:
    """Discrete Fourier transform along axes, not normalised; complex."""


@generic(on="x")
def ifft(x: Array, axes: tuple[int, ...]) -> Array:
    """Inverse of `fft`, normalised by 1/n; complex."""


@generic(on="x")
def trig(x: Array, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> Array:
    """Discrete cosine and sine transforms along axes, one kind 'dct1' … 'dst4' per axis, in SciPy's convention without normalisation."""


@generic(on="x")
def spectral_scale(x: Array, axes: tuple[int, ...], kinds: tuple[str, ...], scale: Array) -> Array:
    """T⁻¹(scale · T x), where T applies 'fft' or a trigonometric kind along each axis; scale has the rank of x and the order of the full spectrum."""


__all__ += [name for name, value in list(globals().items()) if hasattr(value, "dispatch")]
