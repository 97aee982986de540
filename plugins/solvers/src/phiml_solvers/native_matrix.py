"""Matrices of other libraries, whose axes have no names."""

from typing import Any

from phiml_core.backend.choose import find_backend
from phiml_core.ops.create import reshaped_tensor
from phiml_core.ops.sparse_native import from_scipy
from phiml_core.shape import Shape, ShapeError
from phiml_core.tensor.tensor import Tensor

from .operator.linear import LinearOperator

__all__ = ["with_names"]


def with_names(operator: Any, rows: Shape, columns: Shape) -> Any:
    """A native array or a sparse matrix of SciPy as a tensor; anything else as it is.

    Args:
        rows: dims of the right-hand side that its first axis stands for, in row-major order.
        columns: dims of the unknown that its second axis stands for.

    Raises:
        TypeError: it is neither function, operator, tensor nor matrix.
        ShapeError: the sizes do not fit.
    """
    if isinstance(operator, (Tensor, LinearOperator)) or callable(operator):
        return operator
    sparse = hasattr(operator, "tocoo")
    if not sparse and find_backend(operator) is None:
        raise TypeError(
            f"A {type(operator).__name__} is no linear operator.  Give a linear function, a matrix (tensor with dual dims, native array, "
            "sparse matrix of SciPy) or an operator, e.g. of poisson(…)."
        )
    sizes = tuple(operator.shape)
    if len(sizes) != 2 or sizes[0] != rows.volume:
        raise ShapeError(
            f"A matrix of sizes {sizes} does not fit the right-hand side {rows}: its rows count equations.  Name its axes yourself: "
            + (
                "math.from_scipy(matrix, rows, columns)."
                if sparse
                else "math.tensor(matrix, rows, columns), columns being dual."
            )
        )
    if sizes[1] != columns.volume:
        raise ShapeError(
            f"A matrix of sizes {sizes} has {sizes[1]} unknowns, which are not like the right-hand side {rows}.  Name their dims by a "
            f"first guess, e.g. Solve(x0=math.zeros(channel(u={sizes[1]})))."
        )
    names = columns.as_dual()
    return from_scipy(operator, rows, names) if sparse else reshaped_tensor(operator, [rows, names])
