"""From a problem as users state it to a system as algorithms want it: an operator object, and a right-hand side that fits it."""

from collections.abc import Callable
from typing import Any

from phiml_core.dispatch import DispatchError
from phiml_core.math import expand, to_complex, zeros_like
from phiml_core.ops.create import wrap
from phiml_core.ops.repeat import store
from phiml_core.shape import Shape, ShapeError, merge_shapes
from phiml_core.solve import EmptySystem, LinearFunction, LinearJit, LinearProblem, Solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import tree_leaves

from .criterion import system_dims
from .implicit import has_complex
from .native_matrix import with_names
from .opaque import OpaqueOperator
from .operator.composed import Product, Sum
from .operator.linear import LinearOperator
from .operator.restricted import Restricted
from .renamed import like_unknowns
from .trace import NotTraceable, structured
from .trace.errors import not_traceable
from .trace.finish import operator_of
from .trace.linear import Linear
from .trace.structured import traced

__all__ = ["Prepared", "as_operator", "check_dims", "coefficient_dims", "prepare", "unknown_dims", "with_batch"]


class Prepared(LinearProblem):
    """A problem with an operator object and a right-hand side that fits it; the first guess is among the settings."""


def prepare(problem: LinearProblem, settings: Solve | None) -> tuple[LinearOperator, Tensor, Solve]:
    """The operator object, the right-hand side with the batch dims of its coefficients, and the settings of a problem.

    Raises:
        ShapeError: the right-hand side lacks dims of the operator, or has them with other sizes.
        EmptySystem: there are no unknowns or no equations.
    """
    settings = settings or Solve()
    if type(problem) is Prepared:
        return problem.operator, problem.rhs, settings
    y = problem.rhs if isinstance(problem.rhs, Tensor) else wrap(problem.rhs)
    if y.is_recording:
        raise not_traceable(
            "a solve", "its matrix is an inverse; where x is solved for, the function is taken as it is"
        )
    x0 = settings.x0 if problem.x0 is None else problem.x0
    x0 = zeros_like(y) + x0 if isinstance(x0, (int, float, complex)) else x0  # the same number everywhere
    like = y if x0 is None else x0 if isinstance(x0, Tensor) else wrap(x0)
    given = with_names(problem.operator, y.shape.non_batch, like.shape.non_batch)
    operator, offset = as_operator(given, like)
    if offset is not None:
        y = y - offset
    check_dims(operator, y, x0)
    operator, y = like_unknowns(operator, y, x0)
    return operator, with_batch(operator, y), settings if x0 is settings.x0 else settings.with_(x0=x0)


def as_operator(given: Any, like: Tensor) -> tuple[LinearOperator, Tensor | None]:
    """An operator object for what a user gives, and what an affine function adds (None if nothing).

    Args:
        given: an operator object, a matrix, or a function of a tensor like `like`.
    """
    if isinstance(given, (Sum, Product, Restricted)):
        return structured(given, like), None
    if isinstance(given, LinearOperator):
        return given, None
    if isinstance(given, Tensor) or not callable(given):
        return structured(given, like), None
    try:
        return _kept(given, like) if isinstance(given, LinearJit) else _traced(given, like)
    except (NotTraceable, NotImplementedError, DispatchError):
        return _opaque(given, like)


def _kept(function: LinearJit, like: Tensor) -> tuple[LinearOperator, Tensor | None]:
    """The operator that a function keeps, and what it adds."""
    operator, bias = function.sparse_matrix_and_bias(like)
    return operator, None if _is_zero(bias) else bias


def _traced(function: Any, like: Tensor) -> tuple[LinearOperator, Tensor | None]:
    """The most structured operator that does what a function does, and what the function adds to it.

    Raises:
        NotTraceable: the function holds something that linear tracing does not know.
    """
    result = traced(function, like)
    if not isinstance(result, Linear):
        return structured(function, like), None  # which says what is wrong
    operator = operator_of(result.terms, like.shape, result.shape)
    bias = result.bias
    return operator, None if bias is None or _is_zero(bias) else bias


