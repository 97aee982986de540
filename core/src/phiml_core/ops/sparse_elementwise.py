"""Element-wise operations on sparse tensors: those that leave zeros zero."""

from typing import Any

import numpy as np
from phiml_core.shape import ShapeError, instance, merge_shapes
from phiml_core.tensor.arithmetic import OPS, Elementwise
from phiml_core.tensor.dense import Dense, number
from phiml_core.tensor.sparse import ENTRY, Coordinates, DenseResult, Sparse
from phiml_core.tensor.sparse.numbering import merged
from phiml_core.tensor.sparse.pattern import index_tensor
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import elementwise

from .join import concat
from .repeat import expand, store
from .sparse_entries import arranged, at_entries, canonical, coordinates, keys_of, of_numbers, taken, unknown
from .sparse_format import in_format
from .sparse_segments import segment_sum

__all__ = ["same_pattern"]

LINEAR = frozenset(("negative", "positive", "conj", "real", "imag", "multiply", "divide", "add", "subtract"))
"""Operations that may be applied to entries at the same position one by one."""
ABSORBING = frozenset(("multiply", "bitwise_and", "logical_and"))
"""Zero whatever the other operand is."""
OF_ZERO = frozenset(("divide", "floor_divide", "remainder", "left_shift", "right_shift"))
"""Zero if the first operand is."""


@elementwise.dispatch
def _(lead: Sparse, op, values):
    values = tuple([as_dense(v) if isinstance(v, Stacked) else v for v in values])
    sparse = [v for v in values if isinstance(v, Sparse)]
    merge_shapes(
        *(v.shape for v in values if isinstance(v, Tensor)),
        operation=(op.symbol and f"compute {op.symbol} of") or op.name,
    )
    _check_zero(op, values)
    if len(sparse) == 1:
        return _one(op, values, sparse[0])
    if len({frozenset(s.sparse_dims.names) for s in sparse}) > 1:
        raise ShapeError(
            f"Cannot compute {op.name} of sparse tensors with the sparse dims {' and '.join(str(s.sparse_dims) for s in sparse)}: they "
            "must be the same.  Convert one of them: dense(t), or expand it by a product with ones."
        )
    return _several(op, values, sparse)


def _one(op: Elementwise, values: tuple[Any, ...], t: Sparse) -> Sparse:
    nonlinear = op.name not in LINEAR
    place = next(i for i, v in enumerate(values) if v is t)
    t = canonical(t, op.name) if nonlinear else t
    if any(isinstance(v, Dense) and v.shape.only(t.sparse_dims.names) for v in values) and not t.pattern.is_full:
        t = coordinates(t)
    operands = [t.values if i == place else _beside(v, t) for i, v in enumerate(values)]
    return t.with_values(as_dense(op(*operands)))


def _beside(value: Any, t: Sparse) -> Any:
    """A number or dense tensor as an operand beside the values of `t`: read at the entries along sparse dims."""
    if not isinstance(value, Dense):
        return value
    names = value.shape.only(t.sparse_dims.names).names
    if not names:
        return value
    return at_entries(as_dense(store(value, names)), t.pattern, {n: n for n in names})


# --- what zeros become ---


def _check_zero(op: Elementwise, values: tuple[Any, ...]) -> None:
    """Raise DenseResult unless zeros of the sparse operands give zero."""
    if not any(isinstance(v, Dense) for v in values):
        if not _of_zeros(op, values):
            raise _dense_result(op, values)
        return
    first = values[0]
    good = op.name in ABSORBING or (
        op.name in OF_ZERO and isinstance(first, Sparse) and not any(isinstance(v, Sparse) for v in values[1:])
    )
    if op.name == "where":
        others = values[2:] if isinstance(first, Sparse) else values[1:]
        good = all(isinstance(v, Sparse) or (isinstance(v, (bool, int, float, complex)) and v == 0) for v in others)
    if not good:
        raise _dense_result(op, values)


def _of_zeros(op: Elementwise, values: tuple[Any, ...]) -> bool:
    zeros = [number(v.dtype.kind(0)) if isinstance(v, Sparse) else number(v) for v in values]
    with np.errstate(all="ignore"):
        result = op(*zeros)
    return bool(np.all(np.asarray(result.native_array) == 0))


