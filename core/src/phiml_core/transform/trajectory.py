"""States of a loop: what a step returns, and all of them along a dim."""

from collections.abc import Sequence
from typing import Any

from phiml_core.ops.join import concat, stack
from phiml_core.shape import Shape
from phiml_core.tree.flatten import flatten
from phiml_core.tree.tree import tree_map

__all__ = ["State", "result_of", "state_of", "trajectory", "wait", "with_start"]

State = tuple[Any, ...]


def state_of(result: Any, before: State) -> State:
    """What a step returned, as a tuple; one value may be returned as it is."""
    if result is None and any(x is not None for x in before):
        raise TypeError("The function given to iterate returned None.  Return the new state, one value or a tuple.")
    if isinstance(result, tuple) and (len(before) != 1 or len(result) == 1):
        return result
    return (result,)


def result_of(state: State) -> Any:
    """A state as the caller sees it: one value, or a tuple of several."""
    return state[0] if len(state) == 1 else state


def trajectory(states: Sequence[State], dim: Shape) -> State:
    """States along a new dim.  A value that only the first step makes, from None, begins after it."""
    columns = [[v for v in column if v is not None] for column in zip(*states, strict=True)]
    return tuple([stack(column, dim.with_size(len(column))) if column else None for column in columns])


def with_start(x0: State, pieces: Sequence[State], dim: Shape) -> State:
    """One trajectory from the initial state and the trajectories of chunks."""
    rows = [trajectory([x0], dim), *pieces]
    return tuple(
        [tree_map(lambda *parts: concat(list(parts), dim.name), *column) for column in zip(*rows, strict=True)]
    )


def wait(state: State) -> None:
    """Return when the values of a state are computed."""
    leaves: list[Any] = []
    structure = flatten(state, leaves)
    for leaf, x in zip(structure.leaf_structures(), leaves, strict=True):
        leaf.spec.backend.block_until_ready(x)
