"""Reading a traced tensor at other positions: slices, gathers, flips, packing."""

from typing import Any

import numpy as np
from phiml_core.math import expand, wrap
from phiml_core.ops.gather import gather
from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor.tensor import Tensor

from .errors import not_traceable
from .linear import Linear, linear
from .term import Along, At, Factor, Source, Term, positions

__all__ = ["known_positions", "read_at", "reindexed", "sliced"]


def sliced(value: Linear, dim: str, start: int, stop: int, items: Any = None) -> Any:
    """The items from `start` to `stop` along a dim."""
    size: Any = value.shape.get_size(dim)
    shape = value.shape.with_size(stop - start, dim).with_item_names(dim, items)
    terms = [t.moved(dim, start, size, stop - start) for t in value.terms]
    bias = None if value.bias is None else value.full_bias()[{dim: slice(start, stop)}]
    return linear(value.source, shape, [t for t in terms if t is not None], bias, value.dtype)


def known_positions(indices: Any, operation: str) -> Any:
    """Integer positions as NumPy data.  Raises NotTraceable if they are not known."""
    if isinstance(indices, Tensor):
        if isinstance(indices, Linear):
            from .errors import not_linear

            raise not_linear(f"{operation} at positions that depend on it")
        if not indices.available:
            raise not_traceable(operation, "the positions are not known while tracing")
        return wrap(positions(indices.numpy(indices.shape)), indices.shape)
    return indices


def read_at(value: Linear, components: Any, indexed: Any, bias: Any) -> Any:
    """A traced tensor at the positions `components` along the dims `indexed`, counted from the end where negative."""
    at = {}
    for c, n in zip(components, indexed, strict=True):
        size: Any = value.shape.get_size(n)
        known = c.numpy(c.shape)
        if known.size and (known.min() < -size or known.max() >= size):
            wrong = known.min() if known.min() < -size else known.max()
            raise IndexError(f"Position {wrong} lies outside dim {n!r}: it must be from {-size} to {size - 1}.")
        key = ("modulo", id(c), size)
        at[n] = value.source.once(key, c, lambda: wrap(known % size, c.shape)) if known.size and known.min() < 0 else c  # noqa: B023
    shape = merge_shapes(*(c.shape for c in components), value.shape.without(tuple(indexed)))
    return reindexed(value, at, shape, bias)


def reindexed(value: Linear, at: dict[str, Tensor], shape: Shape, bias: Any) -> Any:
    """A traced tensor read at known positions.

    Args:
        value: the tensor.
        at: for each dim that goes, the positions along it: integer NumPy tensors whose dims come (or pair up with dims of value).
        shape: of the result.
        bias: of the result.
    """
    terms = [_reindexed(t, at, value) for t in value.terms]
    return linear(value.source, shape, [t for t in terms if t is not None], bias, value.dtype)


def _reindexed(term: Term, at: dict[str, Tensor], value: Linear) -> Term | None:
    source = value.source
    masks: list[Any] = []
    for dim, where in at.items():
        if not where.shape.volume:
            return None
        size: Any = value.shape.get_size(dim)
        start, stop = term.window(dim, size)
        if (start, stop) == (0, size):
            continue
        known = where.numpy(where.shape)
        inside = (known >= start) & (known < stop)
        if not inside.any():
            return None
        if not inside.all():
            key = ("inside", id(where), start, stop)
            masks.append(source.once(key, where, lambda: wrap(inside, where.shape)))  # noqa: B023
            clipped = source.once(("clip", *key), where, lambda: wrap(np.clip(known, start, stop - 1), where.shape))  # noqa: B023
            at = {**at, dim: clipped}
    index = tuple([_moved_index(i, at, source) for i in term.index])
    factors = [_gathered(f, at, source) for f in term.factors]
    factors += [Factor(m, tuple([(n, n, 0) for n in m.shape.names])) for m in masks]
    return term._replace(
        index=index, factors=tuple(factors), windows=tuple([w for w in term.windows if w[0] not in at])
    )


def _moved_index(i: Any, at: dict[str, Tensor], source: Source) -> Any:
    if isinstance(i, Along) and i.dim in at:
        where = at[i.dim]
        key = ("plus", id(where), i.offset)
        return simplified(source.once(key, where, lambda: wrap(where.numpy(where.shape) + i.offset, where.shape)))
    if isinstance(i, At) and any(d in at for d in i.dims):
        return _gathered(i, at, source)
    return i


def simplified(where: Tensor) -> Any:
    """Positions as `Along` where they count up along one dim, else as `At`."""
    shape, known = where.shape, where.numpy(where.shape)
    if shape.rank == 0:
        return int(known)
    for axis, name in enumerate(shape.names):
        first = int(known.flat[0])
        line = np.arange(first, first + shape.sizes[axis]).reshape([-1 if a == axis else 1 for a in range(shape.rank)])
        if (known == line).all():
            return Along(name, first)
    return At(where, tuple([(n, n, 0) for n in shape.names]))


def _gathered(factor: Factor, at: dict[str, Tensor], source: Source) -> Factor:
    """A factor read at positions."""
    here = [(n, d, o) for n, d, o in factor.at if d in at]
    if not here:
        return factor
    key = ("gather", factor, *[(d, id(at[d])) for _, d, _ in here])  # type: ignore[index]

    def make() -> Tensor:
        value = factor.tensor
        for n, d, o in factor.at:
            if d is None:
                value = value[{n: o}]
        clash = {n: f"_{i}" for i, (n, d, _) in enumerate(factor.at) if d is not None}
        from phiml_core.math import rename_dims, stack
        from phiml_core.shape import channel

        value = rename_dims(value, ",".join(clash), tuple(clash.values()))
        lists = [at[d] + o for _, d, o in here]  # type: ignore[index]
        dims = [clash[n] for n, _, _ in here]
        indices = stack(
            [expand(w, merge_shapes(*(v.shape for v in lists))) for w in lists], channel(_index=",".join(dims))
        )
        result = gather(value, indices, ",".join(dims), "_index")
        back = {clash[n]: (d, o) for n, d, o in factor.at if d is not None and d not in at}
        for _, o in back.values():
            if o:
                raise not_traceable("gather", "a factor is read at an offset along another dim")
        names = ",".join(back)
        return rename_dims(result, names, tuple(d for d, _ in back.values())) if names else result  # type: ignore[misc]

    pending = [(n, d, o) for n, d, o in factor.at if d is not None and d not in at and o]
    if pending:  # bring offsets along other dims to zero first
        factor = _cut(factor, source)
        return _gathered(factor, at, source)
    result = source.once(key, (factor, *at.values()), make)
    kind = type(factor)
    if kind is At:
        return At(result, tuple([(n, n, 0) for n in result.shape.names]))
    return Factor(result, tuple([(n, n, 0) for n in result.shape.names]))


def _cut(factor: Factor, source: Source) -> Factor:
    """The factor without offsets: its tensor padded or cut so that it begins where the term does."""
    from phiml_core.math import pad

    def make() -> Tensor:
        value = factor.tensor
        for n, d, o in factor.at:
            if d is not None and o:
                value = value[{n: slice(o, None)}] if o > 0 else pad(value, {n: (-o, 0)}, 0)
        return value

    value = source.once(("cut", factor), factor, make)
    return type(factor)(value, tuple([(n, d, o if d is None else 0) for n, d, o in factor.at]))


def counting(dim: Shape) -> Tensor:
    """0, 1, 2, … along a dim."""
    return wrap(np.arange(dim.size, dtype=np.int32), dim.with_size(None))
