"""Operators made of operators: sum, multiple, product, inverse."""

from dataclasses import dataclass
from functools import cached_property
from operator import add
from typing import Any

from phiml_core.shape import Shape, concat_shapes, merge_shapes
from phiml_core.tensor.tensor import Tensor

from .elementary import Diagonal, Identity
from .linear import Derived, LinearOperator, Transposed

__all__ = ["OPPOSITE", "Inverse", "Product", "Scaled", "Sum", "image_dims", "inverse"]

OPPOSITE = {"positive": "negative", "negative": "positive", None: None}


def joint_dims(operators: Any) -> tuple[str, ...] | None:
    """Names of all dims that any of the operators acts on; None if one acts on all."""
    names: list[str] = []
    for operator in operators:
        if operator.dims is None:
            return None
        names += [n for n in operator.dims if n not in names]
    return tuple(names)


def image_dims(operator: Any, dims: Shape) -> Shape:
    """The dims of the result for an argument with `dims`, in their order where the operator keeps them."""
    own, to = operator.domain, operator.range
    if own is None or to is None or own.names == to.names:
        return dims if own is None or to is None or own == to else dims.replace(own, to)
    rest = dims.without(own)
    return concat_shapes(to, rest) if rest else to


def _widest(shapes: list[Shape | None]) -> Shape | None:
    known = [s for s in shapes if s is not None]
    return merge_shapes(*known) if known else None


def _leaf_by_leaf(function: Any, *results: Any) -> Any:
    """A function of tensors on results of operators, which may be trees of tensors."""
    if isinstance(results[0], Tensor):
        return function(*results)
    from ..trace.tree import leaves_of, with_leaves

    return with_leaves(results[0], iter([function(*parts) for parts in zip(*map(leaves_of, results), strict=True)]))


@dataclass(frozen=True, eq=False)
class Sum(LinearOperator):
    """x ↦ A x + B x + …"""

    operators: tuple[Any, ...]

    __value_attrs__ = ("operators",)

    @property
    def dims(self) -> Any:
        return joint_dims(self.operators)

    @property
    def domain(self) -> Shape | None:
        return _widest([o.domain for o in self.operators])

    @property
    def range(self) -> Shape | None:
        return _widest([o.range for o in self.operators])

    @property
    def symmetric(self) -> bool:  # type: ignore[override]
        return all(o.symmetric for o in self.operators)

    @property
    def definite(self) -> str | None:  # type: ignore[override]
        signs = {o.definite for o in self.operators}
        return signs.pop() if len(signs) == 1 else None

    @property
    def singular(self) -> bool:  # type: ignore[override]
        return all(o.singular for o in self.operators)

    @property
    def largest(self) -> Any:
        """An upper bound of the magnitude of the eigenvalues: the sum of those of the parts."""
        return sum(o.largest for o in self.operators)

    def __call__(self, x: Any) -> Any:
        total = self.operators[0](x)
        for operator in self.operators[1:]:
            total = _leaf_by_leaf(add, total, operator(x))
        return total

    def adjoint(self) -> LinearOperator:
        return self if self.symmetric else Sum(tuple(o.adjoint() for o in self.operators))

    def diagonal(self) -> Any:
        total = self.operators[0].diagonal()
        for operator in self.operators[1:]:
            total = total + operator.diagonal()
        return total

    def without_null_space(self, x: Any) -> Any:
        return self.operators[0].without_null_space(x) if self.singular else x


@dataclass(frozen=True, eq=False)
class Scaled(Derived):
    """x ↦ factor · A x.

    Attributes:
        operator: A.
        factor: number or tensor without dims of the operator.
    """

    factor: Any

    __value_attrs__ = ("operator", "factor")

    @property
    def definite(self) -> str | None:  # type: ignore[override]
        if not isinstance(self.factor, (int, float)) or not self.factor:
            return None
        return self.operator.definite if self.factor > 0 else OPPOSITE[self.operator.definite]

    @property
    def largest(self) -> Any:
        """An upper bound of the magnitude of the eigenvalues."""
        return abs(self.factor) * self.operator.largest  # type: ignore[attr-defined]

    def __call__(self, x: Any) -> Any:
        return _leaf_by_leaf(lambda y: y * self.factor, self.operator(x))

    def adjoint(self) -> LinearOperator:
        return self if self.symmetric else Scaled(self.operator.adjoint(), self.factor)

    def diagonal(self) -> Any:
        return self.operator.diagonal() * self.factor

    def without_null_space(self, x: Any) -> Any:
        return self.operator.without_null_space(x)


