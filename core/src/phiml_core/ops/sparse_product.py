"""Products of sparse tensors with dense and sparse ones."""

from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, ShapeError, concat_shapes, instance, merge_shapes, select
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.sparse import ENTRY, Compact, Compressed, Coordinates, Sparse
from phiml_core.tensor.sparse.numbering import distinct, keys, ravel, unravel
from phiml_core.tensor.sparse.pattern import index_tensor
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.words import contract

from .elementwise import cast
from .rename import rename_dims
from .repeat import store
from .sparse_entries import arranged, at_entries, coordinates, from_positions, of_numbers, positions, taken, unknown
from .sparse_format import in_format
from .sparse_segments import segment_sum
from .vector import dot

__all__ = ["sparse_by_dense", "sparse_by_sparse"]


@contract.dispatch
def _(lead: Sparse, op, values, args):
    x, y = values
    xd, yd = select(x.shape, args[0]), select(y.shape, args[1])
    if xd.rank != yd.rank or xd.sizes != yd.sizes:
        raise ShapeError(f"dot pairs {xd} of {x.shape} with {yd} of {y.shape}: their numbers and sizes must agree.")
    if isinstance(x, Sparse) and isinstance(y, Sparse):
        return sparse_by_sparse(x, xd, y, yd)
    if isinstance(x, Sparse):
        return _by_other(x, xd, y, yd)
    return _by_other(y, yd, x, xd)


def _by_other(matrix: Sparse, gone: Shape, x: Any, partner: Shape) -> Any:
    if (
        isinstance(x, Stacked)
        and x.dim.name not in partner.names
        and not (x.shape.is_uniform and len(x.components) > 2)
    ):
        merge_shapes(matrix.shape.without(gone).only(x.dim), x.dim)
        if x.dim.name not in matrix.shape.names:
            return Stacked(tuple(sparse_by_dense(matrix, gone, as_dense(c), partner) for c in x.components), x.dim)
    return sparse_by_dense(matrix, gone, as_dense(x), partner)


def sparse_by_dense(matrix: Sparse, gone: Shape, x: Dense, partner: Shape) -> Any:
    """Sum of products over the dims `gone` of a sparse tensor and `partner` of a dense one.

    Dense where all rows or all columns are summed over; else sparse, with entries at the same position apart.
    """
    precision = current()
    pattern = matrix.pattern
    key = (sparse_by_dense, pattern.kind, matrix.values.spec, gone.names, x.spec, partner.names)
    plan = precision.plans.get(key)
    if plan is None:
        plan = precision.keep(key, _fast_plan(matrix, gone, x, partner) or (None, None))
    run, out = plan
    if run is None:
        return _general(matrix, gone, x, partner)
    leaves = [getattr(pattern, n).native_array for n in pattern.__value_attrs__]
    return Dense(run(matrix.values.native_array, x.native_array, *leaves), out)


def _fast_plan(matrix: Sparse, gone: Shape, x: Dense, partner: Shape) -> Any:
    """A product of one matrix with columns: nothing else of the matrix aligns with dims of x."""
    pattern = matrix.pattern
    groups = {"rows": pattern.rows, "columns": pattern.columns}
    summed = next((g for g, dims in groups.items() if set(dims.names) == set(gone.names) and dims), None)
    if summed is None:
        return None
    kept = groups["columns" if summed == "rows" else "rows"]
    if matrix.values.spec.shape != pattern.lists or x.shape.without(partner).only(kept.names):
        return None
    across = summed == (pattern.by if isinstance(pattern, (Compressed, Compact)) else "rows")
    if isinstance(pattern, Compact) and across:
        return None
    partner_of = dict(zip(gone.names, partner.names, strict=True))
    ordered = x.shape[",".join(partner_of[n] for n in groups[summed].names)]
    merge_shapes(kept, x.shape.without(partner), operation="dot")
    backend = join(matrix.backend, x.backend, *(getattr(pattern, n).backend for n in pattern.__value_attrs__))
    dtype = common_type((matrix.values.spec, x.spec), current(), "dot")
    if dtype.kind is bool:
        dtype = current().int
    rest = x.spec.stored.without(partner)
    into_x = preparation(backend, x.spec, dtype, concat_shapes(ordered, rest), full_rank=True)
    lists = pattern.lists
    into_values = preparation(backend, matrix.values.spec, dtype, lists, full_rank=True)
    expanded = () if lists in matrix.values.spec.stored else tuple(lists.sizes)
    bind = backend.bind
    reshape, broadcast = bind(primitive.reshape), bind(primitive.broadcast_to)
    length, width = ordered.volume, rest.volume
    sizes = (length, width) if rest else (length,)
    missing = any(n not in x.spec.axes for n in ordered.names)
    full = (*ordered.sizes, *rest.sizes)
    multiply = _product_of(pattern, backend, kept.volume, across, bool(rest))
    result = (*kept.sizes, *rest.sizes)
    leaves = [getattr(pattern, n) for n in pattern.__value_attrs__]
    foreign = [v.backend is not backend for v in leaves]

    def run(values: Any, y: Any, *numbers: Any) -> Any:
        values = values if into_values is None else into_values(values)
        values = broadcast(values, expanded) if expanded else values
        y = y if into_x is None else into_x(y)
        y = reshape(broadcast(y, full) if missing else y, sizes)
        at = [backend.as_array(n) if f else n for n, f in zip(numbers, foreign, strict=True)]
        return reshape(multiply(values, y, *at), result)

    stored = concat_shapes(kept, rest)
    out = make_spec(stored, merge_shapes(kept, x.shape.without(partner)), backend, dtype)
    wide = out.wide or matrix.values.spec.wide or x.spec.wide or any(v.spec.wide for v in leaves)
    return backend.fuse(run, wide), out


