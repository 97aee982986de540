"""Problems: what is to be solved, apart from how."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["LinearFunction", "LinearProblem", "LinearTreeProblem"]


@dataclass(frozen=True, eq=False)
class LinearProblem:
    """Find x such that operator(x) = rhs.

    Attributes:
        operator: linear map from tensors like x to tensors like `rhs`: an operator object, or a function.
        rhs: right-hand side, a tensor; dims the operator does not act on are batch dims of independent systems.
        x0: first guess, a tensor like x, or None for zero.
    """

    operator: Any
    rhs: Any
    x0: Any = None

    __value_attrs__ = ("operator", "rhs", "x0")


@dataclass(frozen=True, eq=False)
class LinearTreeProblem:
    """Find a tree x such that operator(x) = rhs, where both are trees of tensors, such as grids.

    Attributes:
        operator: linear or affine function of trees.
        rhs: tree like the results of `operator`; of fields only the values count.
        x0: first guess, a tree like x, which also says what x is like where that is not `rhs`; or None.
    """

    operator: Any
    rhs: Any
    x0: Any = None

    __value_attrs__ = ("operator", "rhs", "x0")


@dataclass(frozen=True, eq=False)
class LinearFunction:
    """x ↦ function(x, *args, **kwargs), linear in x; derivatives of solutions reach the arguments."""

    function: Any
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    __value_attrs__ = ("args", "kwargs")

    def __call__(self, x: Any) -> Any:
        return self.function(x, *self.args, **self.kwargs)
