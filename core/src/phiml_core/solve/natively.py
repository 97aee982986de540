"""Linear solves of native arrays, whose axes have no names: (…, n, n) and (…, n), as `torch.linalg.solve` takes them."""

from typing import Any

from phiml_core.backend.choose import find_backend
from phiml_core.ops.create import reshaped_tensor
from phiml_core.ops.sparse_native import from_scipy
from phiml_core.shape import Shape, ShapeError, batch, channel, dual
from phiml_core.tensor.tensor import Tensor

from .problem import LinearProblem
from .settings import Solve

__all__ = ["are_native", "native_problem", "native_solution"]

ROWS, COLUMNS = "equation", "unknown"


def are_native(matrix: Any, y: Any) -> bool:
    """Whether matrix and right-hand side are both arrays of a library, of which the matrix may be one of SciPy's sparse ones."""
    known = _is_sparse(matrix) or (not isinstance(matrix, Tensor) and find_backend(matrix) is not None)
    return known and not isinstance(y, Tensor) and find_backend(y) is not None and len(y.shape) > 0


def native_problem(matrix: Any, y: Any, settings: Solve) -> tuple[LinearProblem, Solve]:
    """The problem with names for axes: 'equation' and 'unknown' for the last ones, batch dims for those before.

    Raises:
        ShapeError: the sizes do not fit.
    """
    sizes, leading = tuple(matrix.shape), tuple(y.shape[:-1])
    if len(sizes) < 2 or sizes[-2] != y.shape[-1] or sizes[:-2] not in ((), leading):
        raise ShapeError(
            f"A matrix of sizes {sizes} does not fit a right-hand side of sizes {tuple(y.shape)}: (…, n, n) and (…, n) were expected, "
            "with equal batch axes or none of the matrix.  Transpose one of them, or name the axes: math.tensor(matrix, rows, columns)."
        )
    several = _batch(leading)
    rows, columns = channel(**{ROWS: sizes[-2]}), dual(**{COLUMNS: sizes[-1]})
    named: Tensor
    if _is_sparse(matrix):
        named = from_scipy(matrix, rows, columns)
    else:
        named = reshaped_tensor(matrix, [*(several[n] for n in several.names if len(sizes) > 2), rows, columns])
    x0 = settings.x0
    if x0 is not None and not isinstance(x0, Tensor) and find_backend(x0) is not None and len(x0.shape) > 0:
        dims = _batch(tuple(x0.shape[:-1]))
        settings = settings.with_(x0=reshaped_tensor(x0, [*(dims[n] for n in dims.names), columns.as_channel()]))
    return LinearProblem(named, reshaped_tensor(y, [*(several[n] for n in several.names), rows]), settings.x0), settings


def native_solution(x: Tensor) -> Any:
    """The array of a solution, with batch axes first."""
    return x.native([*x.shape.batch.names, COLUMNS])


def _is_sparse(matrix: Any) -> bool:
    return hasattr(matrix, "tocoo")


def _batch(sizes: tuple[int, ...]) -> Shape:
    return batch(**{f"example{i}": n for i, n in enumerate(sizes)})
