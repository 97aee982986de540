"""Matrices of grid operators in SciPy's sparse format, rows and columns in row-major order of the dims of the operator."""

from dataclasses import replace
from typing import Any

import numpy as np
from phiml_core.dispatch import NoMethod, generic
from phiml_core.math import expand, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.sparse import ENTRY
from phiml_core.tensor.tensor import Tensor

from .operator.boundary import ABSENT, DIRICHLET, OPEN_ENDS, PERIODIC
from .operator.box import BoxLaplace
from .operator.composed import Product, Scaled, Sum, image_dims
from .operator.elementary import Diagonal, Identity, Zero
from .operator.linear import LinearOperator, Transposed
from .operator.masked import MaskedLaplace
from .operator.matrix import DenseMatrix, Separable, SparseMatrix
from .operator.restricted import Injection, Means, Restricted
from .operator.stencil import Stencil
from .trace.operator import TracedOperator
from .trace.sparse import entry_count, sparse_matrix

__all__ = ["assemble", "assemble_between", "has_matrix"]

PER_ROW, MANY = 64, 2**20
"""A traced operator has a sparse matrix if it has no more entries than so many per row and so many in all: no sum over a grid in each value."""


@generic
def assemble(operator: Any) -> Any:
    """The matrix of an operator with known coefficients and no batch dims, as a SciPy sparse array."""


def has_matrix(operator: Any) -> bool:
    """Whether the matrix of an operator can be assembled, and has few enough entries."""
    if isinstance(operator, TracedOperator):
        return entry_count(operator.terms, operator.to) <= MANY + PER_ROW * int(operator.to.volume)
    try:
        assemble.resolve(type(operator))
    except NoMethod:
        return False
    return all([has_matrix(part) for part in _parts(operator)])


def _parts(operator: Any) -> list[LinearOperator]:
    """The operators that an operator is made of."""
    found: list[LinearOperator] = []
    waiting = [getattr(operator, name, None) for name in ("operator", "operators", "blocks")]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting += part
        elif isinstance(part, LinearOperator):
            found.append(part)
    return found


@assemble.dispatch
def _(operator: BoxLaplace):
    faces = [operator.face_resolution(dim) for dim in operator.dims]
    return _laplace(operator, [np.ones(f.sizes) for f in faces])


@assemble.dispatch
def _(operator: MaskedLaplace):
    return _laplace(
        operator.box, [_full(w, operator.box.face_resolution(d)) for d, w in zip(operator.dims, operator.weights)]
    )


def _full(value: Any, dims: Shape) -> np.ndarray:
    tensor = value if isinstance(value, Tensor) else wrap(value)
    return np.asarray(expand(tensor, dims).numpy(dims), np.complex128 if tensor.dtype.kind is complex else np.float64)


