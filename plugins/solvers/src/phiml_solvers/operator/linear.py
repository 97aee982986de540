"""The abstract linear operator: what algorithms ask of it, and its algebra."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phiml_core.math import conjugate, sum_
from phiml_core.shape import Shape, ShapeError
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import gradient

__all__ = ["Derived", "FunctionOperator", "LinearOperator", "Transposed"]


class LinearOperator:
    """A linear map of tensors to tensors, applied by calling it.

    Its value attributes hold everything that may vary or be differentiated; all else is static.
    A new operator is a subclass; algorithms are chosen by its class.

    Operators compose: `A + B`, `A - B`, `c * A`, `A / c`, `-A`, `A @ B` (first B, then A), `A.T`, `inverse(A)`.  Classes say what
    becomes of their structure by methods of the words in `algebra`; what has none is kept as a sum, product, ….  `A @ x` is `A(x)`.
    """

    __array_ufunc__ = None

    @property
    def dims(self) -> Any:
        """Names of the dims the operator acts on; all other dims of x are batch dims.  None: all but batch dims."""
        return None

    @property
    def domain(self) -> Shape | None:
        """The dims of x that the operator acts on, with their sizes; None if it does not know."""
        return None

    @property
    def range(self) -> Shape | None:
        """The dims of the result that take the place of `domain`; None if the operator does not know."""
        return self.domain

    symmetric: bool = False
    """Whether the operator equals its transpose."""

    singular: bool = False
    """Whether constants, or what `without_null_space` removes, are in its null space.  Static: never found out from values."""

    definite: str | None = None
    """'positive' if ⟨x, A x⟩ ≥ 0 for all x, 'negative' if ≤ 0, None if neither or not known."""

    def __call__(self, x: Any) -> Any:
        """The operator applied to x."""
        raise NotImplementedError

    def adjoint(self) -> "LinearOperator":
        """The transposed operator: ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ with the products summed, not conjugated."""
        return self if self.symmetric else Transposed(self)

    def hermitian(self, x: Any) -> Any:
        """The conjugate transpose applied to x."""
        transposed = self.adjoint()
        return conjugate(transposed(conjugate(x))) if x.dtype.kind is complex else transposed(x)

    def diagonal(self) -> Any:
        """The diagonal of the matrix, a tensor like x up to expansion."""
        raise NotImplementedError(f"{type(self).__name__} does not know its diagonal.")

    def without_null_space(self, x: Any) -> Any:
        """x without its component in the null space of a singular operator; x itself for a regular one."""
        return x

    def null_space_projection(self) -> Callable[[Any], Any]:
        """`without_null_space`, to be called many times: what it needs of the operator is computed once."""
        return self.without_null_space

    @property
    def T(self) -> "LinearOperator":
        """The transposed operator."""
        return self.adjoint()

    # --- algebra ---

    def __add__(self, other: Any) -> Any:
        from .algebra import added

        return added(self, other) if isinstance(other, LinearOperator) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return self if type(other) is int and other == 0 else NotImplemented  # for sum([A, B, …])

    def __sub__(self, other: Any) -> Any:
        return self + (-other) if isinstance(other, LinearOperator) else NotImplemented

    def __neg__(self) -> Any:
        return self * -1.0

    def __mul__(self, factor: Any) -> Any:
        from .algebra import scaled

        if isinstance(factor, LinearOperator) or not isinstance(factor, (int, float, complex, Tensor)):
            return NotImplemented
        return scaled(self, factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Any:
        return self * (1 / divisor) if isinstance(divisor, (int, float, complex, Tensor)) else NotImplemented

    def __matmul__(self, other: Any) -> Any:
        from .algebra import multiplied

        if isinstance(other, LinearOperator):
            _check_between(self, other)
            return multiplied(self, other)
        if isinstance(other, (int, float, complex)) or (hasattr(other, "__array__") and not isinstance(other, Tensor)):
            raise TypeError(
                f"A {type(self).__name__} is applied to tensors, whose dims have names, not to a {type(other).__name__}.  "
                f"Wrap it: wrap(array, {self.domain or 'spatial(…)'})."
            )
        return self(other)


def _check_between(after: LinearOperator, before: LinearOperator) -> None:
    """Raises ShapeError if dims have other sizes in the results of one operator than in the arguments of the next."""
    given, wanted = before.range, after.domain
    if given is None or wanted is None:
        return
    if any(n in given.names and given.get_size(n) != wanted.get_size(n) for n in wanted.names):
        raise ShapeError(
            f"Cannot compute {type(after).__name__} @ {type(before).__name__}: the first acts on {wanted}, the results of the second "
            f"have {given}."
        )


@dataclass(frozen=True, eq=False)
class FunctionOperator(LinearOperator):
    """A linear function of a tensor as an operator; it is taken to be symmetric."""

    function: Any

    __value_attrs__ = ("function",)
    symmetric = True

    def __call__(self, x: Any) -> Any:
        return self.function(x)


@dataclass(frozen=True, eq=False)
class Derived(LinearOperator):
    """An operator made from one other, which it is like in all that a subclass does not say."""

    operator: LinearOperator

    @property
    def dims(self) -> Any:
        return self.operator.dims

    @property
    def domain(self) -> Shape | None:
        return self.operator.domain

    @property
    def range(self) -> Shape | None:
        return self.operator.range

    @property
    def symmetric(self) -> bool:  # type: ignore[override]
        return self.operator.symmetric

    @property
    def definite(self) -> str | None:  # type: ignore[override]
        return self.operator.definite

    @property
    def singular(self) -> bool:  # type: ignore[override]
        return self.operator.singular


@dataclass(frozen=True, eq=False)
class Transposed(Derived):
    """The transpose of an operator that does not know it: the derivative of ⟨A x, y⟩ by x.

    Where the backend has no derivatives, or the result has other dims than x, the operator is traced to one that knows its transpose.
    """

    __value_attrs__ = ("operator",)

    @property
    def dims(self) -> Any:
        found = self.operator.range
        return self.operator.dims if found is None else found.names

    @property
    def domain(self) -> Shape | None:
        return self.operator.range

    @property
    def range(self) -> Shape | None:
        return self.operator.domain

    @property
    def singular(self) -> bool:  # type: ignore[override]
        return self.operator.singular and self.operator.symmetric

    def __call__(self, x: Any) -> Any:
        from .applied import transpose_applied

        return transpose_applied(self.operator, x)

    def derivative(self, x: Any) -> Any:
        """The transpose applied to x, by differentiation; for square operators."""

        def product(y: Any) -> Any:
            total = self.operator(y) * x
            return sum_(total, total.shape)

        return gradient(product, get_output=False)(x * 0.0)

    def diagonal(self) -> Any:
        return self.operator.diagonal()

    def adjoint(self) -> LinearOperator:
        return self.operator
