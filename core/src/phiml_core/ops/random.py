"""Random numbers: pure functions of a key, equal on all backends, eager and compiled."""

import secrets
import threading
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import backends, default_backend, join
from phiml_core.backend.dtype import DType, as_dtype, dtype_named
from phiml_core.backend.precision import current
from phiml_core.shape import EMPTY, Shape, ShapeError, channel, concat_shapes, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .dims import as_dims
from .elementwise import cast
from .join import stack

__all__ = [
    "ImplicitRandomness", "fold_in", "random_key", "random_normal", "random_permutation", "random_uniform", "seed",
    "split",
]  # fmt: skip

KEY = channel("key")
CHILD = 0x9E3779B9  # sets keys made from a key apart from the numbers drawn with it


class ImplicitRandomness(RuntimeError):
    """Random numbers without key inside a function that is being compiled: they would be the same at every call."""


# --- keys ---


def random_key(seed: int) -> Tensor:
    """A key: two words along the dim 'key'.  The same key always draws the same numbers, so split it for each use.

    Keys are tensors: they may be arguments and results of compiled functions.
    """
    words = np.array([(seed >> 32) & 0xFFFFFFFF, seed & 0xFFFFFFFF], np.uint32)
    return wrap(words, KEY)


def fold_in(key: Tensor, data: Any) -> Tensor:
    """A key made from `key` and an integer, e.g. the number of a step; a tensor of integers makes one key for each."""
    _check_key(key)
    if not isinstance(data, Tensor):
        data = wrap(np.uint32(data & 0xFFFFFFFF))
    number = cast(data, "uint32")
    first, second = key[{"key": 0}] ^ wrap(np.uint32(CHILD)), key[{"key": 1}] ^ number
    words = _draw(stack([first, second], KEY, expand_values=True), channel(key=2), _bits, dtype_named("uint32"))
    return words


def split(key: Tensor, into: Any = 2) -> Any:
    """New, independent keys from one.

    Args:
        key: the key, which is not to be used again.
        into: a number: that many keys as a tuple; or a dim with a size: one key for each item, as one tensor.

    Raises:
        ShapeError: `into` is several dims, or one without size.
    """
    if isinstance(into, Shape):
        if into.rank != 1 or into.size is None:
            raise ShapeError(f"split needs one dim with a size, e.g. batch(b=10), not {into}.")
        return fold_in(key, wrap(np.arange(into.size, dtype=np.uint32), into))
    return tuple(fold_in(key, i) for i in range(into))


def _check_key(key: Any) -> None:
    if not isinstance(key, Tensor) or "key" not in key.shape.names or key.shape.get_size("key") != 2:
        shape = f"a tensor {key.shape}" if isinstance(key, Tensor) else repr(key)
        raise TypeError(
            f"A random key has two words along the dim 'key', but {shape} was given.  Make one by random_key(seed)."
        )


