"""Tracing: from functions to operators."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import expand
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from ..operator.linear import LinearOperator, Transposed
from ..operator.stencil import Stencil
from . import elementwise, reduce  # noqa: F401  methods of the layout
from .errors import NotLinear
from .finish import operator_of
from .linear import Linear, argument, holds_linear
from .operator import transposed_terms
from .restructure import one_tensor
from .term import Source

__all__ = ["recognise", "structured", "traced", "transposed"]


def traced(function: Any, like: Tensor) -> Any:
    """The value of `function(x)` for x like `like`, as a traced tensor, or a plain one if it does not depend on x."""
    source = Source([like.shape], like.backend)
    result = function(argument(source, 0, like.dtype))
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
def _(operator: LinearOperator, like):
    """An operator with structure."""
    if operator.domain is None or isinstance(operator, (Transposed,)):
        return _traced(operator, like)
    return operator


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
