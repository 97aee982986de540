"""Small dense systems, one for each example."""

from phiml_core.backend import primitive
from phiml_core.backend.precision import current
from phiml_core.ops.elementwise import cast
from phiml_core.ops.native import full_array
from phiml_core.shape import concat_shapes, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

__all__ = ["solve_small"]


def solve_small(matrix: Tensor, right: Tensor, row: str, column: str) -> Tensor:
    """x along `column` with Σ matrix · x = right along `row`, by the library's dense LU.

    Args:
        matrix: dims `row` and `column` of equal size; all others are batch dims.
        right: dim `row`, and batch dims.
    """
    kind = complex if complex in (matrix.dtype.kind, right.dtype.kind) else float
    target = current().floating(kind)
    matrix, right = as_dense(cast(matrix, target)), as_dense(cast(right, target))
    rows, columns = matrix.shape.only(row), matrix.shape.only(column)
    batch = merge_shapes(matrix.shape.without((row, column)), right.shape.without(row))
    backend = matrix.backend if matrix.backend.rank >= right.backend.rank else right.backend
    a = backend.as_array(full_array(matrix, concat_shapes(batch, rows, columns)))
    b = backend.as_array(full_array(right, concat_shapes(batch, rows)))
    reshape = backend.bind(primitive.reshape)
    found = backend.bind(primitive.solve)(a, reshape(b, (*batch.sizes, rows.size, 1)))
    dims = concat_shapes(batch, columns)
    return Dense(reshape(found, tuple(dims.sizes)), make_spec(dims, dims, backend, target))
