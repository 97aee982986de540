"""All operations of tensors."""

from . import (  # noqa: F401  (importing them registers the operations)
    operations_composed,
    operations_create,
    operations_elementwise,
    operations_positions,
    operations_reduce,
    operations_sparse,
    operations_structure,
    operations_vector,
)
from .operation import OPERATIONS

__all__ = ["OPERATIONS"]
