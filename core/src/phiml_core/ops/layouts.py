"""How structural words reach layouts other than `Dense`, and trees."""

from typing import Any

from phiml_core.shape import (
    Shape,
    select,
)
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

from .create import wrap

__all__ = ["dense_or_layout", "dense_word", "has_own_layout"]


def over_tree(value: Any, op: Any, args: tuple[Any, ...]) -> Any:
    """`op` of each tensor of a tree; of anything else as a tensor."""
    from phiml_core.tree import is_tree, tree_map

    if not is_tree(value):
        return op(wrap(value), *args)
    return tree_map(lambda t: op(t, *args), value)


def mentions(arg: Any, shape: Shape, name: str) -> bool:
    """Whether an argument of a structural operation selects the dim `name`."""
    if isinstance(arg, dict):
        return any(mentions(k, shape, name) for k in arg)
    if isinstance(arg, Shape):
        return name in arg.names
    if isinstance(arg, str):
        return name in [n.strip() for n in arg.split(",")]
    if callable(arg) and not hasattr(arg, "dispatch"):
        return name in select(shape, arg).names
    return isinstance(arg, (tuple, list)) and any(mentions(a, shape, name) for a in arg if isinstance(a, (str, Shape)))


@restructure.dispatch
def _(lead: Stacked, op, values, args):
    stacked = lead.dim.name
    if any(mentions(a, lead.shape, stacked) for a in args) or (lead.shape.is_uniform and len(lead.components) > 8):
        return op(*[as_dense(v) if isinstance(v, Stacked) else v for v in values], *args)
    columns = [lead.items(v) for v in values]
    return Stacked(tuple(op(*row, *args) for row in zip(*columns, strict=True)), lead.dim)


def has_own_layout(value: Any) -> bool:
    """Whether `value` is a tensor of a layout that answers structural operations by its method of `restructure`."""
    return isinstance(value, Tensor) and not isinstance(value, (Dense, Stacked))


def dense_or_layout(value: Any, op: Any, args: tuple[Any, ...]) -> Any:
    """What is no `Dense`: layouts by their method of `restructure`, numbers and trees leaf by leaf."""
    return restructure(value, op, (value,), args) if isinstance(value, Tensor) else over_tree(value, op, args)


def dense_word(value: Dense, word: Any, key: Any, make: Any) -> Dense:
    """Run a plan kept with the spec: `make(spec, backend, bound word)` returns the program and the new spec."""
    spec = value.spec
    plan = spec._cache.get(key)
    if plan is None:
        program, out = make(spec, spec.backend, spec.backend.bind(word))
        plan = spec._cache[key] = (spec.backend.fuse(program, spec.wide), out)
    return Dense(plan[0](value.native_array), plan[1])