def _laplace(box: BoxLaplace, weights: list[np.ndarray]) -> Any:
    from scipy.sparse import coo_array, eye_array

    sizes = box.resolution.sizes
    number = np.arange(box.resolution.volume).reshape(sizes)
    diagonal = np.zeros(sizes)
    rows, columns, entries = [], [], []
    for axis, (pair, h, w) in enumerate(zip(box.boundary, box.spacing, weights)):
        cells, faces, diag = (np.moveaxis(a, axis, 0) for a in (number, w / h**2, diagonal))
        if pair[0] == PERIODIC:
            lower, upper, inner = np.roll(cells, 1, 0), cells, faces
        else:
            first, last = (int(side in OPEN_ENDS) for side in pair)
            inner = faces[first : len(faces) - last]
            lower, upper = cells[:-1], cells[1:]
            if first:
                diag[0] -= OPEN_ENDS[pair[0]] * faces[0]
            if last:
                diag[-1] -= OPEN_ENDS[pair[1]] * faces[-1]
        for a, b in ((lower, upper), (upper, lower)):
            rows.append(a.ravel())
            columns.append(b.ravel())
            entries.append(inner.ravel())
            np.subtract.at(diagonal.reshape(-1), np.asarray(a.ravel(), np.intp), inner.ravel())
    rows.append(number.ravel())
    columns.append(number.ravel())
    entries.append(diagonal.ravel())
    n = number.size
    matrix = coo_array((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=(n, n))
    scale, shift = (
        None if v is None else (v if isinstance(v, Tensor) else wrap(v)).numpy("") for v in (box.scale, box.shift)
    )
    matrix = matrix if scale is None else matrix * scale.item()
    return matrix if shift is None else matrix + eye_array(n) * shift.item()


@assemble.dispatch
def _(operator: Stencil):
    from scipy.sparse import coo_array

    dims = operator.resolution
    position = np.indices(dims.sizes).reshape(dims.rank, -1)
    rows, columns, entries = [], [], []
    for offset, coefficient in zip(operator.offsets, operator.coefficients):
        sign = np.ones(dims.volume)
        target = []
        for place, o, n, pair in zip(position, offset, dims.sizes, operator.boundary):
            p = place + o
            if pair[0] == PERIODIC:
                p = p % n
            else:
                outside = (p < 0) & (pair[0] == ABSENT) | (p >= n) & (pair[1] == ABSENT)
                sign, p = np.where(outside, 0.0, sign), np.where(outside, 0, p)
                sign = np.where((p < 0) & (pair[0] == DIRICHLET) | (p >= n) & (pair[1] == DIRICHLET), -sign, sign)
                p = np.where(p < 0, -1 - p, np.where(p >= n, 2 * n - 1 - p, p))
            target.append(p)
        rows.append(np.arange(dims.volume))
        columns.append(np.ravel_multi_index(target, dims.sizes))
        entries.append(_full(coefficient, dims).ravel() * sign)
    n = dims.volume
    return coo_array((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=(n, n))


@assemble.dispatch
def _(operator: Transposed):
    return assemble(operator.operator).T


@assemble.dispatch
def _(operator: Identity):
    from scipy.sparse import eye_array

    return eye_array(_known_dims(operator).volume)


@assemble.dispatch
def _(operator: Zero):
    from scipy.sparse import coo_array

    rows = operator.range
    assert rows is not None
    return coo_array((rows.volume, _known_dims(operator).volume))


@assemble.dispatch
def _(operator: Diagonal):
    from scipy.sparse import dia_array

    dims = _known_dims(operator)
    return dia_array((_full(operator.values, dims).ravel()[None], [0]), shape=(dims.volume,) * 2)


@assemble.dispatch
def _(operator: Sum):
    columns, rows = _known_dims(operator), operator.range
    assert rows is not None
    matrices = [assemble_between(part, columns, rows) for part in operator.operators]
    return sum(matrices[1:], start=matrices[0])


@assemble.dispatch
def _(operator: Scaled):
    factor = operator.factor.item() if isinstance(operator.factor, Tensor) else operator.factor
    return assemble(operator.operator) * factor


@assemble.dispatch
def _(operator: Product):
    known = _known_dims(operator)
    total: Any = None
    for part in reversed(operator.operators):
        reached = image_dims(part, known)
        matrix = assemble_between(part, known, reached)
        total, known = matrix if total is None else matrix @ total, reached
    return total


@assemble.dispatch
def _(operator: Restricted):
    fine = assemble(operator.operator)
    repeated = assemble(Injection(operator.domain, operator.by))
    return repeated.T @ fine @ repeated / operator.by**operator.domain.rank


@assemble.dispatch
def _(operator: Injection):
    from scipy.sparse import coo_array

    coarse, fine = operator.domain, operator.range
    cells = np.indices(fine.sizes).reshape(fine.rank, -1) // operator.by  # type: ignore[arg-type]
    columns = np.ravel_multi_index(tuple(cells), coarse.sizes)  # type: ignore[arg-type]
    return coo_array((np.ones(fine.volume), (np.arange(fine.volume), columns)), shape=(fine.volume, coarse.volume))


@assemble.dispatch
def _(operator: Means):
    return assemble(Injection(operator.range, operator.by)).T / operator.by**operator.domain.rank


@assemble.dispatch
def _(operator: SparseMatrix):
    from scipy.sparse import coo_array

    values, rows, columns = (t.numpy(ENTRY) for t in (operator.values, operator.rows, operator.columns))
    return coo_array((values, (rows, columns)), shape=(operator.range.volume, operator.domain.volume))


@assemble.dispatch
def _(operator: DenseMatrix):
    from scipy.sparse import coo_array

    rows, columns = operator.range, operator.domain
    matrix = operator.matrix.numpy(",".join((*rows.names, *("~" + n for n in columns.names))))
    return coo_array(matrix.reshape(rows.volume, columns.volume))


@assemble.dispatch
def _(operator: TracedOperator):
    return assemble(sparse_matrix(operator.terms, operator.shape, operator.to))


@assemble.dispatch
def _(operator: Separable):
    from scipy.sparse import kron

    total = assemble(operator.factors[0])
    for factor in operator.factors[1:]:
        total = kron(total, assemble(factor))
    return total.tocoo()


def _known_dims(operator: LinearOperator) -> Shape:
    if operator.domain is None:
        raise ValueError(
            f"The size of the matrix of this {type(operator).__name__} is not known: it acts on any dims.  Give it a shape."
        )
    return operator.domain


def assemble_between(operator: LinearOperator, columns: Shape, rows: Shape) -> Any:
    """The matrix of an operator as one from all of `columns` to all of `rows`: block by block the same along dims that it leaves alone."""
    own = operator.domain
    if isinstance(operator, (Identity, Diagonal)) and (own is None or own.names != columns.names):
        operator, own = replace(operator, shape=columns), columns
    if isinstance(operator, Zero):
        from scipy.sparse import coo_array

        return coo_array((rows.volume, columns.volume))
    to = operator.range
    matrix = assemble(operator)
    if own is None or to is None or (own.names == columns.names and to.names == rows.names):
        return matrix
    return _spread(matrix, own, to, columns, rows)


def _spread(matrix: Any, own: Shape, to: Shape, columns: Shape, rows: Shape) -> Any:
    """A matrix from `own` to `to` as one on more dims, the identity along the others."""
    from scipy.sparse import coo_array, eye_array, kron

    rest = columns.without(own)
    if set(rest.names) != set(rows.without(to).names):
        raise ValueError(f"A matrix from {own} to {to} cannot be taken as one from {columns} to {rows}.")
    large = kron(matrix, eye_array(rest.volume)).tocoo()

    def renumbered(positions: Any, own: Shape, all_dims: Shape) -> Any:
        names, sizes = (*own.names, *rest.names), (*own.sizes, *rest.sizes)
        at = dict(zip(names, np.unravel_index(positions, sizes)))  # type: ignore[arg-type]
        return np.ravel_multi_index([at[n] for n in all_dims.names], all_dims.sizes)  # type: ignore[arg-type]

    places = renumbered(large.row, to, rows), renumbered(large.col, own, columns)
    return coo_array((large.data, places), shape=(rows.volume, columns.volume))
