"""Structural words for PyTorch tensors, and creation."""

import functools
from typing import Any

import numpy as np
import torch
from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

from .elementwise import ARRAY, UNSIGNED
from .following import is_recorded
from .trait import DTYPES, TORCH, Torch

primitive.transpose.register((ARRAY,), lambda x, axes: x.permute(axes))
primitive.reshape.register((ARRAY,), lambda x, sizes: x.reshape(sizes))
primitive.broadcast_to.register((ARRAY,), lambda x, sizes: x.expand(sizes))
primitive.concat.register((ARRAY,), lambda x, others, axis: torch.cat((x, *others), axis))
primitive.stack.register((ARRAY,), lambda x, others, axis: torch.stack((x, *others), axis))
primitive.flip.register((ARRAY,), torch.flip)
primitive.roll.register((ARRAY,), torch.roll)
primitive.nonzero.register((ARRAY,), torch.nonzero)


@primitive.solve.dispatch
def _(matrix: torch.Tensor, rhs: Any) -> Any:
    dtype = torch.promote_types(matrix.dtype, rhs.dtype)
    return torch.linalg.solve_ex(matrix.to(dtype), rhs.to(dtype))[0]


@primitive.einsum.dispatch
def _(x: torch.Tensor, others: tuple[Any, ...], subscripts: str) -> Any:
    axis = _contracted(subscripts)
    if axis is None or x.numel() == 0:
        return torch.einsum(subscripts, x, *others)
    matrix, n = others[0], x.shape[axis]
    if axis == x.ndim - 1:
        return torch.mm(x.reshape(-1, n), matrix).reshape(*x.shape[:-1], -1)
    if axis == 0:
        return torch.mm(x.reshape(n, -1).t(), matrix).reshape(*x.shape[1:], -1)
    before = x.shape[:axis].numel()
    result = torch.bmm(x.reshape(before, n, -1).transpose(1, 2), matrix.expand(before, *matrix.shape))
    return result.reshape(*x.shape[:axis], *x.shape[axis + 1 :], -1)


@functools.lru_cache(maxsize=256)
def _contracted(subscripts: str) -> int | None:
    """The axis along which an array is multiplied by a matrix whose other axis becomes the last one; else None."""
    operands, _, result = subscripts.partition("->")
    array, _, matrix = operands.partition(",")
    if len(matrix) != 2 or len(set(array)) != len(array) or matrix[1] in array:
        return None
    axis = array.find(matrix[0])
    return axis if axis >= 0 and result == array[:axis] + array[axis + 1 :] + matrix[1] else None


@primitive.getitem.dispatch
def _(x: torch.Tensor, index: tuple[Any, ...]) -> Any:
    for i in index:
        if type(i) is slice and i.step is not None and i.step < 0:
            return _reversed(x, index)
    return x[index]


def _reversed(x: torch.Tensor, index: tuple[Any, ...]) -> torch.Tensor:
    """Indexing with steps backwards, which PyTorch lacks: forwards, then turned around."""
    taken = sum(i is not None and i is not Ellipsis for i in index)
    forward: list[Any] = []
    turned: list[int] = []
    axis = kept = 0
    for i in index:
        if i is Ellipsis:
            whole = x.ndim - taken
            axis, kept = axis + whole, kept + whole
            forward.append(i)
            continue
        if i is None:
            kept += 1
            forward.append(i)
            continue
        if isinstance(i, slice):
            places = range(*i.indices(x.shape[axis]))
            if places.step < 0:
                turned.append(kept)
                i = slice(places[-1], places[0] + 1, -places.step) if len(places) else slice(0, 0)
            kept += 1
        axis += 1
        forward.append(i)
    return torch.flip(x[tuple(forward)], turned)


@primitive.pad.dispatch
def _(x: torch.Tensor, widths: tuple[tuple[int, int], ...], mode: str, value: Any) -> Any:
    if mode == "constant":
        return _pad_constant(x, widths, value)
    for axis, (lower, upper) in enumerate(widths):
        if lower or upper:
            x = _pad_axis(x, axis, lower, upper, mode)
    return x


def _pad_constant(x: torch.Tensor, widths: tuple[tuple[int, int], ...], value: Any) -> torch.Tensor:
    flat = [w for pair in reversed(widths) for w in pair]
    if isinstance(value, torch.Tensor) and (value.requires_grad or not TORCH.is_available(value)):
        if len(widths) - widths.count((0, 0)) > 2:
            return _pad_value(x, widths, value.to(x.dtype))
        inner = torch.nn.functional.pad(torch.ones_like(x, dtype=torch.bool), flat)
        return torch.where(inner, torch.nn.functional.pad(x, flat), value.to(x.dtype))
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        value = value.item()
    return torch.nn.functional.pad(x, flat, value=value)


def _pad_value(x: torch.Tensor, widths: tuple[tuple[int, int], ...], value: torch.Tensor) -> torch.Tensor:
    """Padding by a value that is not known yet, axis by axis: along three axes, compiled code copies parts faster than it
    compares the position of each element."""
    for axis, (lower, upper) in enumerate(widths):
        if lower or upper:
            sizes = list(x.shape)
            parts = []
            for width in (lower, upper):
                sizes[axis] = width
                parts.append(value.expand(sizes))
            x = torch.cat((parts[0], x, parts[1]), axis)
    return x


