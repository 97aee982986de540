"""Nested values whose leaves are tensors: sequences, dicts, and classes that name their value attributes."""

from .flatten import StaticError, flatten
from .structure import Structure
from .tree import children, is_tree, rebuild, tree_leaves, tree_map, value_attributes

__all__ = [
    "StaticError",
    "Structure",
    "children",
    "flatten",
    "is_tree",
    "rebuild",
    "tree_leaves",
    "tree_map",
    "value_attributes",
]