def _product_of(pattern: Any, backend: Any, count: int, across: bool, several: bool) -> Any:
    """`f(values, x, *leaves)`: the product of native arrays."""
    bind = backend.bind
    if isinstance(pattern, Compressed):
        word = bind(primitive.sparse_product)
        return lambda values, x, pointers, major, minor: word(values, pointers, major, minor, x, count, across)
    if isinstance(pattern, Coordinates):
        word = bind(primitive.sparse_product)
        return lambda values, x, row, column: word(values, None, row, column, x, count, across)
    take, times, add, getitem, pad = map(
        bind, (primitive.take, primitive.multiply, primitive.sum, primitive.getitem, primitive.pad)
    )
    full = pattern.full

    def compact(values: Any, x: Any, minor: Any) -> Any:
        if not full:  # a zero that unused slots read
            x = pad(x, ((0, 1), *[(0, 0)] * several), "constant", 0)
        values = getitem(values, (slice(None), slice(None), None)) if several else values
        return add(times(values, take(x, minor, 0)), (1,))

    return compact


def _general(matrix: Sparse, gone: Shape, x: Dense, partner: Shape) -> Any:
    """By gathering x at the entries, multiplying, and summing what belongs together."""
    t = matrix if matrix.pattern.is_full else coordinates(matrix)
    pattern = t.pattern
    partner_of = dict(zip(gone.names, partner.names, strict=True))
    inner = gone.without(pattern.shape)
    free = x.shape.without(partner)
    merge_shapes(matrix.shape.without(gone), free, operation="dot")
    names = {n: partner_of.get(n, n) for n in pattern.shape.names if n in partner_of or n in free.names}
    clash = [n for n in partner.names if n in matrix.shape.without(gone).names and n not in gone.names]
    if clash:  # such as x of a matrix (x, ~x), which is not the x that is summed over
        fresh = {n: f"_of_{i}" for i, n in enumerate(partner.names)}
        x = as_dense(rename_dims(x, partner, instance(",".join(fresh.values()))))
        names = {n: fresh.get(partner_of.get(n, ""), m) for n, m in names.items()}
        inner_names = [fresh[partner_of[n]] for n in inner.names]
    else:
        inner_names = [partner_of[n] for n in inner.names]
    read = at_entries(as_dense(store(x, tuple(names.values()))), pattern, names)
    if inner:
        product = dot(t.values, inner, read, ",".join(inner_names))
    else:
        product = t.values * read
    product = as_dense(product)
    if product.dtype.kind is bool:
        product = as_dense(cast(product, int))
    return sum_entries(t, product, gone.only(pattern.shape))


def sum_entries(t: Sparse, values: Dense, gone: Shape) -> Any:
    """Values at the entries of `t`, summed over sparse dims: dense where rows or columns alone are left, else sparse."""
    pattern = t.pattern
    rows, columns = pattern.rows.without(gone), pattern.columns.without(gone)
    if rows and columns:
        if not gone:
            return t.with_values(values)
        listed = coordinates(t)
        flat = values if listed is t or pattern.lists.rank == 1 else coordinates(t.with_values(values)).values
        found = {n: p for n, p in positions(listed.pattern).items() if n not in gone.names}
        return from_positions(found, pattern.shape.without(gone), flat, False, (rows, columns))
    row, column = pattern.numbers()
    values = as_dense(store(values, pattern.lists))
    if not rows and not columns:
        from .reduce import sum_

        return sum_(values, pattern.lists)
    dims, number, all_dims = (rows, row, pattern.rows) if rows else (columns, column, pattern.columns)
    ordered = isinstance(pattern, Compressed) and pattern.by == ("rows" if rows else "columns")
    if dims.rank < all_dims.rank:
        found = dict(zip(all_dims.names, unravel(number, all_dims.sizes), strict=True))
        number, ordered = ravel([found[n] for n in dims.names], dims.sizes), False
    return segment_sum(values, as_dense(number), dims, ordered)


