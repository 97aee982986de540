"""The abstract linear operator: what algorithms ask of it."""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import sum_
from phiml_core.transform import gradient

__all__ = ["FunctionOperator", "LinearOperator", "Transposed"]


class LinearOperator:
    """A linear map of tensors to tensors of the same dims, applied by calling it.

    Its value attributes hold everything that may vary or be differentiated; all else is static.
    A new operator is a subclass; algorithms are chosen by its class.
    """

    @property
    def dims(self) -> Any:
        """Names of the dims the operator acts on; all other dims of x are batch dims.  None: all but batch dims."""
        return None

    symmetric: bool = False
    """Whether the operator equals its transpose."""

    singular: bool = False
    """Whether constants are in its null space."""

    def __call__(self, x: Any) -> Any:
        """The operator applied to x."""
        raise NotImplementedError

    def adjoint(self) -> "LinearOperator":
        """The transposed operator."""
        return self if self.symmetric else Transposed(self)

    def diagonal(self) -> Any:
        """The diagonal of the matrix, a tensor like x up to expansion."""
        raise NotImplementedError(f"{type(self).__name__} does not know its diagonal.")

    def without_null_space(self, x: Any) -> Any:
        """x without its component in the null space of a singular operator; x itself for a regular one."""
        return x


@dataclass(frozen=True, eq=False)
class FunctionOperator(LinearOperator):
    """A linear function of a tensor as an operator; it is taken to be symmetric."""

    function: Any

    __value_attrs__ = ("function",)
    symmetric = True

    def __call__(self, x: Any) -> Any:
        return self.function(x)


@dataclass(frozen=True, eq=False)
class Transposed(LinearOperator):
    """The transpose of an operator that does not know it: the derivative of ⟨A x, y⟩ by x.  Needs a backend with derivatives."""

    operator: LinearOperator

    __value_attrs__ = ("operator",)

    @property
    def dims(self) -> Any:
        return self.operator.dims

    def __call__(self, x: Any) -> Any:
        def product(y: Any) -> Any:
            total = self.operator(y) * x
            return sum_(total, total.shape)

        return gradient(product, get_output=False)(x * 0.0)

    def adjoint(self) -> LinearOperator:
        return self.operator
