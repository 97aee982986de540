"""Tensors: the abstract type, its layouts, and the words a layout implements."""

from .dense import Dense, dense
from .show import show
from .spec import Spec, make_spec
from .stacked import Stacked, as_dense
from .tensor import Tensor
from .words import contract, elementwise, leader, reduce, restructure

__all__ = [
    "Dense",
    "Spec",
    "Stacked",
    "Tensor",
    "as_dense",
    "contract",
    "dense",
    "elementwise",
    "leader",
    "make_spec",
    "reduce",
    "restructure",
    "show",
]