def _opaque(function: Any, like: Tensor) -> tuple[LinearOperator, Tensor | None]:
    """A function as it is, and what it adds."""
    called = _called(function)
    offset = called(zeros_like(like))
    if _is_zero(offset):
        return OpaqueOperator.of(function), None
    return OpaqueOperator.of(_linear_part(called, offset)), offset


def _called(function: Any) -> Callable[[Any], Any]:
    if isinstance(function, LinearFunction):
        return lambda x: function.function(x, *function.args, **function.kwargs)
    return function


def _linear_part(function: Callable[[Any], Any], offset: Tensor) -> Callable[[Any], Any]:
    """x ↦ f(x) - f(0)."""
    return lambda x: function(x) - offset


def _is_zero(value: Tensor) -> bool:
    """Whether a tensor is known to be zero."""
    return value.available and not bool(abs(value.numpy(value.shape)).max(initial=0) != 0)


def check_dims(operator: LinearOperator, y: Tensor, x0: Any = None) -> None:
    """Raise if a right-hand side does not fit an operator, which may have been found by a first guess."""
    if not y.shape.volume:
        raise EmptySystem(
            f"The right-hand side {y.shape} is empty: a system has at least one unknown and one equation.  Slice less, or leave the "
            "solve out."
        )
    expected = operator.range
    if expected is operator.domain and system_dims(operator, y) is expected:
        return  # most systems
    name = type(operator).__name__
    names = expected.names if expected is not None else operator.dims or ()
    missing = [n for n in names if n not in y.shape.names]
    if missing:
        example = (
            f"{missing[0]}=…"
            if expected is None
            else f"{expected[missing[0]].type}({missing[0]}={expected.get_size(missing[0])})"
        )
        raise ShapeError(
            f"The right-hand side has dims {y.shape}, but this {name} gives values along {expected or ', '.join(names)}; "
            f"{', '.join(missing)} is missing.  Expand the right-hand side, e.g. math.expand(y, {example}), or rename its dims."
        )
    if expected is not None:
        lost = [n for n in y.shape.non_batch.names if n in operator.domain.names and n not in names]  # type: ignore[union-attr]
        if lost:
            raise ShapeError(
                f"The right-hand side has dims {y.shape}, but this {name} maps {operator.domain} to {expected}, without "
                f"{', '.join(lost)}.  Return values along these dims from the function, give a right-hand side along {expected}, or, for least "
                "squares, name the dims of x by Solve(x0=…)."
            )
        by = f" for x like the first guess {x0.shape}" if isinstance(x0, Tensor) else ""
        for n in expected.names:
            if y.shape.get_size(n) != expected.get_size(n):
                raise ShapeError(
                    f"The right-hand side has dims {y.shape}, but this {name} gives values along {expected}: sizes along {n!r} are "
                    f"{y.shape.get_size(n)} and {expected.get_size(n)}{by}.  Slice or resample one of them."
                )


def unknown_dims(operator: LinearOperator, y: Tensor) -> Shape:
    """The dims of x that belong to one system."""
    if operator.domain is not None:
        return operator.domain
    return system_dims(operator, y)


def coefficient_dims(operator: LinearOperator) -> Shape:
    """The batch dims of the coefficients of an operator."""
    return merge_shapes(*[t.shape.batch for t in tree_leaves(operator)])


def with_batch(operator: LinearOperator, y: Tensor) -> Tensor:
    """y with the batch dims of the coefficients of the operator, stored, and complex if they are."""
    coefficients = tree_leaves(operator)
    if not coefficients:
        return y
    if y.dtype.kind is not complex and has_complex(coefficients):
        y = to_complex(y)
    dims = merge_shapes(*[t.shape.batch for t in coefficients])
    if not dims:
        return y
    missing = dims.without(y.shape)
    return store(expand(y, missing) if missing else y, dims.names)
