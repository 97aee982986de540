"""Products of vectors and their lengths."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, ShapeError, channel, merge_shapes, select
from phiml_core.tensor.align import joint_order
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import contract, leader

from .create import wrap
from .elementwise import clip, maximum, where
from .join import stack
from .reduce import sum_
from .repeat import store
from .unstack import unstack

__all__ = [
    "clip_length", "cross_product", "dot", "norm", "normalize", "normalize_to", "squared_norm", "vec_length", "vec_normalize",
    "vec_squared",
]  # fmt: skip


def dot(x: Any, x_dims: Any, y: Any, y_dims: Any) -> Any:
    """Sum of products over pairs of dims: dims `x_dims` of x with `y_dims` of y, in order; all other dims align by name.

    Raises:
        ShapeError: the dims summed over do not pair up in number and size.
    """
    x, y = (v if isinstance(v, Tensor) else wrap(v) for v in (x, y))
    return contract(leader((x, y)), dot, (x, y), (x_dims, y_dims))


def _plan(x: Any, y: Any, x_dims: Any, y_dims: Any) -> Any:
    precision = current()
    xd, yd = select(x.shape, x_dims), select(y.shape, y_dims)
    if xd.rank != yd.rank or xd.sizes != yd.sizes:
        raise ShapeError(f"dot pairs {xd} of {x.shape} with {yd} of {y.shape}: their numbers and sizes must agree.")
    backend = join(x.backend, y.backend)
    dtype = common_type((x, y), precision, "dot")
    if dtype.kind is bool:
        dtype = precision.int
    letters = dict(zip(xd.names, "abcdefgh", strict=False))
    partner = dict(zip(yd.names, xd.names, strict=True))
    free = merge_shapes(x.shape.without(xd), y.shape.without(yd), operation="dot")
    names = {n: chr(ord("i") + i) for i, n in enumerate(free.names)}
    x_sub = "".join(letters.get(n) or names[n] for n in x.stored.names)
    y_sub = "".join(letters[partner[n]] if n in partner else names[n] for n in y.stored.names)
    stored = joint_order([x.stored.without(xd), y.stored.without(yd)], "dot")
    subscripts = f"{x_sub},{y_sub}->{''.join(names[n] for n in stored.names)}"
    einsum = backend.bind(primitive.einsum)
    px, py = preparation(backend, x, dtype, x.stored), preparation(backend, y, dtype, y.stored)

    def program(a: Any, b: Any) -> Any:
        return einsum(a if px is None else px(a), (b if py is None else py(b),), subscripts)

    return backend.fuse(program, dtype.precision == 64 or x.wide or y.wide), make_spec(stored, free, backend, dtype)


@contract.dispatch
def _(lead: Dense, op, values, args):
    x, y = values
    precision = current()
    key = (dot, x.spec, y.spec, *(a.columns if isinstance(a, Shape) else a for a in args))
    plan = precision.plans.get(key)
    if plan is None:
        for value, dims in ((x, args[0]), (y, args[1])):
            gone = select(value.shape, dims)
            if gone.without(value.spec.stored):  # constant along a summed dim: store it, a rare case
                stored = [as_dense(store(v, d)) for v, d in zip(values, args, strict=True)]
                return contract(lead, op, tuple(stored), args)
        plan = precision.keep(key, _plan(x.spec, y.spec, *args))
    run, spec = plan
    return Dense(run(x.native_array, y.native_array), spec)


@contract.dispatch
def _(lead: Stacked, op, values, args):
    """Over the stacked dim: products of components; else joined."""
    x, y = values
    xd, yd = select(x.shape, args[0]), select(y.shape, args[1])
    if xd.rank == yd.rank == 1 and xd.sizes == yd.sizes and not (isinstance(x, Dense) or isinstance(y, Dense)):
        total = None
        for a, b in zip(unstack(x, xd), unstack(y, yd), strict=True):
            total = a * b if total is None else total + a * b
        return total
    return op(as_dense(x), args[0], as_dense(y), args[1])


def vec_squared(vec: Any, vec_dim: Any = channel) -> Any:
    """Squared length of vectors whose components lie along `vec_dim` (by default all channel dims)."""
    if type(vec) is Dense and not isinstance(vec_dim, list):
        precision = current()
        spec = vec.spec
        key = (vec_squared, spec, vec_dim.columns if isinstance(vec_dim, Shape) else vec_dim)
        plan = precision.plans.get(key)
        if plan is None:
            plan = precision.keep(key, _square_plan(spec, vec_dim))
        if plan:
            return Dense(plan[0](vec.native_array), plan[1])
    value = vec if isinstance(vec, Tensor) else wrap(vec)
    return sum_(abs(value) ** 2 if value.dtype.kind is complex else value * value, vec_dim)


def _square_plan(spec: Any, vec_dim: Any) -> Any:
    """Square and sum as one program where dims are stored and elements are floats, else nothing."""
    dims = select(spec.shape, vec_dim)
    precision = current()
    if dims.without(spec.stored) or spec.dtype is not precision.float:
        return ()
    axes = tuple(spec.axes[n] for n in dims.names)
    multiply, add = spec.backend.bind(primitive.multiply), spec.backend.bind(primitive.sum)
    program = spec.backend.fuse(lambda x: add(multiply(x, x), axes) if axes else multiply(x, x), spec.wide)
    return program, spec.with_dims(spec.stored.without(dims), spec.shape.without(dims))


def vec_length(vec: Any, vec_dim: Any = channel, eps: float | None = None) -> Any:
    """Length of vectors; its gradient at zero vectors is 0 (or, with `eps`, that of the length limited to at least sqrt(eps))."""
    squared = vec_squared(vec, vec_dim)
    if eps is not None:
        return maximum(squared, eps) ** 0.5
    zero = squared == 0  # the derivative of the root is infinite there
    return where(zero, 0.0, where(zero, 1.0, squared) ** 0.5)


def vec_normalize(vec: Any, vec_dim: Any = channel, epsilon: float | None = None) -> Any:
    """Vectors of length 1 in the same direction; zero vectors (or shorter than `epsilon`) stay zero."""
    length = vec_length(vec, vec_dim)
    short = length <= (epsilon or 0.0)
    return where(short, 0.0, vec / where(short, 1.0, length))


normalize = vec_normalize
norm = vec_length
squared_norm = vec_squared


def clip_length(vec: Any, min_len: Any = 0, max_len: Any = 1, vec_dim: Any = channel, eps: float | None = None) -> Any:
    """Vectors in the same direction, of a length from `min_len` to `max_len`; zero vectors (or shorter than `eps`) become zero.

    Args:
        vec: vectors along the dims that `vec_dim` selects.
        min_len, max_len: numbers or tensors, in the unit of the vectors.
        vec_dim: names, shape or filter.
        eps: length below which a vector has no direction; by default 0.
    """
    length = vec_length(vec, vec_dim)
    short = length <= (eps or 0.0)
    return where(short, 0.0, vec * (clip(length, min_len, max_len) / where(short, 1.0, length)))


def normalize_to(target: Any, source: Any, epsilon: float = 1e-5) -> Any:
    """`target` times a number that makes its sum over all dims but batch dims that of `source`.

    Args:
        target, source: tensors or numbers.
        epsilon: sums of `target` below it count as this.
    """
    wanted = sum_(source) if isinstance(source, Tensor) else source
    return target * (wanted / maximum(sum_(target), epsilon))


def cross_product(vec1: Any, vec2: Any) -> Any:
    """Cross product: in 3D of two vectors; in 2D of two vectors (a scalar) or of a scalar and a vector (a vector).

    Raises:
        ShapeError: the vectors have other than 2 or 3 components.
    """
    a, b = (v if isinstance(v, Tensor) else wrap(v) for v in (vec1, vec2))
    if "vector" not in b.shape.names:
        return -cross_product(b, a)
    dim = b.shape["vector"]
    if dim.size == 2:
        bx, by = unstack(b, "vector")
        if "vector" not in a.shape.names:
            return stack([-a * by, a * bx], dim)
        ax, ay = unstack(a, "vector")
        return ax * by - ay * bx
    if dim.size != 3:
        raise ShapeError(f"A cross product needs 2 or 3 components, but the vectors have shape {b.shape}.")
    (ax, ay, az), (bx, by, bz) = unstack(a, "vector"), unstack(b, "vector")
    return stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], dim)
