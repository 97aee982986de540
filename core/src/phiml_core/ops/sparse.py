"""Sparse tensors: what users call, and the methods that the layout needs, registered by importing them."""

from . import (  # noqa: F401
    sparse_elementwise,
    sparse_gather,
    sparse_join,
    sparse_product,
    sparse_reduce,
    sparse_slicing,
    sparse_structure,
    sparse_tree,
)
from .sparse_create import sparse_tensor
from .sparse_format import dense, get_format, get_sparsity, is_sparse, to_format
from .sparse_lists import nonzero, stored_indices, stored_values, tensor_like
from .sparse_native import from_native, from_scipy, native_sparse, to_scipy

__all__ = [
    "dense",
    "from_native",
    "from_scipy",
    "get_format",
    "get_sparsity",
    "is_sparse",
    "native_sparse",
    "nonzero",
    "sparse_tensor",
    "stored_indices",
    "stored_values",
    "tensor_like",
    "to_format",
    "to_scipy",
]