def _dense_result(op: Elementwise, values: tuple[Any, ...]) -> DenseResult:
    given = ", ".join(_describe(v) for v in values)
    volume = merge_shapes(*(v.shape for v in values if isinstance(v, Tensor))).volume
    return DenseResult(
        f"{op.name} of {given}: zeros do not stay zeros, so that the result would store {volume} values.  Ask for it: "
        f"{op.name}(dense(t)), or compute with the stored values alone: tensor_like(t, {op.name}(stored_values(t)))."
    )


def _describe(value: Any) -> str:
    if isinstance(value, Sparse):
        return f"a sparse tensor {value.shape}"
    return f"a dense tensor {value.shape}" if isinstance(value, Tensor) else repr(value)


# --- several sparse operands ---


def same_pattern(tensors: list[Sparse]) -> bool:
    """Whether tensors are known to list the same positions in the same order."""
    first = tensors[0].pattern
    for t in tensors[1:]:
        p = t.pattern
        if p is first:
            continue
        if type(p) is not type(first) or p.order != first.order or p.lists != first.lists or p.format != first.format:
            return False
        pairs = [(getattr(p, n).native_array, getattr(first, n).native_array) for n in p.__value_attrs__]
        if all(a is b for a, b in pairs):
            continue
        known, other = p.known(), first.known()
        if known is None or other is None or not all(np.array_equal(a, b) for a, b in zip(known, other, strict=True)):
            return False
    return True


def _several(op: Elementwise, values: tuple[Any, ...], sparse: list[Sparse]) -> Sparse:
    lead = sparse[0]
    if same_pattern(sparse):
        if op.name not in ("add", "subtract"):
            lead = canonical(lead, op.name)
            values = tuple([canonical(v, op.name) if isinstance(v, Sparse) else v for v in values])
        return lead.with_values(
            as_dense(op(*[v.values if isinstance(v, Sparse) else _beside(v, lead) for v in values]))
        )
    rows, columns = lead.pattern.rows, lead.pattern.columns
    parts = [coordinates(arranged(v, rows, columns)) if isinstance(v, Sparse) else v for v in values]
    listed = [p for p in parts if isinstance(p, Sparse)]
    if any(p.pattern.known() is None for p in listed):
        if op.name not in ("add", "subtract") or len(listed) != len(parts):
            raise unknown(
                f"{op.name} of sparse tensors with different patterns, {' and '.join(str(s.shape) for s in sparse)},"
            )
        return _appended(op, listed)
    listed = [coordinates(canonical(p, op.name)) for p in listed]
    format = lead.format if all(s.format == lead.format for s in sparse) else "coo"
    found = [keys_of(p) for p in listed]
    joint, places = merged(found, common=op.name in ABSORBING)
    row, column = np.divmod(joint, max(1, columns.volume))
    stream = iter(zip(listed, places, strict=True))
    made: Any = None
    operands: list[Any] = []
    for p in parts:
        operand = _at(*next(stream), len(joint)) if isinstance(p, Sparse) else p
        if made is None and isinstance(p, Sparse):
            made = of_numbers(row, column, rows, columns, operand, True)
        operands.append(operand)
    assert made is not None
    operands = [_beside(o, made) if not isinstance(p, Sparse) else o for o, p in zip(operands, parts, strict=True)]
    return in_format(made.with_values(as_dense(op(*operands))), format)


def _at(t: Sparse, places: np.ndarray, count: int) -> Dense:
    """The values put to `places` of a list of `count` (left out where that is -1), zero where there are none."""
    values = as_dense(store(t.values, ENTRY))
    if (places < 0).any():
        kept = np.flatnonzero(places >= 0)
        values, places = taken(values, kept), places[kept]
    if len(places) == count and np.array_equal(places, np.arange(count)):
        return values
    into = index_tensor(places, values.backend, count)
    result = segment_sum(values, into, instance(**{ENTRY: count}))
    return as_dense(result > 0) if t.dtype.kind is bool else result


def _appended(op: Elementwise, listed: list[Sparse]) -> Sparse:
    """The entries of both: they may be at the same position, and then add up."""
    first, second = listed
    numbers = []
    for a, b in zip(first.pattern.numbers(), second.pattern.numbers(), strict=True):
        numbers.append(as_dense(concat([a, b], ENTRY)))
    other = second.values if op.name == "add" else as_dense(OPS["negative"](second.values))
    dims = merge_shapes(first.value_dims, other.shape.without(ENTRY))
    parts = [as_dense(store(expand(v, dims), ENTRY)) for v in (first.values, other)]
    values = as_dense(concat(parts, ENTRY))
    return Sparse(Coordinates(numbers[0], numbers[1], first.pattern.rows, first.pattern.columns, False), values)
