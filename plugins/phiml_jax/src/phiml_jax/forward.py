"""Whether forward differentiation has what it needs."""

from collections.abc import Callable, Iterator
from typing import Any

import jax

__all__ = ["has_reverse_rule", "lacks_forward"]


def lacks_forward(error: Exception) -> bool:
    """Whether forward differentiation met a hand-written derivative, which has none."""
    return isinstance(error, TypeError) and "forward-mode" in str(error)


def has_reverse_rule(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether a function calls another one that has a hand-written derivative.  While JAX compiles it says so too late to be caught."""
    return any(e.primitive.name.startswith("custom_vjp_call") for e in _steps(jax.make_jaxpr(function)(*args)))


def _steps(program: Any) -> Iterator[Any]:
    """The equations of a program and of all programs inside of it."""
    for equation in getattr(program, "jaxpr", program).eqns:
        yield equation
        for value in equation.params.values():
            for part in value if isinstance(value, (tuple, list)) else (value,):
                if hasattr(part, "eqns") or hasattr(part, "jaxpr"):
                    yield from _steps(part)
