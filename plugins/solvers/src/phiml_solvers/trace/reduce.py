"""Sums and means of traced tensors."""

from typing import Any

import numpy as np
from phiml_core.math import instance, wrap
from phiml_core.shape import Shape, concat_shapes, merge_shapes, select
from phiml_core.tensor import reduce
from phiml_core.tensor.sparse import Sparse
from phiml_core.tensor.words import contract

from ..operator.constant import constant
from .errors import not_linear, not_traceable
from .linear import Linear, joint_type, linear
from .term import Factor

__all__ = ["applied", "ordered", "summed"]


def summed(value: Linear, dims: Any) -> Any:
    """The sum over dims: they become hidden dims of the terms that vary along them."""
    gone = select(value.shape, dims)
    source, terms = value.source, []
    names = {n: source.hide() for n in gone.names}
    for term in value.terms:
        hidden = dict(term.hidden)
        for n in gone.names:
            if term.varies(n):
                hidden[names[n]] = gone.get_size(n)
            else:  # the same everywhere in its window
                start, stop = term.window(n, gone.get_size(n))
                term = term.scaled(stop - start)._replace(windows=tuple([w for w in term.windows if w[0] != n]))
        terms.append(term.renamed(names)._replace(hidden=tuple(sorted(hidden.items()))))
    bias = None if value.bias is None else reduce_bias(value, gone)
    dtype = joint_type(value, 1) if value.dtype.kind is bool else value.dtype
    return linear(source, value.shape.without(gone), terms, bias, dtype)


def reduce_bias(value: Linear, gone: Any) -> Any:
    """The sum of the bias over dims."""
    from phiml_core.math import sum_

    return sum_(value.full_bias(), gone)


@reduce.dispatch
def _(lead: Linear, op, dims):
    if op.name == "sum":
        return summed(lead, dims)
    gone = select(lead.shape, dims)
    if op.name == "mean":
        return summed(lead, gone) * (1.0 / gone.volume)
    if op.name == "cumsum":
        return _running_sum(lead, gone)
    if op.name in ("max", "min", "prod") and gone.volume == 1:
        return summed(lead, gone)
    raise not_linear({"max": "the maximum", "min": "the minimum", "prod": "the product"}.get(op.name, op.name))


def _running_sum(value: Linear, dim: Any) -> Any:
    name, size = dim.name, dim.size

    def lower() -> Any:
        dims = concat_shapes(dim, instance(_from=size))
        return (
            constant(np.tri(size), dims)
            if value.dtype.kind in (float, complex)
            else wrap(np.tri(size, dtype=np.int32), dims)
        )

    below = value.source.once(("running", dim.columns, value.dtype), None, lower)
    return ordered(applied(value, below, {name: "_from"}), value.shape)


def ordered(value: Any, dims: Shape) -> Any:
    """A traced tensor with its dims in the order of `dims`, as far as these are there."""
    if not isinstance(value, Linear):
        return value
    mine = value.shape
    names = [n for n in dims.names if n in mine.names]
    return value.with_(mine.only((*names, *mine.without(names).names), reorder=True), bias=value.bias)


def applied(value: Linear, matrix: Any, columns: dict[str, str]) -> Any:
    """The contraction of dims (keys) of a traced tensor with dims (values) of a matrix, whose other dims are in the result."""
    source, terms = value.source, []
    hidden = {n: source.hide() for n in columns}
    sizes = {n: value.shape.get_size(n) for n in columns}
    to_hidden = {columns[n]: hidden[n] for n in columns}
    factor = Factor(matrix, tuple([(n, to_hidden.get(n, n), 0) for n in matrix.shape.names]))
    shape = value.shape.without(tuple(columns))
    for term in value.terms:
        moved = term.renamed(hidden)
        inner = tuple(sorted({**dict(term.hidden), **{hidden[n]: sizes[n] for n in columns}}.items()))
        terms.append(moved._replace(hidden=inner).times(factor))
    from phiml_core.math import dot

    bias = None
    if value.bias is not None:
        bias = dot(matrix, ",".join(columns.values()), value.full_bias(), ",".join(columns))
    shape = merge_shapes(shape, matrix.shape.without(tuple(columns.values())))
    return linear(source, shape, terms, bias, joint_type(value, matrix))


def _by_sparse(x: Linear, x_dims: Shape, matrix: Sparse, columns: Shape) -> Any:
    """The product of a sparse tensor and a traced one, over all columns of its pattern."""
    from ..operator.matrix import SparseMatrix
    from .structured import matrix_operator

    found = matrix_operator(matrix)
    assert isinstance(found, SparseMatrix)
    if set(columns.names) != set(matrix.pattern.columns.names):
        raise not_traceable("the product with a sparse tensor", "it sums over dims other than all columns")
    order = [x_dims.names[columns.names.index(n)] for n in matrix.pattern.columns.names]
    shape = x_dims.only(",".join(order), reorder=True)
    return SparseMatrix(found.values, found.rows, found.columns, shape, found.range)(x)


@contract.dispatch
def _(lead: Linear, op, values, args):
    from phiml_core.tensor import Stacked
    from phiml_core.tensor.stacked import as_dense

    from .linear import holds_linear

    pairs = list(zip(values, args, strict=True))
    if all(holds_linear(v) for v in values):
        raise not_linear("the product with itself (dot)", "both factors depend on it")
    (x, x_dims), (matrix, columns) = pairs if holds_linear(values[0]) else reversed(pairs)
    if isinstance(x, Stacked):
        from phiml_core.math import stack

        x = stack(list(x.components), x.dim)
    if isinstance(matrix, Sparse):
        return _by_sparse(x, select(x.shape, x_dims), matrix, select(matrix.shape, columns))
    matrix = as_dense(matrix)
    x_names, names = select(x.shape, x_dims).names, select(matrix.shape, columns).names
    result = applied(x, matrix, dict(zip(x_names, names, strict=True)))
    left, right = (x, x_names), (matrix, names)
    order = [left, right] if holds_linear(values[0]) else [right, left]
    return ordered(result, merge_shapes(*(v.shape.without(gone) for v, gone in order)))