@dataclass(frozen=True, eq=False)
class Product(LinearOperator):
    """x ↦ A (B (… x)): the last of the operators is applied first.

    Attributes:
        operators: the factors.
        symmetric: whether they read the same from both ends, as Aᵀ A and A D Aᵀ do; found out where it is not given.
    """

    operators: tuple[Any, ...]
    symmetric: bool = None  # type: ignore[assignment]

    __value_attrs__ = ("operators",)

    def __post_init__(self) -> None:
        if self.symmetric is None:
            object.__setattr__(self, "symmetric", _reads_the_same(self.operators))

    @property
    def dims(self) -> Any:
        found = self.domain
        return joint_dims(self.operators) if found is None else found.names

    @cached_property
    def _sides(self) -> tuple[Shape | None, Shape | None]:
        """Domain and range.  Dims that a factor leaves alone reach the next one."""
        many = [o for o in self.operators if not _acts_anywhere(o)]
        if not many:
            return None, None
        domain: Shape | None = many[-1].domain
        reached: Shape | None = many[-1].range
        for operator in reversed(many[:-1]):
            if reached is None or domain is None or operator.domain is None:
                return domain, many[0].range
            more = operator.domain.without(reached)
            if more:
                domain, reached = concat_shapes(domain, more), concat_shapes(reached, more)
            reached = image_dims(operator, reached)
        return domain, reached

    @property
    def domain(self) -> Shape | None:
        return self._sides[0]

    @property
    def range(self) -> Shape | None:
        return self._sides[1]

    @property
    def definite(self) -> str | None:  # type: ignore[override]
        many = self.operators
        if not self.symmetric:
            return None
        return many[len(many) // 2].definite if len(many) % 2 else "positive"

    @property
    def singular(self) -> bool:  # type: ignore[override]
        return self.operators[-1].singular

    def __call__(self, x: Any) -> Any:
        for operator in reversed(self.operators):
            x = operator(x)
        return x

    def adjoint(self) -> LinearOperator:
        return self if self.symmetric else Product(tuple(o.adjoint() for o in reversed(self.operators)))

    def diagonal(self) -> Any:
        from ..trace import as_one

        return as_one(self).diagonal()

    def without_null_space(self, x: Any) -> Any:
        return self.operators[-1].without_null_space(x)


def _acts_anywhere(operator: Any) -> bool:
    """Whether an operator has results with the dims of its argument, whatever these are."""
    return isinstance(operator, (Identity, Diagonal)) and operator.domain is None


def _reads_the_same(many: Any) -> bool:
    pairs = zip(many[: len(many) // 2], reversed(many))
    middle = many[len(many) // 2].symmetric if len(many) % 2 else True
    return middle and all(_are_transposes(a, b) for a, b in pairs)


def _are_transposes(a: LinearOperator, b: LinearOperator) -> bool:
    if a is b:
        return a.symmetric
    return _source(a) is b or _source(b) is a


def _source(a: Any) -> Any:
    """What an operator is the transpose of, if it was made as one."""
    return a.operator if isinstance(a, Transposed) else getattr(a, "transpose_of", None)


@dataclass(frozen=True, eq=False)
class Inverse(Derived):
    """y ↦ x with A x = y, solved anew for each y.

    Attributes:
        operator: A.
        settings: a `Solve`, the name of a method, or None for the default.
    """

    settings: Any = None

    __value_attrs__ = ("operator", "settings")

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

    def __call__(self, y: Tensor) -> Tensor:
        from phiml_core.solve import solve_linear

        return solve_linear(self.operator, y, self.settings)

    def adjoint(self) -> LinearOperator:
        return self if self.symmetric else Inverse(self.operator.adjoint(), self.settings)

    def without_null_space(self, x: Any) -> Any:
        return self.operator.without_null_space(x)


def inverse(operator: LinearOperator, solve: Any = None) -> LinearOperator:
    """The inverse of an operator, applied by a solve with the settings `solve` (`Solve`, name of a method, or None)."""
    from .algebra import inverted

    return inverted(operator, solve)
