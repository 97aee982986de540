"""Fourier, cosine and sine transforms along named dims, and multiplication in their spectra."""

from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.backend.precision import current
from phiml_core.backend.spectral_kinds import SPECTRAL_KINDS
from phiml_core.dispatch import generic
from phiml_core.shape import Shape, ShapeError, channel, merge_shapes, select, spatial
from phiml_core.tensor.align import chain
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

from .create import tensor
from .elementwise import cast, divide_no_nan, exp, where
from .layouts import dense_or_layout, has_own_layout
from .reduce import l1_loss, l2_loss
from .repeat import expand, store
from .vector import vec_squared

__all__ = [
    "dct", "dst", "fft", "fftfreq", "fourier_laplace", "fourier_poisson", "frequency_loss", "idct", "idst", "ifft", "spectral_scale",
]  # fmt: skip


@generic(on="x")
def fft(x: Any, dims: Any = spatial) -> Any:
    """Discrete Fourier transform along dims, not normalised: sums of x e^(-2πi jk/n).  Complex, sizes as of `x`.

    Args:
        x: real or complex tensor, or tree of tensors.
        dims: dims to transform: names, shape or filter.  All other dims are batch dims.
    """
    return dense_or_layout(x, fft, (dims,))


@generic(on="k")
def ifft(k: Any, dims: Any = spatial) -> Any:
    """Inverse of `fft`, with the factor 1/n.  Complex; take `real` of it where the original was real."""
    return dense_or_layout(k, ifft, (dims,))


fft.register((Dense,), lambda x, dims: _transform(x, dims, primitive.fft, ("fft",), complex))
ifft.register((Dense,), lambda k, dims: _transform(k, dims, primitive.ifft, ("ifft",), complex))


def dct(x: Any, dims: Any = spatial, type: int = 2) -> Any:
    """Discrete cosine transform along dims, as defined by `scipy.fft.dct` without normalisation.

    Args:
        x: real tensor, or tree of tensors.
        dims: dims to transform: names, shape or filter.  All other dims are batch dims.
        type: 1 to 4.  Type 2 belongs to values at cell centres between mirrors.
    """
    return trig(x, dims, f"dct{type}", False)


def idct(x: Any, dims: Any = spatial, type: int = 2) -> Any:
    """Inverse of `dct` of the same type."""
    return trig(x, dims, f"dct{type}", True)


def dst(x: Any, dims: Any = spatial, type: int = 2) -> Any:
    """Discrete sine transform along dims, as defined by `scipy.fft.dst` without normalisation; see `dct`."""
    return trig(x, dims, f"dst{type}", False)


def idst(x: Any, dims: Any = spatial, type: int = 2) -> Any:
    """Inverse of `dst` of the same type."""
    return trig(x, dims, f"dst{type}", True)


@generic(on="x")
def trig(x: Any, dims: Any, kind: str, inverse: bool) -> Any:
    """Cosine or sine transform of one kind ('dct1' … 'dst4') along dims, or its inverse."""
    return dense_or_layout(x, trig, (dims, kind, inverse))


@trig.dispatch
def _(x: Dense, dims, kind, inverse):
    if kind not in SPECTRAL_KINDS:
        raise ValueError(f"There is no transform {kind!r}: the types of cosine and sine transforms are 1, 2, 3 and 4.")
    return _transform(x, dims, primitive.trig, (kind, inverse), float)


def _transform(x: Dense, dims: Any, word: Any, how: tuple[Any, ...], kind: type) -> Dense:
    precision = current()
    key = (word, how, x.spec, dims.columns if isinstance(dims, Shape) else dims)
    plan = precision.plans.get(key) if not isinstance(dims, list) else None
    if plan is None:
        found = select(x.shape, dims)
        if found.without(x.spec.stored):
            return _transform(as_dense(store(x, found)), dims, word, how, kind)
        plan = precision.keep(key, _plan(x.spec, found, word, how, kind))
    run, out = plan
    return Dense(run(x.native_array), out)


def _plan(spec: Spec, dims: Shape, word: Any, how: tuple[Any, ...], kind: type) -> Any:
    axes = tuple(spec.axes[n] for n in dims.names)
    dtype = common_type((spec,), current(), word.__name__, float)
    step = preparation(spec.backend, spec, dtype, spec.stored)
    bound = spec.backend.bind(word)
    if word is primitive.trig:
        transform, inverse = how
        kinds = (transform,) * len(axes)
        native, out = (lambda x: bound(x, axes, kinds, inverse) if axes else x), spec.with_dtype(dtype)
    else:
        native, out = (lambda x: bound(x, axes)), spec.with_dtype(current().floating(kind))
    return spec.backend.fuse(chain([step, native]), spec.wide or out.wide), out  # type: ignore[arg-type]


