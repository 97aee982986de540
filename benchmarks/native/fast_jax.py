"""The step of `smoke_jax.py`, written by hand to be fast on a CPU: what is attainable, and in which formulation.

- Interpolation at x - d with |d| < 1 needs no gather: each corner of the cell is the centre value or a neighbour chosen
  by the sign of d, so all 2^d corners come from shifted copies and selects.  `lax.cond` takes the gather form for
  larger d.  Both pick the cell index + floor(-d); the corners give value and bounds of the clamp at no further cost.
- The adjoint of the shift form is again made of shifts.  `custom_vjp` stands *around* the `cond`, so that only the
  padded values and d are kept for the backward pass.
- The projection is its own adjoint.  The Poisson problem is solved by one n-D real FFT of the permuted array (2D) or by
  cosine matrices (small and 3D).  The largest modes of the pressure are differentiated in the spectrum instead of
  subtracting neighbouring rounded values, which leaves a divergence of about 1e-6 without a second pass.
"""

from __future__ import annotations

import itertools
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from native.inputs import eigenvalues
from native.smoke_jax import BUOYANCY, along, average, divergence

barrier = lax.optimization_barrier  # XLA otherwise fuses the padding into every shifted read: 1.5 - 2.5 times slower


# --- interpolation: corners of the cell that x - d lies in ---


def lower(d, back: bool = False):
    """Whether the neighbour below is meant; at d = 0 it is the one above, as floor(-d) has it.

    On the way back (x + d) it is the other one, also at d = 0: only then is the derivative in a fluid at rest one of a
    direction, that of d < 0, for both ways.
    """
    return [(x <= 0) if back else (x > 0) for x in d]


def distances(d):
    """|d| with the derivative of the side that `lower` chose (`abs` has a derivative of 0 at 0)."""
    return [jnp.where(x > 0, x, -x) for x in d]


def shift_corners(padded, below):
    """Corners in product order (centre before neighbour, first axis outermost); `padded` has one layer more."""
    shape = below[0].shape
    ndim = len(shape)
    found = {
        ((), o): lax.slice(padded, o, [a + n for a, n in zip(o, shape, strict=True)])
        for o in itertools.product((0, 1, 2), repeat=ndim)
    }
    for axis in range(ndim):
        chosen = {}
        for (pick, (first, *rest)), value in found.items():
            if first == 1:
                chosen[(*pick, 0), tuple(rest)] = value
            elif first == 0:
                chosen[(*pick, 1), tuple(rest)] = jnp.where(below[axis], value, found[pick, (2, *rest)])
        found = chosen
    return [found[pick, ()] for pick in itertools.product((0, 1), repeat=ndim)]


def sources(ndim: int):
    """Offsets a corner can have, as (first index of the padded slice, offset -1, 0, 1 per axis)."""
    return itertools.product((-1, 0, 1), repeat=ndim)


def shift_adjoint(value, d, padded=None, bounds=()):
    """Cotangent of the padded values under linear interpolation at x - d, |d| < 1: 3^d shifted products, no scatter.

    Args:
        value: cotangent of the interpolated value.
        bounds: pairs (bound, cotangent); it belongs to the corner whose value in `padded` equals the bound.
    """
    ndim, shape = value.ndim, [n + 2 for n in value.shape]
    value, bounds, *d = jax.tree.map(lambda x: barrier(jnp.pad(x, 2)), (value, bounds, *d))
    total = 0
    for offset in sources(ndim):

        def there(x, start=tuple(1 - o for o in offset)):  # the cell whose corner at `offset` is this entry
            return lax.slice(x, start, [a + n for a, n in zip(start, shape, strict=True)])

        weight, picked = there(value), True
        for x, o in zip(map(there, d), offset, strict=True):
            weight = weight * (jnp.maximum(x, 0) if o < 0 else jnp.maximum(-x, 0) if o > 0 else 1 - jnp.abs(x))
            if o:
                picked = picked & ((x > 0) if o < 0 else (x <= 0))
        total = total + weight
        for bound, cotangent in bounds:
            total = total + jnp.where(picked & (padded == there(bound)), there(cotangent), 0)
    return total


def gather_index(d, padded_shape, back: bool = False):
    """Position of each corner in the flattened padded array: index + floor(-d), beyond the layer clipped to it."""
    ndim = len(d)
    sides = []
    for axis, x in enumerate(d):
        cell = jnp.floor(-x).astype(jnp.int32)
        index = lax.broadcasted_iota(jnp.int32, x.shape, axis) + (-cell if back else cell + 1)
        stride = int(np.prod(padded_shape[axis + 1 :]))
        sides.append([jnp.clip(index + o, 0, padded_shape[axis] - 1) * stride for o in (0, 1)])
    return [sum(sides[axis][q] for axis, q in enumerate(pick)) for pick in itertools.product((0, 1), repeat=ndim)]


