"""Reading sparse tensors at computed positions."""

from typing import Any

import numpy as np
from phiml_core.shape import Shape, ShapeError, merge_shapes
from phiml_core.tensor.sparse import ENTRY, Sparse, UnsupportedFormat
from phiml_core.tensor.sparse.numbering import keys, ravel
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .elementwise import where
from .gather import gather, index_components, take
from .reduce import sum_
from .repeat import expand
from .sparse_entries import canonical, coordinates, keys_of, unknown
from .sparse_slicing import method, outside, stored


@method(gather)
def _(t: Sparse, indices: Tensor, dims: Any, index_dim: str) -> Any:
    """Along one dim the result is sparse, at positions along all sparse dims it is dense."""
    components, indexed = index_components(t.shape, indices, dims, index_dim)
    sparse = [n for n in indexed if n in t.sparse_dims.names]
    if len(indexed) == 1 and sparse:
        return take(t, indexed[0], components[0])
    if set(indexed) == set(t.sparse_dims.names):
        return _at_entries(t, dict(zip(indexed, components, strict=True)))
    shared = indices.shape.only(t.sparse_dims.names)
    if sparse or shared:
        raise UnsupportedFormat(
            f"gather of a sparse tensor {t.shape} reads along one dim, or along all of {t.sparse_dims}, not along {', '.join(indexed)}"
            f"{f' at positions with {shared}' if shared else ''}.  Convert it: gather(dense(t), …)."
        )
    return t.with_values(as_dense(gather(t.values, indices, ",".join(indexed), index_dim)))


def _at_entries(t: Sparse, places: dict[str, Tensor]) -> Tensor:
    """The values at positions along each sparse dim, zero where none is stored."""
    shape = merge_shapes(*(p.shape for p in places.values()), operation="gather")
    if shape.only(t.sparse_dims.names):
        raise ShapeError(f"gather: the positions {shape} have dims that are read from, of {t.shape}.  Rename them.")
    listed = coordinates(canonical(t, "gather"))
    if listed.pattern.known() is None or not all(p.available for p in places.values()):
        raise unknown(f"Reading single values of {t.shape}")
    found = {n: _inside(p, n, t.shape, shape) for n, p in places.items()}
    rows, columns = listed.pattern.rows, listed.pattern.columns
    row, column = (np.asarray(ravel([found[n] for n in g.names], g.sizes)) for g in (rows, columns))
    wanted, own = keys(row, column, rows.volume, columns.volume), keys_of(listed)
    values = stored(listed)
    if not len(own):
        return expand(sum_(values, ENTRY), shape)
    order = np.argsort(own)
    place = order[np.searchsorted(own, wanted, sorter=order).clip(max=len(own) - 1)]
    read = gather(values, wrap(place, shape.with_sizes((None,) * shape.rank)), ENTRY)
    return where(wrap(own[place] == wanted, shape.with_sizes((None,) * shape.rank)), read, values.dtype.kind(0))


def _inside(position: Tensor, name: str, of: Shape, shape: Shape) -> np.ndarray:
    if position.dtype.kind is not int:
        raise TypeError(f"Indices must be integers, not {position.dtype}.  Round them first: cast(floor(t), int).")
    size: Any = of.get_size(name)
    known = np.asarray(expand(position, shape).numpy(shape), np.int64)
    for i in (known.min(initial=0), known.max(initial=0)):
        if known.size and not -size <= i < size:
            raise outside(of, name, int(i))
    return known % size if size else known
