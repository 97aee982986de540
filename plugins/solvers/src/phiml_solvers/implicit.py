"""The derivative of a solve: one more solve with the transposed operator, whatever the algorithm.

From A x = y follows  dx = A⁻¹ (dy − dA x).  With λ = A⁻ᵀ x̄ the cotangents are  ȳ = λ  and  Ā = the pull-back of −λ through
A ↦ A x.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from phiml_core.math import sum_
from phiml_core.solve import Solve, SolveInfo
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import custom_gradient, gradient
from phiml_core.tree import tree_leaves

from .operator.linear import LinearOperator

__all__ = ["implicit", "sum_like"]

Run = Callable[[Any, Tensor, Solve], tuple[Any, SolveInfo]]


def sum_like(grad: Any, value: Any) -> Any:
    """A gradient summed over the dims that `value` does not have."""
    extra = grad.shape.without(value.shape)
    return sum_(grad, extra) if extra else grad


def has_floats(tree: Any) -> bool:
    """Whether a tree holds values that can be differentiated by."""
    return any(t.dtype.kind in (float, complex) for t in tree_leaves(tree))


def operator_gradient(operator: LinearOperator, x: Tensor, adjoint: Tensor) -> Any:
    """The gradient of −⟨adjoint, A x⟩ with respect to the coefficients of A; None if it has none."""
    if not has_floats(operator):
        return None

    def product(operator: LinearOperator) -> Tensor:
        total = operator(x) * adjoint
        return -sum_(total, total.shape)

    return gradient(product, get_output=False)(operator)


def implicit(run: Run) -> Run:
    """`run(operator, y, settings) -> (x, info)` with the derivative of the exact solution, by y and by the operator."""

    def backward(inputs: tuple[Any, ...], output: Any, output_gradient: Any) -> tuple[Any, ...]:
        operator, y, settings = inputs
        adjoint, _ = implicit(run)(operator.adjoint(), output_gradient[0], replace(settings, x0=None, abs_tol=None))
        return operator_gradient(operator, output[0], adjoint), sum_like(adjoint, y), None

    return custom_gradient(run, backward)