class _Generator:
    """The keys of draws without key: made from a seed and a count, under a lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.root: Tensor | None = None
        self.count = 0

    def reset(self, number: int) -> None:
        with self.lock:
            self.root, self.count = random_key(number), 0

    def next(self, function: str) -> Tensor:
        if any(b.is_compiling() for b in backends().values()):
            raise ImplicitRandomness(
                f"{function}() without key inside a compiled function would draw the same numbers at every call.  "
                f"Pass a key as an argument: key = random_key(0), then {function}(…, key=key), and split(key) it."
            )
        with self.lock:
            if self.root is None:
                self.root = random_key(secrets.randbits(64))
            self.count += 1
            root, count = self.root, self.count
        return root ^ wrap(np.array([count >> 32, count & 0xFFFFFFFF], np.uint32), KEY)


_generator = _Generator()


def seed(number: int) -> None:
    """Start the sequence of random numbers that are drawn without key anew, in all threads."""
    _generator.reset(number)


# --- numbers ---


def random_uniform(*shape: Shape, low: Any = 0, high: Any = 1, dtype: Any = float, key: Tensor | None = None) -> Tensor:
    """Random numbers, equally likely in [low, high).

    Args:
        shape: dims with sizes.
        low: lower limit, number or tensor.
        high: upper limit, excluded (up to rounding).
        dtype: `float`, at the precision of the context, or `int`.
        key: what the numbers are drawn from; by default the next of the sequence that `seed` starts.  A key with batch
            dims draws independently for each of them.

    Raises:
        ImplicitRandomness: no key inside a compiled function.
        TypeError: `dtype` is neither of floats nor of integers.
    """
    kind = as_dtype(dtype, current().bits)
    key = _generator.next("random_uniform") if key is None else key
    if kind.kind is int:
        bits = _draw(key, _dims(shape), _bits, dtype_named("uint32"))
        span = cast(wrap(high) - low, "uint32")
        return cast(cast(bits % span, kind) + low, kind)
    if kind.kind is not float:
        raise TypeError(f"random_uniform draws floats or integers, not {kind}.")
    unit = cast(_draw(key, _dims(shape), _uniform, _drawn(kind)), kind)
    if not isinstance(low, Tensor) and not isinstance(high, Tensor):
        return unit if (low, high) == (0, 1) else unit * (high - low) + low
    return unit * (high - low) + low


def random_normal(*shape: Shape, dtype: Any = float, key: Tensor | None = None) -> Tensor:
    """Random numbers of the normal distribution with mean 0 and standard deviation 1.

    Args:
        shape: dims with sizes.
        dtype: `float` or `complex` (independent parts), at the precision of the context.
        key: what the numbers are drawn from, see `random_uniform`.

    Raises:
        ImplicitRandomness: no key inside a compiled function.
        TypeError: `dtype` is neither of floats nor of complex numbers.
    """
    kind = as_dtype(dtype, current().bits)
    key = _generator.next("random_normal") if key is None else key
    if kind.kind is complex:
        real, imag = (random_normal(*shape, key=k) for k in split(key))
        return real + imag * 1j
    if kind.kind is not float:
        raise TypeError(f"random_normal draws floats or complex numbers, not {kind}.")
    return cast(_draw(key, _dims(shape), _normal, _drawn(kind)), kind)


def random_permutation(dim: Shape, key: Tensor | None = None) -> Tensor:
    """The positions 0, …, n - 1 along a dim in random order, independently for each item of batch dims of the shape.

    Args:
        dim: one dim with a size, and optionally batch dims.
        key: what the order is drawn from, see `random_uniform`.

    Raises:
        ImplicitRandomness: no key inside a compiled function.
        ShapeError: several dims that are no batch dims.
    """
    along = dim.non_batch if dim.rank > 1 else dim
    if along.rank != 1:
        raise ShapeError(f"random_permutation permutes along one dim, not along {along}.  Pack the dims first.")
    key = _generator.next("random_permutation") if key is None else key
    bits = as_dense(_draw(key, _dims((dim,)), _bits, dtype_named("uint32")))
    order = bits.backend.bind(primitive.argsort)(bits.native_array, bits.spec.axes[along.name])
    return cast(Dense(order, bits.spec.with_dtype(bits.backend.dtype(order))), int)


# --- from bits ---


def _dims(shape: tuple[Any, ...]) -> Shape:
    dims = merge_shapes(EMPTY, *map(as_dims, shape))
    if not dims.well_defined or not dims.is_uniform:
        raise ShapeError(f"Random numbers need dims with fixed sizes, not {dims}.")
    return dims


def _drawn(kind: DType) -> DType:
    """The type that numbers are computed in: 16-bit floats are rounded from 32 bits."""
    return dtype_named("float32") if kind.bits < 32 else kind


def _draw(key: Tensor, dims: Shape, recipe: Any, dtype: DType) -> Tensor:
    """Numbers of a recipe: for each dim of the key beside 'key' an independent stream."""
    _check_key(key)
    words = as_dense(key)
    streams = words.shape.without("key")
    precision = current()
    place = default_backend()
    key_ = (_draw, words.spec, dims.columns, place, recipe, dtype)
    plan = precision.plans.get(key_)
    if plan is None:
        from .repeat import store

        if "key" not in words.spec.axes or streams.without(words.spec.stored):
            return _draw(store(words), dims, recipe, dtype)
        merge_shapes(streams, dims, operation="draw random numbers")
        backend = join(place, words.backend)
        plan = precision.keep(key_, _plan(words.spec, streams, dims.without(streams), backend, recipe, dtype))
    run, out = plan
    return Dense(run(words.native_array), out)


def _plan(spec: Spec, streams: Shape, dims: Shape, backend: Backend, recipe: Any, dtype: DType) -> Any:
    order = concat_shapes(spec.stored.without("key"), dims)
    axis, count, sizes = spec.axes["key"], dims.volume, tuple(order.sizes)
    getitem, reshape = backend.bind(primitive.getitem), backend.bind(primitive.reshape)
    bits = primitive.random_bits.resolve(type(backend))
    before = (slice(None),) * axis

    def run(words: Any) -> Any:
        words = words if spec.backend is backend else backend.as_array(words)
        pair = getitem(words, (*before, 0)), getitem(words, (*before, 1))
        return reshape(recipe(backend, lambda n: bits(backend, pair, n), count, dtype), sizes)

    out = make_spec(order, order, backend, dtype)
    return backend.fuse(run, out.wide), out


def _bits(backend: Backend, bits: Any, count: int, dtype: DType) -> Any:
    return bits(count)


def _uniform(backend: Backend, bits: Any, count: int, dtype: DType) -> Any:
    """Uniform in [0, 1) from the upper 24 bits of a word, or 53 of two words; exact, and so equal on all backends."""
    shift, multiply = backend.bind(primitive.right_shift), backend.bind(primitive.multiply)
    astype, getitem = backend.bind(primitive.astype), backend.bind(primitive.getitem)
    if dtype.bits == 32:
        return multiply(astype(shift(bits(count), 8), dtype), 2.0**-24)
    words = bits(2 * count)
    high, low = (getitem(words, (..., slice(i, None, 2))) for i in (0, 1))
    add = backend.bind(primitive.add)
    high, low = astype(shift(high, 5), dtype), astype(shift(low, 6), dtype)
    return multiply(add(multiply(high, 2.0**26), low), 2.0**-53)


def _normal(backend: Backend, bits: Any, count: int, dtype: DType) -> Any:
    """Pairs of normal numbers from pairs of uniform ones (Box & Muller 1958)."""
    getitem, multiply = backend.bind(primitive.getitem), backend.bind(primitive.multiply)
    pairs = (count + 1) // 2
    unit = _uniform(backend, bits, 2 * pairs, dtype)
    u, v = (getitem(unit, (..., slice(i, None, 2))) for i in (0, 1))
    log = backend.bind(primitive.log)(backend.bind(primitive.subtract)(1, u))
    radius, angle = backend.bind(primitive.sqrt)(multiply(log, -2)), multiply(v, 2 * np.pi)
    both = [multiply(radius, backend.bind(word)(angle)) for word in (primitive.cos, primitive.sin)]
    mixed = backend.bind(primitive.stack)(both[0], (both[1],), len(both[0].shape))
    flat = backend.bind(primitive.reshape)(mixed, (*mixed.shape[:-2], 2 * pairs))
    return getitem(flat, (..., slice(0, count)))