def gather_corners(padded, d, back: bool = False):
    flat = padded.reshape(-1)
    d = barrier(d)
    return [flat.at[i].get(mode="promise_in_bounds") for i in gather_index(d, padded.shape, back)]


def gather_corners_adjoint(cotangents, d, padded_shape, back: bool = False):
    total = jnp.zeros(int(np.prod(padded_shape)), cotangents[0].dtype)
    for g, i in zip(cotangents, gather_index(d, padded_shape, back), strict=True):
        total = total.at[i].add(g, mode="promise_in_bounds")
    return total.reshape(padded_shape)


def fractions(d, back: bool = False):
    return [(1 + x + jnp.floor(-x)) if back else (-x - jnp.floor(-x)) for x in d]


def lerp(corners, t):
    for x in reversed(t):
        corners = [a + x * (b - a) for a, b in zip(corners[::2], corners[1::2], strict=True)]
    return corners[0]


def with_bounds(corners, t):
    low = high = corners[0]
    for c in corners[1:]:
        low, high = jnp.minimum(low, c), jnp.maximum(high, c)
    return lerp(corners, t), low, high


EACH, SHIFT, GATHER = "each", "shift", "gather"
"""How `branch` chooses: by a branch of its own; always the shift form; always the gather form."""


def branch(form: str, small, shift, gather, *operands):
    """The form that `small` (|d| < 1 everywhere) allows: both are compiled and one runs.

    The branch is also the only thing XLA does not fuse across on a CPU, so each interpolation has its own: without, the
    gradient evaluates an interpolation again for each neighbour that reads it, and the gather form gathers again.
    """
    if form == SHIFT:
        return shift(*operands)
    if form == GATHER:
        never = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(gather, *operands))
        return lax.cond(small, lambda *_: never, gather, *operands)
    return lax.cond(small, shift, gather, *operands)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def interpolate(form: str, back: bool, padded, d, small):
    """Value at x - d, or at x + d on the way `back`."""
    return branch(
        form,
        small,
        lambda padded, d: lerp(shift_corners(padded, lower(d, back)), distances(d)),
        lambda padded, d: lerp(gather_corners(padded, d, back), fractions(d, back)),
        padded,
        d,
    )


def interpolate_bwd(form, back, kept, cotangent):
    """The corners are found again, which is cheaper than keeping them."""

    def shift(padded, d, cotangent):
        corners = shift_corners(padded, lower(d, back))
        values = shift_adjoint(cotangent, [-x for x in d] if back else d)
        return values, jax.vjp(lambda d: lerp(corners, distances(d)), d)[1](cotangent)[0]

    def gather(padded, d, cotangent):
        corners = gather_corners(padded, d, back)
        corners, d_cotangent = jax.vjp(lambda c, d: lerp(c, fractions(d, back)), corners, d)[1](cotangent)
        return gather_corners_adjoint(corners, d, padded.shape, back), d_cotangent

    padded, d, small = kept
    return *branch(form, small, shift, gather, padded, d, cotangent), None


interpolate.defvjp(lambda *args: (interpolate(*args), args[2:]), interpolate_bwd)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def interpolate_bounded(form: str, padded, d, small):
    """Value at x - d, and the lowest and highest corner of its cell."""
    return branch(
        form,
        small,
        lambda padded, d: with_bounds(shift_corners(padded, lower(d)), distances(d)),
        lambda padded, d: with_bounds(gather_corners(padded, d), fractions(d)),
        padded,
        d,
    )


def per_corner(corners, bound, cotangent):
    """The share of `cotangent` of each corner that equals the bound."""
    return cotangent / sum((c == bound).astype(cotangent.dtype) for c in corners)


def interpolate_bounded_bwd(form, kept, cotangents):
    def shift(padded, d, value, low, high):
        corners = shift_corners(padded, lower(d))
        _, lowest, highest = with_bounds(corners, d)
        bounds = [(lowest, per_corner(corners, lowest, low)), (highest, per_corner(corners, highest, high))]
        return shift_adjoint(value, d, padded, bounds), jax.vjp(lambda d: lerp(corners, distances(d)), d)[1](value)[0]

    def gather(padded, d, value, low, high):
        corners = gather_corners(padded, d)
        _, lowest, highest = with_bounds(corners, d)
        shares, d_cotangent = jax.vjp(lambda c, d: lerp(c, fractions(d)), corners, d)[1](value)
        for bound, cotangent in (
            (lowest, per_corner(corners, lowest, low)),
            (highest, per_corner(corners, highest, high)),
        ):
            shares = [s + jnp.where(c == bound, cotangent, 0) for s, c in zip(shares, corners, strict=True)]
        return gather_corners_adjoint(shares, d, padded.shape), d_cotangent

    padded, d, small = kept
    return *branch(form, small, shift, gather, padded, d, *cotangents), None


