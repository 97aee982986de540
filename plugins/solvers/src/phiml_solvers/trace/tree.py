"""The tensors of trees that a function is linear in: of fields their values, never their boundary; of dictionaries in the order of keys."""

from collections.abc import Iterator
from typing import Any

from phiml_core.field import Field
from phiml_core.math import wrap
from phiml_core.tensor import Stacked
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import children, rebuild

from .linear import holds_linear

__all__ = ["keys_of", "leaves_of", "with_leaves"]


def leaves_of(value: Any) -> list[Tensor]:
    """The tensors of a tree, depth first; the components of a tensor of several sizes one by one."""
    found: list[Tensor] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[Tensor]) -> None:
    if isinstance(value, Field):
        value = value.values
    if isinstance(value, Tensor):
        if isinstance(value, Stacked):
            if not value.shape.is_uniform:
                for c in value.components:
                    _collect(c, found)
                return
            value = _one(value)
        found.append(value)
        return
    parts = [value[k] for k in _keys(value)] if type(value) is dict else children(value)
    if parts is not None:
        for part in parts:
            _collect(part, found)
    elif isinstance(value, (int, float, complex)) and not isinstance(value, bool):
        found.append(wrap(value))


def keys_of(value: Any) -> Any:
    """The keys of the dictionaries of a tree, nested as they are, None in place of all else; equal for trees that belong together."""
    if isinstance(value, (Field, Tensor)):
        return None
    if type(value) is dict:
        return {k: keys_of(v) for k, v in value.items()}
    found = [keys_of(part) for part in children(value) or ()]
    return found if any(f is not None for f in found) else None


def _keys(value: dict[Any, Any]) -> list[Any]:
    """The keys in an order that does not depend on who made the dictionary."""
    return sorted(
        value, key=lambda k: (type(k).__name__, k) if isinstance(k, (str, int, float)) else (type(k).__name__, repr(k))
    )


def _one(value: Stacked) -> Tensor:
    if holds_linear(value):
        from .restructure import one_tensor

        return one_tensor(value)
    return as_dense(value)


def with_leaves(value: Any, leaves: Iterator[Any]) -> Any:
    """The tree with other tensors in the places of `leaves_of`."""
    if isinstance(value, Field):
        parts = children(value)
        names = type(value).__value_attrs__
        assert parts is not None
        changed = [with_leaves(p, leaves) if n == "values" else p for n, p in zip(names, parts, strict=True)]
        return rebuild(value, tuple(changed))
    if isinstance(value, Tensor):
        if isinstance(value, Stacked) and not value.shape.is_uniform:
            return Stacked(tuple(with_leaves(c, leaves) for c in value.components), value.dim)
        return next(leaves)
    if type(value) is dict:
        found = {k: with_leaves(value[k], leaves) for k in _keys(value)}
        return {k: found[k] for k in value}
    parts = children(value)
    if parts is not None:
        return rebuild(value, tuple(with_leaves(p, leaves) for p in parts))
    if isinstance(value, (int, float, complex)) and not isinstance(value, bool):
        return next(leaves)
    return value