# --- two sparse tensors ---


def sparse_by_sparse(a: Sparse, a_gone: Shape, b: Sparse, b_gone: Shape) -> Any:
    """The product of two matrices, summed over all columns (or rows) of each.

    Raises:
        UnknownPositions: the pattern of the result depends on indices that are not known while compiling.
        ShapeError: other dims are summed over than all rows or all columns.
    """
    partner = dict(zip(a_gone.names, b_gone.names, strict=True))
    left = _Side(a, a_gone, a_gone.names)
    right = _Side(b, b_gone, tuple(partner[n] for n in left.summed.names))
    shared = left.kept.only(right.kept.names)
    if shared:
        raise ShapeError(
            f"The product of sparse tensors {a.shape} and {b.shape} over {a_gone} and {b_gone} has {shared} twice.  Rename one of them."
        )
    return in_format(_multiplied(left, right), a.format)


class _Side:
    """A factor: the dims that are kept and summed over, the numbers of its entries along both, and its values."""

    def __init__(self, t: Sparse, gone: Shape, order: tuple[str, ...]):
        pattern = t.pattern
        mine = next((d for d in (pattern.rows, pattern.columns) if set(d.names) == set(gone.names)), None)
        if mine is None:
            raise ShapeError(
                f"A product of sparse tensors sums over all rows {pattern.rows} or all columns {pattern.columns} of each, not over "
                f"{gone} of {t.shape}.  Pack dims, or convert one of them: dense(t)."
            )
        first = mine is pattern.rows
        self.kept = pattern.columns if first else pattern.rows
        self.summed = mine if mine.names == order else pattern.shape[",".join(order)]
        self.t = t = arranged(t, *((self.summed, self.kept) if first else (self.kept, self.summed)))
        listed = coordinates(t)
        known = listed.pattern.known()
        if known is None:
            raise unknown(f"The product of a sparse tensor {t.shape} with another one")
        self.outer, self.inner = known[::-1] if first else known
        values = listed.values
        self.values = as_dense(cast(values, int)) if values.dtype.kind is bool else values


def _multiplied(a: _Side, b: _Side) -> Sparse:
    rows, columns = (b.kept, a.kept) if a.kept.dual and not b.kept.dual else (a.kept, b.kept)
    if all(_is_plain(side.values) for side in (a, b)):
        return _by_scipy(a, b, rows, columns)
    inner, outer, places = b.inner, b.outer, np.arange(len(b.inner))
    if len(inner) > 1 and (inner[1:] < inner[:-1]).any():
        places = np.argsort(inner, kind="stable")
        inner, outer = inner[places], outer[places]
    counts = np.bincount(inner, minlength=a.summed.volume)
    begins = np.cumsum(counts) - counts
    repeats = counts[a.inner]  # each entry of a meets a row of b
    from_a = np.repeat(np.arange(len(a.inner)), repeats)
    from_b = begins[a.inner[from_a]] + np.arange(len(from_a)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    row, column = a.outer[from_a], outer[from_b]
    if rows is not a.kept:
        row, column = column, row
    first, inverse = distinct(keys(row, column, rows.volume, columns.volume))
    products = as_dense(taken(a.values, from_a) * taken(b.values, places[from_b]))
    entries = instance(**{ENTRY: len(first)})
    values = segment_sum(products, index_tensor(inverse, products.backend, len(first) or 1), entries)
    return of_numbers(row[first], column[first], rows, columns, values, True)


def _is_plain(values: Dense) -> bool:
    return values.backend.name == "numpy" and values.shape.names == (ENTRY,) and values.dtype.kind in (float, complex)


def _by_scipy(a: _Side, b: _Side, rows: Shape, columns: Shape) -> Sparse:
    from .sparse_native import of_compressed

    dtype = common_type((a.values.spec, b.values.spec), current(), "dot").to_numpy()
    product = _csr(a, dtype) @ _csr(b, dtype).T.tocsr()
    return of_compressed((product if rows is a.kept else product.T).tocsr(), rows, columns, "rows", None, unique=True)


def _csr(side: _Side, dtype: Any) -> Any:
    """The matrix of the dims that are kept and those that are summed over, without copies where its format is right."""
    from scipy.sparse import coo_array, csc_array, csr_array

    pattern = side.t.pattern
    values = as_dense(store(side.t.values)).native_array.astype(dtype, copy=False)
    sizes = side.kept.volume, side.summed.volume
    if isinstance(pattern, Compressed):
        along = pattern.rows if pattern.by == "rows" else pattern.columns
        kind = csr_array if along is side.kept else csc_array
        return kind((values, pattern.minor.native_array, pattern.pointers.native_array), shape=sizes)
    return coo_array(
        (side.values.native_array.astype(dtype, copy=False), (side.outer, side.inner)), shape=sizes
    ).tocsr()
