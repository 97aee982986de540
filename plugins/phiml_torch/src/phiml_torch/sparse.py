"""Sparse words for PyTorch tensors, and its sparse tensors."""

from typing import Any

import torch
from phiml_core.backend import primitive
from phiml_core.ops.sparse_native import lists_of_native, make_native
from phiml_core.tensor.sparse import SparseError


@primitive.segment_sum.dispatch
def _(x: torch.Tensor, segments: torch.Tensor, count: int, ordered: bool) -> Any:
    base = torch.zeros((count, *x.shape[1:]), dtype=x.dtype, device=x.device)
    return base.index_add(0, segments, x)


@make_native.dispatch
def _(values: torch.Tensor, row: Any, column: Any, pointers: Any, sizes: tuple[int, int], format: str) -> Any:
    if format == "coo":
        return torch.sparse_coo_tensor(torch.stack([row, column]), values, sizes)
    if format == "csr":
        return torch.sparse_csr_tensor(pointers, column.to(pointers.dtype), values, sizes)
    return torch.sparse_csc_tensor(pointers, row.to(pointers.dtype), values, sizes)


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
