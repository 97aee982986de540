"""Reductions of sparse tensors.  All but sums look at stored values alone, as in PhiML."""

from typing import Any

import numpy as np
from phiml_core.shape import Shape, select
from phiml_core.tensor.sparse import Sparse, SparseError, UnsupportedFormat
from phiml_core.tensor.sparse.numbering import ravel, unravel
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.words import reduce

from .elementwise import cast
from .fill import ones_like
from .reduce import Reduction
from .repeat import expand, store
from .sparse_entries import canonical, coordinates
from .sparse_product import sum_entries
from .sparse_segments import neutral, segment_extreme

__all__: list[str] = []


@reduce.dispatch
def _(lead: Sparse, op, dims):
    gone = select(lead.shape, dims)
    over = gone.only(lead.sparse_dims)
    if not isinstance(op, Reduction):
        raise UnsupportedFormat(
            f"{op.name} along {gone} of a sparse tensor {lead.shape} is not there.  Convert it: dense(t), or look at stored_values(t) "
            "and stored_indices(t)."
        )
    if op.name != "sum":
        lead = canonical(lead, op.name)
    inner = gone.without(over)
    if op.name == "mean":
        return _mean(lead, inner, over)
    if inner:
        lead = lead.with_values(as_dense(op(lead.values, inner)))
    if not over:
        return lead
    full = lead if lead.pattern.is_full else coordinates(lead, _neutral(op.name, lead.dtype))
    if op.name == "sum":
        values = as_dense(store(full.values, full.pattern.lists))
        return sum_entries(full, as_dense(cast(values, int)) if values.dtype.kind is bool else values, over)
    return _of_stored(full, op, over)


def _mean(t: Sparse, inner: Shape, over: Shape) -> Any:
    from .reduce import MEAN, SUM

    values = as_dense(MEAN(t.values, inner)) if inner else t.values
    t = t.with_values(values)
    if not over:
        return t
    ones = t.with_values(as_dense(expand(ones_like(values * 1.0), t.pattern.lists)))
    with np.errstate(invalid="ignore"):  # not-a-number where nothing is stored
        return SUM(t.with_values(as_dense(values * 1.0)), over) / SUM(ones, over)


def _neutral(reduction: str, dtype: Any) -> Any:
    """What unused slots hold so that they change nothing."""
    return neutral(reduction, dtype) if reduction in ("max", "min") else int(reduction == "all")


def _of_stored(t: Sparse, op: Reduction, over: Shape) -> Any:
    """Reduce the stored values that share a position along the other sparse dims."""
    pattern = t.pattern
    rows, columns = pattern.rows.without(over), pattern.columns.without(over)
    if not rows and not columns:
        return op(as_dense(store(t.values, pattern.lists)), pattern.lists)
    if rows and columns:
        raise SparseError(
            f"{op.name} over {over} of a sparse tensor {t.shape} would leave {rows} and {columns} sparse.  Reduce over all rows "
            f"{pattern.rows} or all columns {pattern.columns}, or convert it: dense(t)."
        )
    row, column = pattern.numbers()
    dims, number, group = (rows, row, pattern.rows) if rows else (columns, column, pattern.columns)
    if dims.rank < group.rank:
        found = dict(zip(group.names, unravel(number, group.sizes), strict=True))
        number = ravel([found[n] for n in dims.names], dims.sizes)
    values = as_dense(store(t.values, pattern.lists))
    if op.name in ("any", "all"):
        flags = as_dense(cast(cast(values, bool), int))
        extreme = segment_extreme(flags, as_dense(number), dims, "max" if op.name == "any" else "min")
        return extreme > 0
    if op.name not in ("max", "min"):
        raise SparseError(f"{op.name} over {over} of a sparse tensor {t.shape} is not there.  Convert it: dense(t).")
    return segment_extreme(values, as_dense(number), dims, op.name)