interpolate_bounded.defvjp(lambda *args: (interpolate_bounded(*args), args[1:]), interpolate_bounded_bwd)


# --- advection ---


def pad_edge(x):
    return barrier(jnp.pad(x, 1, mode="edge"))


def pad_zero(x):
    return barrier(jnp.pad(x, 1))


def mac_cormack(form: str, smoke, d, small):
    forward, low, high = interpolate_bounded(form, pad_edge(smoke), d, small)
    returned = interpolate(form, True, pad_edge(forward), d, small)
    return jnp.clip(forward + 0.5 * (smoke - returned), low, high)


def semi_lagrangian(form: str, velocity, centred, dt, small):
    result = []
    for axis, component in enumerate(velocity):
        d = [dt * (component if other == axis else average(c, axis)) for other, c in enumerate(centred)]
        result.append(interpolate(form, False, pad_zero(component), d, small))
    return result


def advect_by(form: str, velocity, smoke, dt, small):
    centred = barrier([average(jnp.pad(v, along(axis, v.ndim)), axis) for axis, v in enumerate(velocity)])
    smoke = mac_cormack(form, smoke, [dt * c for c in centred], small)
    return semi_lagrangian(form, velocity, centred, dt, small), smoke


def is_small(velocity, dt):
    """Whether nothing moves further than a cell."""
    return sum(jnp.max(jnp.abs(v)) * jnp.abs(dt) >= 1 for v in velocity) == 0


@jax.custom_vjp
def advect(velocity, smoke, dt):
    """Without gradient one branch holds all of the advection, so that the shift form is fused as a whole."""
    small = is_small(velocity, dt)
    return lax.cond(small, partial(advect_by, SHIFT), partial(advect_by, GATHER), velocity, smoke, dt, small)


advect.defvjp(
    lambda *args: jax.vjp(lambda v, s, dt: advect_by(EACH, v, s, dt, is_small(v, dt)), *args),
    lambda pull, cotangent: pull(cotangent),
)


# --- projection ---

LOW = 8  # modes per axis whose gradient is taken in the spectrum


@lru_cache(maxsize=64)
def cosines(n: int):
    """Orthonormal DCT-II as a matrix (modes, cells), and its differences at the inner faces (modes, n - 1)."""
    k = np.arange(n)
    c = np.cos(np.pi * k[:, None] * (k + 0.5) / n) * np.sqrt(2 / n)
    c[0] /= np.sqrt(2)
    return c.astype(np.float32), np.diff(c, axis=1).astype(np.float32)


@lru_cache(maxsize=64)
def scale(shape):
    return (-1 / eigenvalues(shape)).astype(np.float32)


def along_axis(matrix, x, axis: int):
    """matrix @ x along `axis`, the other axes being a batch before and after: no transpose is made."""
    if axis == x.ndim - 1:
        return (x.reshape(-1, x.shape[-1]) @ np.ascontiguousarray(matrix.T)).reshape(*x.shape[:-1], -1)
    if axis == 0:
        return (matrix @ x.reshape(x.shape[0], -1)).reshape(-1, *x.shape[1:])
    return jnp.einsum("iyz,ky->ikz", x, matrix)


@lru_cache(maxsize=64)
def high(shape):
    """1 for the modes that pass through the values of the pressure, 0 for the low ones."""
    mask = np.ones(shape, np.float32)
    mask[tuple(slice(LOW) for _ in shape)] = 0
    return mask


def solve_matmul(div):
    """(pressure without its low modes, orthonormal coefficients of the low modes)."""
    axes = range(div.ndim)
    for axis in reversed(axes):
        div = along_axis(cosines(div.shape[axis])[0], div, axis)
    spectrum = div * scale(div.shape)
    low = spectrum[tuple(slice(LOW) for _ in axes)]
    pressure = div * (scale(div.shape) * high(div.shape))
    for axis in axes:
        pressure = along_axis(cosines(pressure.shape[axis])[0].T, pressure, axis)
    return pressure, low


def even_odd(x, axis: int):
    """Even entries, then the odd ones backwards: the DCT-II of x is a twiddled FFT of this (Makhoul 1980)."""
    n = x.shape[axis]
    return jnp.concatenate(
        [lax.slice_in_dim(x, 0, n, 2, axis), lax.rev(lax.slice_in_dim(x, 1, n, 2, axis), (axis,))], axis
    )


