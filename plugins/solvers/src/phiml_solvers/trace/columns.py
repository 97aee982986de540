"""Linear operations that are known by what they do to unit vectors alone, for small tensors."""

from typing import Any

import numpy as np
from phiml_core.math import batch, instance, pack_dims, rename_dims, wrap
from phiml_core.ops.layouts import mentions
from phiml_core.shape import concat_shapes

from ..operator.constant import constant
from .errors import not_traceable
from .linear import Linear
from .reduce import applied, ordered

__all__ = ["MOST", "by_columns"]

MOST = 1024
"""Elements along the dims that an operation may mix."""


def by_columns(op: Any, values: Any, args: Any) -> Any:
    """The result of an operation on one traced tensor, from its matrix.

    Raises:
        NotTraceable: several traced tensors, or too many elements for a dense matrix.
    """
    name = op.__name__
    if len(values) != 1 or not isinstance(values[0], Linear):
        raise not_traceable(name, "it combines several tensors")
    (value,) = values
    shape = value.shape
    touched = [n for n in shape.non_batch.names if any(mentions(a, shape, n) for a in args)] or shape.non_batch.names
    dims = shape.only(tuple(touched))
    if dims.volume > MOST:
        raise not_traceable(
            name, f"it has no rule, and {dims.volume} elements are too many for a dense matrix (limit {MOST})"
        )
    columns = concat_shapes(dims, batch(_column=dims.volume))
    eye: Any = np.eye(dims.volume, dtype=np.int32).reshape(columns.sizes)
    unit = constant(eye, columns) if value.dtype.kind in (float, complex) else wrap(eye, columns)
    matrix = op(unit, *args) - op(unit * 0, *args)
    packed = pack_dims(value.with_(bias=None), ",".join(dims.names), instance("_row"))
    matrix = rename_dims(matrix, "_column", instance("_column"))
    result = ordered(applied(packed, matrix, {"_row": "_column"}), shape)
    return result if value.bias is None else result + op(value.full_bias(), *args)