def _pad_axis(x: torch.Tensor, axis: int, lower: int, upper: int, mode: str) -> torch.Tensor:
    n = x.shape[axis]
    if mode not in ("edge", "wrap", "symmetric"):
        raise ValueError(f"Unknown mode of padding {mode!r}.  Use 'constant', 'edge', 'wrap' or 'symmetric'.")
    if mode != "edge" and max(lower, upper) > n:
        places = np.pad(np.arange(n), (lower, upper), mode)  # type: ignore[call-overload]
        return x.index_select(axis, torch.from_numpy(places).to(x.device))
    parts = [x]
    if mode == "edge":
        before, after = x.narrow(axis, 0, 1), x.narrow(axis, n - 1, 1)
        sizes = list(x.shape)
        if lower:
            sizes[axis] = lower
            parts.insert(0, before.expand(sizes))
        if upper:
            sizes[axis] = upper
            parts.append(after.expand(sizes))
    elif mode == "wrap":
        parts = [x.narrow(axis, n - lower, lower)] * bool(lower) + parts + [x.narrow(axis, 0, upper)] * bool(upper)
    else:
        if lower:
            parts.insert(0, x.narrow(axis, 0, lower).flip(axis))
        if upper:
            parts.append(x.narrow(axis, n - upper, upper).flip(axis))
    return torch.cat(parts, axis)


def _positions(index: Any) -> Any:
    """Integers as PyTorch takes them for positions."""
    return index.to(torch.int64) if index.dtype is not torch.int64 else index


@primitive.take.dispatch
def _(x: torch.Tensor, indices: Any, axis: int) -> Any:
    indices = _positions(indices)
    if x.dtype in UNSIGNED and x.dtype is not torch.uint64:
        return _take(x.to(torch.int64), indices, axis).to(x.dtype)
    return _take(x, indices, axis)


def _take(x: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    if indices.ndim == 1:
        return x.index_select(axis, indices)
    sizes = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])  # none where a number is taken out of a vector
    return x.index_select(axis, indices.reshape(-1)).reshape(sizes)


@primitive.gather.dispatch
def _(x: torch.Tensor, indices: tuple[Any, ...]) -> Any:
    indices = tuple([_positions(i) for i in indices])
    return x[indices]


@primitive.scatter.dispatch
def _(base: torch.Tensor, indices: tuple[Any, ...], values: Any, mode: str) -> Any:
    indices = torch.broadcast_tensors(*[_positions(i) for i in indices])
    lead, rest = len(indices), base.shape[len(indices) :]
    values = torch.as_tensor(values, dtype=base.dtype, device=base.device).expand(*indices[0].shape, *rest)
    if mode == "update" and indices[0].numel() and TORCH.any_traced((base, values)):
        return _update(base, indices, values)
    if mode in ("add", "update"):
        return torch.index_put(base, indices, values, accumulate=mode == "add")
    flat = indices[0]
    for size, index in zip(base.shape[1:lead], indices[1:], strict=True):
        flat = flat * size + index
    flat = flat.reshape(-1, *[1] * len(rest)).expand(-1, *rest)
    columns = base.reshape(-1, *rest)
    result = columns.scatter_reduce(0, flat, values.reshape(-1, *rest), f"a{mode}", include_self=True)
    return result.reshape(base.shape)


def _update(base: torch.Tensor, indices: tuple[Any, ...], values: torch.Tensor) -> torch.Tensor:
    """Of several values for one position only the one that is written has a derivative; PyTorch's rule gives it to all of them."""
    count, lead = len(indices), indices[0].ndim
    numbers = torch.arange(indices[0].numel(), device=base.device).reshape(indices[0].shape)
    written = torch.index_put(numbers.new_full(base.shape[:count], -1), indices, numbers)
    found = values.reshape(-1, *values.shape[lead:])[written.clamp(0)]
    return torch.where((written >= 0).reshape(*written.shape, *[1] * (base.ndim - count)), found, base)


@primitive.boolean_mask.dispatch
def _(x: torch.Tensor, mask: Any, axis: int) -> Any:
    if isinstance(mask, torch.Tensor) and is_recorded(mask):
        raise TypeError(
            "boolean_mask gives a result whose size depends on values, which compiled functions cannot have.  "
            "Use where() to keep the size, or call it outside of the compiled function."
        )
    positions = np.flatnonzero(mask.detach().cpu().numpy() if isinstance(mask, torch.Tensor) else np.asarray(mask))
    return x.index_select(axis, torch.from_numpy(positions).to(x.device))


@primitive.zeros.dispatch
def _(place: Torch, sizes: tuple[int, ...], dtype: DType, device: Any) -> Any:
    return torch.zeros(sizes, dtype=DTYPES[dtype], device=device)


@primitive.full.dispatch
def _(place: Torch, sizes: tuple[int, ...], value: Any, dtype: DType, device: Any) -> Any:
    return torch.full(sizes, value, dtype=DTYPES[dtype], device=device)


@primitive.arange.dispatch
def _(place: Torch, start: int, stop: int, dtype: DType, device: Any) -> Any:
    return torch.arange(start, stop, dtype=DTYPES[dtype], device=device)
