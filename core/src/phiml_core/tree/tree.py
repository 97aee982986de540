"""Trees: nested values whose leaves are tensors."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from phiml_core.dispatch import generic
from phiml_core.tensor.tensor import Tensor

__all__ = ["children", "is_tree", "rebuild", "static_attributes", "tree_leaves", "tree_map", "value_attributes"]


def value_attributes(cls: type) -> tuple[str, ...] | None:
    """Names of the attributes that hold the values of instances of `cls`, or None if it does not name them.

    A class names them as `__value_attrs__`; a dataclass may mark fields by `field(metadata={'value': True})` instead.
    """
    return _VALUES[cls]


class _ValueAttributes(dict[type, tuple[str, ...] | None]):
    def __missing__(self, cls: type) -> tuple[str, ...] | None:
        named = getattr(cls, "__value_attrs__", None)
        if named is None and dataclasses.is_dataclass(cls):
            named = [f.name for f in dataclasses.fields(cls) if f.metadata.get("value")] or None
        self[cls] = None if named is None else tuple(named)
        return self[cls]


_VALUES = _ValueAttributes()
_TEXTS = np.character, np.datetime64, np.timedelta64, np.void


def static_attributes(cls: type) -> tuple[str, ...] | None:
    """Names of the static attributes that a class declares as `__static_attrs__` or as fields of a dataclass; None for other classes,
    whose instances say it themselves."""
    declared = getattr(cls, "__static_attrs__", None)
    if declared is not None:
        return tuple(declared)
    values = value_attributes(cls) or ()
    return (
        tuple([f.name for f in dataclasses.fields(cls) if f.name not in values])
        if dataclasses.is_dataclass(cls)
        else None
    )


@generic(on="value")
def children(value: Any) -> tuple[Any, ...] | None:
    """The parts of a tree node in a fixed order, or None for a leaf.  Sequences, dicts and dataclasses are nodes; a class of
    another kind registers methods here and of `rebuild`."""
    names = value_attributes(type(value))
    return None if names is None else tuple(getattr(value, n) for n in names)


@generic(on="value")
def rebuild(value: Any, parts: tuple[Any, ...]) -> Any:
    """A node like `value` with other parts."""
    names = value_attributes(type(value)) or ()
    changes = dict(zip(names, parts, strict=True))
    if dataclasses.is_dataclass(value) and all(f.init for f in dataclasses.fields(value) if f.name in changes):
        if all(getattr(value, n) is v for n, v in changes.items()):
            return value
        return dataclasses.replace(value, **changes)  # type: ignore[type-var]
    with_attrs = getattr(value, "__with_attrs__", None)
    if with_attrs is not None:
        return with_attrs(**changes)
    import copy

    new = copy.copy(value)
    for name, part in changes.items():
        object.__setattr__(new, name, part)
    return new


@children.dispatch
def _(value: tuple | list):
    return tuple(value)


@children.dispatch
def _(value: dict):
    return tuple(value.values())


@children.dispatch
def _(value: Tensor):
    return None


@rebuild.dispatch
def _(value: list, parts):
    return list(parts)


@rebuild.dispatch
def _(value: tuple, parts):
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)


@rebuild.dispatch
def _(value: dict, parts):
    return dict(zip(value, parts, strict=True))


def is_tree(value: Any) -> bool:
    """Whether `value` is a node: a sequence, dict or object that names its value attributes."""
    return children(value) is not None


def tree_leaves(value: Any) -> list[Any]:
    """All tensors of a tree, depth first; native arrays and numbers become tensors, other leaves are left out."""
    found: list[Any] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[Any]) -> None:
    if value is None:
        return
    if isinstance(value, Tensor):
        found.append(value)
        return
    parts = children(value)
    if parts is not None:
        for part in parts:
            _collect(part, found)
        return
    wrapped = as_leaf(value)
    if wrapped is not None:
        found.append(wrapped)


def as_leaf(value: Any) -> Tensor | None:
    """A number or a native array without axes as a tensor; None for anything else."""
    from phiml_core.ops.create import wrap

    if isinstance(value, Tensor):
        return value
    if isinstance(value, (int, float, complex)) and not isinstance(value, bool):
        return wrap(value)
    if hasattr(value, "dtype") and getattr(value, "shape", None) == () and not isinstance(value, _TEXTS):
        return wrap(value)
    return None


def tree_map(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """`function(tensor, …)` for each tensor of a tree (with the tensors at the same place of the others), as a tree alike.

    Numbers become tensors; strings, None, functions and other static leaves are kept.
    """
    if isinstance(value, Tensor):
        return function(value, *others)
    parts = children(value)
    if parts is None:
        leaf = as_leaf(value)
        return value if leaf is None else function(leaf, *others)
    columns = [children(o) for o in others]
    for column, other in zip(columns, others, strict=True):
        if column is None or len(column) != len(parts):
            raise TypeError(
                f"Trees differ in structure: {type(value).__name__} with {len(parts)} parts beside {type(other).__name__}."
            )
    return rebuild(value, tuple(tree_map(function, *row) for row in zip(parts, *columns, strict=True)))