def undo_even_odd(x, axis: int):
    n = x.shape[axis]
    even, odd = (
        lax.slice_in_dim(x, 0, (n + 1) // 2, 1, axis),
        lax.rev(lax.slice_in_dim(x, (n + 1) // 2, n, 1, axis), (axis,)),
    )
    odd = jnp.pad(odd, along(axis, x.ndim, (0, n % 2)))
    pairs = jnp.stack([even, odd], axis + 1).reshape([n + n % 2 if a == axis else m for a, m in enumerate(x.shape)])
    return lax.slice_in_dim(pairs, 0, n, 1, axis)


def mirrored(x):
    """x[-k] along the first axis."""
    return jnp.concatenate([x[:1], lax.rev(x[1:], (0,))])


def solve_fft(div):
    """As `solve_matmul` for two dimensions by one real FFT each way.

    With V the FFT of the permuted array and w = exp(-i pi k / 2n),
    X[k, l] = 2 Re(w_k (w_l V[k, l] + conj(w_l) V[k, -l])) and V[k, -l] = conj(V[-k, l]):
    the half spectrum of a real FFT gives X[k, l] and X[k, n - l] at once.
    """
    n, m = div.shape
    half = m // 2 + 1
    twiddle = [np.exp(-0.5j * np.pi * np.arange(size) / size).astype(np.complex64) for size in (n, m)]
    first, last = twiddle[0][:, None], twiddle[1][None, :half]
    spectrum = jnp.fft.rfft2(even_odd(even_odd(div, 0), 1))
    a, b = (first * last) * spectrum, (first * last.conj()) * mirrored(spectrum.conj())
    inverse = np.float32(0.5) * scale(div.shape)
    upper = np.concatenate([np.zeros((n, 1), np.float32), inverse[:, ::-1][:, : half - 1]], 1)  # X[k, n - l]
    real, imaginary = jnp.real(a + b), jnp.imag(b - a)
    norm = [np.where(np.arange(LOW) == 0, 1, np.sqrt(2)) / np.sqrt(size) for size in (n, m)]
    low = real[:LOW, :LOW] * (inverse[:LOW, :LOW] * np.outer(*norm)).astype(np.float32)
    y = lax.complex(real * (inverse * high(div.shape))[:, :half], -imaginary * upper)
    rest = np.float32(1) * (np.arange(n) > 0)[:, None]
    y = (first.conj() * last.conj()) * (y - 1j * rest.astype(np.float32) * mirrored(y))
    pressure = jnp.fft.irfft2(y, s=(n, m))
    return undo_even_odd(undo_even_odd(pressure, 1), 0), low


def low_gradient(low, shape, axis: int):
    """Differences along `axis` of the low modes of the pressure."""
    for other in range(len(shape)):
        low = along_axis(cosines(shape[other])[int(other == axis)][:LOW].T, low, other)
    return low


def use_fft(shape) -> bool:
    """By measurement: cosine matrices win in 3D and for small squares."""
    return len(shape) == 2 and max(shape) > 80


@jax.custom_vjp
def project(velocity):
    """Orthogonal projection on the divergence-free velocities: symmetric, so it is its own adjoint."""
    velocity = barrier(velocity)
    div = barrier(divergence(velocity))
    pressure, low = (solve_fft if use_fft(div.shape) else solve_matmul)(div)
    pressure = barrier(pressure)
    return tuple(
        v - jnp.diff(pressure, axis=axis) - low_gradient(low, div.shape, axis) for axis, v in enumerate(velocity)
    )


project.defvjp(lambda velocity: (project(velocity), None), lambda _, cotangent: (project(cotangent),))


# --- the step ---


def step(velocity, smoke, dt, any_cfl: bool = True):
    """(velocity, smoke) after `dt`; the last axis points up.  Without `any_cfl` the caller promises max |v| dt < 1."""
    if any_cfl:
        velocity, smoke = advect(velocity, smoke, dt)
    else:
        velocity, smoke = advect_by(SHIFT, velocity, smoke, dt, None)
    velocity[-1] = velocity[-1] + dt * BUOYANCY * average(smoke, smoke.ndim - 1)
    return project(tuple(velocity)), smoke


@partial(jax.jit, static_argnums=(3, 4))
def steps(velocity, smoke, dt, count: int, any_cfl: bool = True):
    """`count` steps in one compiled loop."""
    return lax.scan(lambda state, _: (step(*state, dt, any_cfl), None), (velocity, smoke), length=count)[0]


def loss(velocity, smoke, dt, count: int):
    velocity, smoke = steps(velocity, smoke, dt, count)
    return jnp.sum(smoke**2) + sum(jnp.sum(v**2) for v in velocity)


jitted = jax.jit(step, static_argnums=3)
