"""Sparse words for PyTorch tensors, and its sparse tensors."""

import functools
import warnings
from typing import Any

import torch
from phiml_core.backend import primitive
from phiml_core.ops.sparse_native import lists_of_native, make_native
from phiml_core.tensor.sparse import SparseError

from .trait import TORCH

_COMPILED = frozenset((torch.float32, torch.float64, torch.complex64, torch.complex128))


@functools.cache
def _csr() -> Any:
    """The constructor of CSR matrices, after the warning that PyTorch gives once: nothing of it is kept or shown to anyone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1), check_invariants=False)
    return functools.partial(torch.sparse_csr_tensor, check_invariants=False)


@primitive.segment_sum.dispatch
def _(x: torch.Tensor, segments: torch.Tensor, count: int, ordered: bool) -> Any:
    base = torch.zeros((count, *x.shape[1:]), dtype=x.dtype, device=x.device)
    return base.index_add(0, segments, x)


@primitive.sparse_product.dispatch
def _(values: torch.Tensor, pointers: Any, major: Any, minor: Any, x: Any, count: int, across: bool) -> Any:
    if pointers is not None and not across and values.dtype in _COMPILED and not TORCH.any_traced((values, x, minor)):
        index = torch.promote_types(pointers.dtype, minor.dtype)
        return _csr()(pointers.to(index), minor.to(index), values, (count, x.shape[0])) @ x
    into, out_of = (minor, major) if across else (major, minor)
    products = (values if x.ndim == 1 else values[:, None]) * x.index_select(0, out_of)
    return torch.zeros((count, *x.shape[1:]), dtype=x.dtype, device=x.device).index_add(0, into, products)


@make_native.dispatch
def _(values: torch.Tensor, row: Any, column: Any, pointers: Any, sizes: tuple[int, int], format: str) -> Any:
    if format == "coo":
        return torch.sparse_coo_tensor(torch.stack([row, column]), values, sizes, check_invariants=False)
    if format == "csr":
        return _csr()(pointers, column.to(pointers.dtype), values, sizes)
    _csr()  # the same warning
    return torch.sparse_csc_tensor(pointers, row.to(pointers.dtype), values, sizes, check_invariants=False)


@lists_of_native.dispatch
def _(lead: torch.Tensor, matrix: Any) -> Any:
    if matrix.layout is torch.strided or matrix.ndim != 2 or matrix.dense_dim():
        raise SparseError(f"A tensor of layout {matrix.layout} and sizes {tuple(matrix.shape)} is no sparse matrix.")
    if matrix.layout is torch.sparse_coo:
        matrix = matrix.coalesce()  # whose values are differentiable
        row, column = matrix.indices()
        return matrix.values(), row, column, tuple(matrix.shape), True
    by_rows = matrix.layout is torch.sparse_csr
    pointers = matrix.crow_indices() if by_rows else matrix.ccol_indices()
    minor = matrix.col_indices() if by_rows else matrix.row_indices()
    major = torch.repeat_interleave(torch.arange(len(pointers) - 1, device=minor.device), pointers.diff()).to(
        minor.dtype
    )
    row, column = (major, minor) if by_rows else (minor, major)
    return matrix.values(), row, column, tuple(matrix.shape), True
