"""The word `preconditioner`: from a name, an object or a function to a function r ↦ z ≈ A⁻¹ r."""

from collections.abc import Callable
from types import NoneType
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import imag, real
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import tree_leaves

__all__ = [
    "Preconditioner",
    "UnknownPreconditioner",
    "best",
    "preconditioner",
    "real_preconditioner",
    "register_preconditioner",
]

Preconditioner = Callable[[Tensor], Tensor]

_MAKERS: dict[str, Callable[[Any, Tensor], Preconditioner]] = {}


class UnknownPreconditioner(ValueError):
    """A preconditioner was named that is not known, or does not exist for the operator."""


def register_preconditioner(name: str, make: Callable[[Any, Tensor], Preconditioner]) -> None:
    """Let `Solve(preconditioner=name)` mean the function that `make(operator, like)` returns.

    Args:
        name: in lower case.
        make: takes the operator and a tensor like the right-hand side; raises `UnknownPreconditioner` where it has none.
    """
    _MAKERS[name] = make


@generic(on="how")
def preconditioner(how: Any, operator: Any, like: Tensor) -> tuple[Preconditioner, str]:
    """An approximate inverse of an operator as a function of tensors, and its name.

    It has to be linear, and for CG and MINRES symmetric and of one sign.  A plugin adds a class of preconditioners by a method.

    Args:
        how: None for the best there is for the class of the operator; a name; a function z = how(r); a matrix; an object.
        operator: a `LinearOperator`.
        like: a tensor like the right-hand sides.

    Raises:
        UnknownPreconditioner: there is no such preconditioner for this operator.
    """
    if callable(how):
        return how, getattr(how, "__name__", type(how).__name__)  # pyright: ignore[reportReturnType]
    raise UnknownPreconditioner(
        f"A {type(how).__name__} is no preconditioner: a name, a function r ↦ z, or an object with a method of `preconditioner` was "
        f"expected.  Known names: {_known()}."
    )


@preconditioner.dispatch
def _(how: NoneType, operator, like):  # type: ignore[nonetype-type]
    return best(operator, like)


@preconditioner.dispatch
def _(how: Tensor, operator, like):
    return (lambda r: how @ r), "matrix"


@preconditioner.dispatch
def _(how: str, operator, like):
    name = how.lower()
    if name not in _MAKERS:
        _load(name)
    make = _MAKERS.get(name)
    if make is None:
        raise UnknownPreconditioner(f"Unknown preconditioner {how!r}.  Known: {_known()}.")
    return make(operator, like), name


def real_preconditioner(how: Any, operator: Any, like: Tensor) -> tuple[Preconditioner, str]:
    """`preconditioner`, which of a real operator is made for real tensors and applied to the parts of complex ones."""
    real_operator = all([t.dtype.kind is not complex for t in tree_leaves(operator)])
    if like.dtype.kind is not complex or not real_operator or (callable(how) and not hasattr(how, "__value_attrs__")):
        return preconditioner(how, operator, like)
    of_part, name = preconditioner(how, operator, real(like))
    return (lambda r: of_part(real(r)) + of_part(imag(r)) * 1j), name


def _known() -> str:
    return ", ".join(map(repr, sorted(_MAKERS)))


def _load(name: str) -> None:
    """Load what provides a preconditioner: this package, or a plugin."""
    from phiml_core.plugin.ondemand import load_provided

    from . import registered  # noqa: F401

    if name not in _MAKERS:
        load_provided(f"preconditioner.{name}")


@generic(on="operator")
def best(operator: Any, like: Tensor) -> tuple[Preconditioner, str]:
    """The preconditioner that the default takes for operators of this class, and its name."""
    return unchanged, "none"


def unchanged(r: Tensor) -> Tensor:
    """r itself."""
    return r


register_preconditioner("none", lambda operator, like: unchanged)
