"""Loops that stop early, once a condition on the state holds."""

from collections.abc import Callable
from typing import Any

from phiml_core.ops.create import wrap

from .branch import cond, predicate

__all__ = ["guard", "guarded", "unguarded"]

State = tuple[Any, ...]


def guard(until: Callable[..., Any], x0: State) -> State:
    """The state of a loop that may stop early: whether it has, the number of steps taken, and the state proper."""
    return (_holds(until, x0), wrap(0), *x0)


def unguarded(state: State) -> State:
    """The state proper."""
    return state[2:]


def guarded(step: Callable[..., State], until: Callable[..., Any]) -> Callable[..., State]:
    """A step that does nothing once the loop has stopped."""

    def advance(taken: Any, *state: Any) -> State:
        new = step(*state)
        return (_holds(until, new), taken + 1, *new)

    return lambda stopped, taken, *state: cond(
        stopped, lambda taken, *s: (wrap(True), taken, *s), advance, taken, *state
    )


def _holds(until: Callable[..., Any], state: State) -> Any:
    found = predicate(until(*state))
    return wrap(found) if isinstance(found, bool) else found
