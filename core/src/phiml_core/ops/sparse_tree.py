"""Sparse tensors at the boundary of transformed functions: positions are leaves, but no values."""

from typing import Any

from phiml_core.tensor.sparse import Pattern
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Leaf, Node

__all__: list[str] = []


@flatten.dispatch
def _(value: Pattern, leaves):
    cls = type(value)
    fields = cls.__static_attrs__
    values = tuple([getattr(value, n) for n in fields])
    parts = []
    for name in cls.__value_attrs__:
        index: Any = getattr(value, name)
        leaves.append(index.native_array)
        parts.append(Leaf(index.spec, "position"))
    return Node(cls, (fields, values, tuple(map(type, values))), tuple(parts))
