"""Transposes of operators that do not know theirs."""

from typing import Any

from phiml_core.dispatch import generic

from .linear import LinearOperator, Transposed

__all__ = ["transpose_applied"]


@generic(on="operator")
def transpose_applied(operator: LinearOperator, x: Any) -> Any:
    """The transpose of an operator applied to x: by derivatives where the backend has them."""
    if operator.domain == operator.range and x.backend.can_differentiate and x.dtype.kind is float:
        return Transposed(operator).derivative(x)
    from ..trace.operator import TracedOperator
    from ..trace.structured import traced

    like = x
    if operator.domain is not None:
        from phiml_core.math import expand
        from phiml_core.math import sum_ as total

        gone = x.shape.only(operator.range)
        like = expand(total(x, gone) if gone else x, operator.domain)
    result = traced(operator, like)  # as terms, which know their transpose whatever the class of the operator
    return TracedOperator.of(getattr(result, "terms", ()), like.shape, result.shape).adjoint()(x)
