"""The abstract linear operator: what algorithms ask of it."""

from typing import Any

__all__ = ["FunctionOperator", "LinearOperator"]


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
        if self.symmetric:
            return self
        raise NotImplementedError(f"{type(self).__name__} does not know its transpose.")

    def diagonal(self) -> Any:
        """The diagonal of the matrix, a tensor like x up to expansion."""
        raise NotImplementedError(f"{type(self).__name__} does not know its diagonal.")

    def without_null_space(self, x: Any) -> Any:
        """x without its component in the null space of a singular operator; x itself for a regular one."""
        return x


class FunctionOperator(LinearOperator):
    """A linear function of a tensor as an operator; it is taken to be symmetric."""

    symmetric = True

    def __init__(self, function: Any):
        self.function = function

    def __call__(self, x: Any) -> Any:
        return self.function(x)