def spectral_scale(x: Tensor, kinds: dict[str, str], scale: Any) -> Any:
    """T⁻¹(scale · T x): multiplication in the spectrum, e.g. to solve an equation with constant coefficients.

    Args:
        x: tensor; dims without a kind are batch dims.
        kinds: the transform of each dim: 'fft', 'dct1' … 'dct4', 'dst1' … 'dst4'.
        scale: factors of the modes: a tensor with (some of) the dims of `x`, in the standard order of the full spectrum
            (for 'fft' as `fftfreq`).  Beside a real `x`, factors of opposite 'fft' frequencies must be conjugate.

    Returns:
        As `x`; real if `x` is real.
    """
    from .create import wrap

    scale = scale if isinstance(scale, Tensor) else wrap(scale)
    if has_own_layout(x):
        return restructure(x, spectral_scale, (x,), (kinds, scale))
    if isinstance(x, Stacked) and x.dim.name not in kinds:
        return x.map(lambda c, s: spectral_scale(c, kinds, s), scale)
    select(x.shape, ",".join(kinds))  # raises where x lacks a dim
    value, factors = as_dense(x), as_dense(scale)
    merged = merge_shapes(x.shape, scale.shape, operation="spectral_scale")
    needed = merged.only((*kinds, *factors.spec.axes)).without(value.spec.stored)
    if needed:
        value = as_dense(store(expand(value, needed), needed))
    precision = current()
    key = (spectral_scale, value.spec, factors.spec, tuple(kinds.items()))
    plan = precision.plans.get(key)
    if plan is None:
        plan = precision.keep(key, _scale_plan(value.spec, factors.spec, kinds, merged))
    run, out = plan
    return Dense(run(value.native_array, factors.native_array), out)


def _scale_plan(spec: Spec, scale: Spec, kinds: dict[str, str], shape: Shape) -> Any:
    backend = join(spec.backend, scale.backend)
    dtype = common_type((spec,), current(), "spectral_scale", float)
    factor = current().floating(scale.dtype.kind if scale.dtype.kind is complex else float)
    steps = preparation(backend, spec, dtype, spec.stored), preparation(backend, scale, factor, spec.stored, True)
    word = backend.bind(primitive.spectral_scale)
    axes, names = tuple(spec.axes[n] for n in kinds), tuple(kinds.values())

    def run(x: Any, s: Any) -> Any:
        return word(x if steps[0] is None else steps[0](x), axes, names, s if steps[1] is None else steps[1](s))

    out = make_spec(spec.stored, shape, backend, dtype)
    return backend.fuse(run, spec.wide or scale.wide or out.wide), out


def fftfreq(resolution: Shape, dx: Any = 1, dtype: Any = None) -> Tensor:
    """The frequencies of the entries of `fft`, in cycles per length, as vectors over the spectrum.

    Args:
        resolution: spatial shape of the grid.
        dx: distance of the points, a number or vector.
        dtype: element type, by default floats at the precision of the context.

    Raises:
        ShapeError: `resolution` has no dims, or a dim without size.
    """
    if not resolution.well_defined or not resolution:
        raise ShapeError(f"fftfreq needs dims with sizes, not {resolution}.")
    resolution = resolution.spatial or resolution
    parts = []
    for dim in resolution:
        size: Any = dim.size
        along = dx[{"vector": dim.name}] if isinstance(dx, Tensor) and "vector" in dx.shape.names else dx
        parts.append(expand(tensor(np.fft.fftfreq(size).astype(current().float.name), dim) / along, resolution))
    found = Stacked(tuple(parts), channel(vector=resolution.names))
    return found if dtype is None else cast(found, dtype)


def frequency_loss(x: Any, frequency_falloff: float = 100, ignore_mean: bool = False, n: int = 2) -> Any:
    """Loss of the low frequencies of tensors along their spatial dims: of the spectrum times exp(-½ (f k)²) for f, the falloff, and k
    in cycles per point.

    Args:
        x: tensor or tree of tensors with spatial dims.
        frequency_falloff: how fast the weight of high frequencies falls.
        ignore_mean: leave out the frequency 0.
        n: 2 for half the sum of squares, 1 for the sum of magnitudes.
    """
    from phiml_core.tree import is_tree, tree_leaves

    if is_tree(x):
        return sum([frequency_loss(t, frequency_falloff, ignore_mean, n) for t in tree_leaves(x)])
    squared = vec_squared(fftfreq(x.shape.spatial), "vector")
    weight = exp(squared * (-0.5 * frequency_falloff**2))
    spectrum = fft(x) * (where(squared == 0, 0.0, weight) if ignore_mean else weight)
    return (l2_loss if n == 2 else l1_loss)(spectrum)


def _laplace_symbol(grid: Tensor, dx: Any) -> Tensor:
    k = fftfreq(grid.shape.spatial, dx)
    total: Any = sum(c * c for c in k.components)  # type: ignore[attr-defined]
    return -((2 * np.pi) ** 2) * total


def fourier_laplace(grid: Tensor, dx: Any, times: int = 1) -> Tensor:
    """The Laplacian of a periodic grid, applied `times` times, exact for all modes that the grid can hold."""
    return spectral_scale(grid, dict.fromkeys(grid.shape.spatial.names, "fft"), _laplace_symbol(grid, dx) ** times)


def fourier_poisson(grid: Tensor, dx: Any, times: int = 1) -> Tensor:
    """The periodic solution with zero mean of Δ^times u = `grid`; the mean of `grid` is left out."""
    symbol = _laplace_symbol(grid, dx) ** times
    return spectral_scale(grid, dict.fromkeys(grid.shape.spatial.names, "fft"), divide_no_nan(1.0, symbol))
