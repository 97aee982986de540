"""Tracing: from functions to operators."""

from typing import Any

from phiml_core.dispatch import DispatchError, generic
from phiml_core.math import expand, rename_dims
from phiml_core.ops.sparse_entries import coordinates
from phiml_core.shape import Shape
from phiml_core.tensor.sparse import Sparse
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from ..operator.box import BoxLaplace
from ..operator.composed import Inverse, Product, Sum
from ..operator.elementary import Diagonal, Identity, Zero
from ..operator.linear import LinearOperator, Transposed
from ..operator.masked import MaskedLaplace
from ..operator.matrix import ENTRIES, DenseMatrix, SparseMatrix, primal_of
from ..operator.restricted import Restricted
from ..operator.stencil import Stencil
from . import elementwise, reduce  # noqa: F401  methods of the layout
from .errors import NotLinear
from .finish import operator_of
from .linear import Linear, argument, called, holds_linear
from .restructure import one_tensor
from .term import Source
from .transpose import transposed_terms

__all__ = ["as_one", "recognise", "structured", "traced", "transposed"]


def traced(function: Any, like: Tensor) -> Any:
    """The value of `function(x)` for x like `like`, as a traced tensor, or a plain one if it does not depend on x."""
    source = Source([like])
    result = called(function, argument(source, 0, like.dtype))
    if not isinstance(result, Tensor):
        raise TypeError(f"A linear function of a tensor returns a tensor, not {type(result).__name__}.")
    if not isinstance(result, Linear) and holds_linear(result):
        result = one_tensor(result)
    return result


@generic(on="operator")
def structured(operator: Any, like: Any) -> LinearOperator:
    """The most structured operator that does the same as an operator or a function.

    Args:
        operator: operator, which is returned as it is if it has structure, or a linear function of a tensor.
        like: tensor with the shape, type and backend of x; None for an operator that knows its dims.

    Raises:
        NotLinear: the function is not linear, or affine with an offset.
        NotTraceable: the operator cannot be found, though the function is linear.
    """
    result = traced(operator, like)
    if not isinstance(result, Linear) and _is_zero(result):
        return operator_of((), like.shape, result.shape)
    if not isinstance(result, Linear):
        raise NotLinear("The function does not depend on its argument: it is constant, not linear.")
    if result.bias is not None and not _is_zero(result.bias):
        raise NotLinear(
            "The function is affine, not linear: it adds something that does not depend on its argument.  Take the operator and the "
            "offset apart by matrix_from_function."
        )
    return operator_of(result.terms, like.shape, result.shape)


def _is_zero(bias: Tensor) -> bool:
    if not bias.available:
        return False
    return not bool((bias != 0).any) if bias.shape.volume else True


@structured.dispatch
def _(operator: Tensor, like):
    """A matrix: sparse or dense, with the dims of x as dual dims."""
    return matrix_operator(operator)


@structured.dispatch
def _(operator: Sum | Product | Restricted, like):
    """A composition as one operator, if it is one whose structure algorithms know; else as it is."""
    if operator.domain is None:
        return _traced(operator, like)
    if isinstance(operator, Product) and _inverted_in_turn(operator):
        return operator
    try:
        found = _traced(operator, None)
    except (NotLinear, NotImplementedError, DispatchError):
        return operator
    return found if isinstance(found, (BoxLaplace, MaskedLaplace, Stencil, Diagonal, Identity, Zero)) else operator


def _inverted_in_turn(operator: Product) -> bool:
    """Whether the inverse of a product is that of each factor, as of Laplacians and diagonals."""
    elliptic = [isinstance(o, (BoxLaplace, MaskedLaplace, Inverse)) for o in operator.operators]
    return any(elliptic) and all(e or isinstance(o, Diagonal) for e, o in zip(elliptic, operator.operators))


@structured.dispatch
def _(operator: LinearOperator, like):
    """An operator with structure."""
    if operator.domain is None or isinstance(operator, (Transposed,)):
        return _traced(operator, like)
    return operator


def as_one(operator: LinearOperator) -> LinearOperator:
    """An operator that knows its dims, traced to one that is no composition.

    Raises:
        NotImplementedError: parts of it cannot be traced.
    """
    try:
        return _traced(operator, None)
    except (NotLinear, DispatchError) as error:
        raise NotImplementedError(f"{type(operator).__name__} cannot be traced: {error}") from error


def _traced(operator: LinearOperator, like: Any) -> LinearOperator:
    if isinstance(operator, Transposed):
        return structured(operator.operator, like if like is not None else _like(operator.domain)).adjoint()
    result = traced(operator, _like(operator.domain) if like is None else like)
    shape = (like if like is not None else _like(operator.domain)).shape
    return operator_of(getattr(result, "terms", ()), shape, result.shape)


def _like(dims: Shape | None) -> Tensor:
    from phiml_core.math import tensor

    if dims is None:
        raise ValueError("Tracing an operator that does not know its dims needs a tensor like x.")
    return expand(tensor(0.0), dims)


def matrix_operator(matrix: Tensor) -> LinearOperator:
    """A sparse or dense matrix with dual dims as an operator."""
    if isinstance(matrix, Sparse):
        listed = coordinates(matrix)
        pattern = listed.pattern
        shape = primal_of(pattern.columns, pattern.rows)
        values = rename_dims(listed.values, pattern.lists, ENTRIES)
        row, column = (rename_dims(n, n.shape, ENTRIES) for n in pattern.numbers())
        return SparseMatrix(values, row, column, shape, None if shape == pattern.rows else pattern.rows)
    return DenseMatrix(as_dense(matrix))


def transposed(operator: LinearOperator, like: Any = None) -> LinearOperator:
    """The transpose of an operator that knows its dims, or acts on tensors like `like`, as an operator with structure."""
    like = _like(operator.domain) if like is None else like
    result = traced(operator, like)
    more = result.shape.batch.without(like.shape)
    if more:  # the coefficients make examples, which the transpose keeps apart
        like = expand(like, more)
        result = traced(operator, like)
    shape = like.shape
    terms = getattr(result, "terms", ())
    if not all(t.is_shift for t in terms):
        return operator_of(terms, shape, result.shape).adjoint()
    return operator_of(transposed_terms(terms, shape, result.shape), result.shape, shape)


def recognise(stencil: Stencil) -> LinearOperator:
    """A stencil as `BoxLaplace` or `MaskedLaplace` if it is one, else as it is."""
    found = _traced(stencil, None)
    return stencil if isinstance(found, Stencil) else found
