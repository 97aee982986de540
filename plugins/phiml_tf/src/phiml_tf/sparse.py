"""Sparse words for TensorFlow's tensors, and its sparse tensors."""

from typing import Any

import tensorflow as tf
from phiml_core.backend import primitive
from phiml_core.ops.sparse_native import lists_of_native, make_native
from phiml_core.tensor.sparse import SparseError

from .tensors import ARRAY, integers, sizes_of

raw = tf.raw_ops


@primitive.segment_sum.dispatch
def _(x: ARRAY, segments: Any, count: int, ordered: bool) -> Any:
    total = raw.UnsortedSegmentSum(data=x, segment_ids=segments, num_segments=integers(x, count))
    return tf.ensure_shape(total, (count, *sizes_of(x)[1:]))


@make_native.dispatch
def _(values: ARRAY, row: Any, column: Any, pointers: Any, sizes: tuple[int, int], format: str) -> Any:
    at = tf.stack([tf.cast(row, tf.int64), tf.cast(column, tf.int64)], -1)
    made = tf.SparseTensor(at, values, sizes)
    return made if format == "csr" else tf.sparse.reorder(made)  # row by row, as its operations demand


@lists_of_native.dispatch
def _(lead: ARRAY, matrix: Any) -> Any:
    if not isinstance(matrix, tf.SparseTensor) or matrix.shape.rank != 2:
        raise SparseError(f"{matrix} is no sparse matrix of TensorFlow (tf.SparseTensor).")
    return matrix.values, matrix.indices[:, 0], matrix.indices[:, 1], tuple(matrix.shape), False
