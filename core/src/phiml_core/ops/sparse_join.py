"""Joining sparse tensors along sparse dims and others."""

from typing import Any

import numpy as np
from phiml_core.shape import Shape, ShapeError, UnknownDim, merge_shapes
from phiml_core.tensor.sparse import ENTRY, Sparse, SparseError
from phiml_core.tensor.sparse.numbering import merged
from phiml_core.tensor.stacked import as_dense

from .join import concat, concat_tensors, stack, stack_tensors
from .repeat import expand, store
from .sparse_elementwise import _at, same_pattern
from .sparse_entries import arranged, canonical, coordinates, from_positions, keys_of, of_numbers, positions, unknown
from .sparse_format import in_format
from .sparse_slicing import METHODS

__all__: list[str] = []


def _all_sparse(values: tuple[Any, ...], operation: str) -> list[Sparse]:
    for v in values:
        if not isinstance(v, Sparse):
            raise SparseError(
                f"{operation} of sparse tensors and a {type(v).__name__} {v.shape}: convert one kind to the other, "
                "to_format(t, 'coo') or dense(t)."
            )
    return list(values)


def _on_joint_pattern(tensors: list[Sparse], operation: str) -> list[Sparse]:
    """The same tensors with one pattern, which lists the positions of all."""
    lead = tensors[0]
    for t in tensors[1:]:
        if set(t.sparse_dims.names) != set(lead.sparse_dims.names):
            raise ShapeError(f"{operation} needs the same sparse dims, not {lead.sparse_dims} and {t.sparse_dims}.")
        merge_shapes(lead.sparse_dims, t.sparse_dims, operation=operation)
    if same_pattern(tensors):
        return tensors
    rows, columns = lead.pattern.rows, lead.pattern.columns
    listed = [coordinates(arranged(t, rows, columns)) for t in tensors]
    if any(t.pattern.known() is None for t in listed):
        raise unknown(f"{operation} of sparse tensors with different patterns")
    listed = [coordinates(canonical(t, operation)) for t in listed]
    found = [keys_of(t) for t in listed]
    joint, places = merged(found, common=False)
    row, column = np.divmod(joint, max(1, columns.volume))
    values = [_at(t, p, len(joint)) for t, p in zip(listed, places, strict=True)]
    format = lead.format if all(t.format == lead.format for t in tensors) else "coo"
    return [in_format(of_numbers(row, column, rows, columns, v, True), format) for v in values]


def _stack(*values_and_dim: Any) -> Sparse:
    *values, dim = values_and_dim
    tensors = _all_sparse(tuple(values), "stack")
    if dim.name in tensors[0].shape.names:
        raise ShapeError(
            f"Cannot stack along {dim.name!r}: a component {tensors[0].shape} already has that dim.  Use concat."
        )
    tensors = _on_joint_pattern(tensors, "stack")
    lists = tensors[0].pattern.lists
    return tensors[0].with_values(as_dense(stack([as_dense(store(t.values, lists)) for t in tensors], dim)))


def _concat(*values_and_name: Any) -> Sparse:
    *values, name = values_and_name
    tensors = _all_sparse(tuple(values), "concat")
    for t in tensors:
        if name not in t.shape.names:
            raise UnknownDim(f"concat: no dim {name!r} in {t.shape}.  Stack along a new dim.")
    lead = tensors[0]
    if name not in lead.sparse_dims.names:
        tensors = _on_joint_pattern(tensors, "concat")
        lists = tensors[0].pattern.lists
        return tensors[0].with_values(as_dense(concat([as_dense(store(t.values, lists)) for t in tensors], name)))
    return _concat_sparse(tensors, name)


def _concat_sparse(tensors: list[Sparse], name: str) -> Sparse:
    lead = tensors[0]
    rest = merge_shapes(*(t.shape.without(name) for t in tensors), operation="concat")
    sizes: list[Any] = [t.shape.get_size(name) for t in tensors]
    rows, columns = lead.pattern.rows, lead.pattern.columns
    listed = [coordinates(arranged(t, rows, columns)) for t in tensors]
    found = [positions(t.pattern) for t in listed]
    known = all(t.pattern.known() is not None for t in listed)
    joined: dict[str, Any] = {}
    offsets = np.cumsum([0, *sizes[:-1]])
    for n in found[0]:
        parts = [f[n] + int(o) if n == name else f[n] for f, o in zip(found, offsets, strict=True)]
        joined[n] = (
            np.concatenate(parts) if known else as_dense(concat([_tensor(p, t) for p, t in zip(parts, listed)], ENTRY))
        )
    names = [t.shape.get_item_names(name) for t in tensors]
    items = None if None in names else tuple([i for part in names for i in part or ()])
    dim = lead.shape[name].with_size(sum(sizes))
    if items is not None and len(set(items)) == len(items):
        dim = dim.with_item_names(name, items)
    value_dims = rest.without(lead.sparse_dims)
    parts = [as_dense(store(expand(t.values, value_dims), (ENTRY, *value_dims.names))) for t in listed]
    values = as_dense(concat(parts, ENTRY))
    groups: Any = tuple(_with_dim(g, name, dim) for g in (rows, columns))
    unique = all(t.pattern.unique for t in tensors)
    made = from_positions(joined, merge_shapes(*groups), values, unique, groups)
    format = lead.format if all(t.format == lead.format for t in tensors) else "coo"
    return made if format.startswith("compact") and not known else in_format(made, format)


def _tensor(number: Any, t: Sparse) -> Any:
    from phiml_core.tensor.sparse.pattern import index_tensor

    return (
        index_tensor(number, t.backend, int(number.max(initial=0)))
        if isinstance(number, np.ndarray)
        else as_dense(number)
    )


def _with_dim(group: Shape, name: str, dim: Shape) -> Shape:
    return group.replace(group[name], dim) if name in group.names else group


METHODS[stack_tensors] = _stack
METHODS[concat_tensors] = _concat
