"""Matrices of grid operators in SciPy's sparse format, rows and columns in row-major order of the dims of the operator."""

from dataclasses import replace
from typing import Any

import numpy as np
from phiml_core.dispatch import generic
from phiml_core.math import expand, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.sparse import ENTRY
from phiml_core.tensor.tensor import Tensor

from .operator.boundary import ABSENT, DIRICHLET, OPEN_ENDS, PERIODIC
from .operator.box import BoxLaplace
from .operator.composed import Product, Scaled, Sum
from .operator.elementary import Diagonal, Identity, Zero
from .operator.linear import LinearOperator, Transposed
from .operator.masked import MaskedLaplace
from .operator.matrix import DenseMatrix, Separable, SparseMatrix
from .operator.restricted import Injection, Means, Restricted
from .operator.stencil import Stencil

__all__ = ["assemble"]


@generic
def assemble(operator: Any) -> Any:
    """The matrix of an operator with known coefficients and no batch dims, as a SciPy sparse array."""


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
    total = _over(operator.operators[0], operator)
    for part in operator.operators[1:]:
        total = total + _over(part, operator)
    return total


@assemble.dispatch
def _(operator: Scaled):
    factor = operator.factor.item() if isinstance(operator.factor, Tensor) else operator.factor
    return assemble(operator.operator) * factor


@assemble.dispatch
def _(operator: Product):
    known = next(o.domain for o in reversed(operator.operators) if o.domain is not None)
    total: Any = None
    for part in reversed(operator.operators):
        matrix = _assemble_on(part, known)
        total = matrix if total is None else matrix @ total
        known = part.range if part.range is not None and part.range.rank >= known.rank else known
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


def _assemble_on(operator: LinearOperator, dims: Shape) -> Any:
    """The matrix of an operator as one on all of `dims`: block by block the same along dims that it leaves alone."""
    if isinstance(operator, (Identity, Diagonal, Zero)) and (
        operator.domain is None or operator.domain.names != dims.names
    ):
        return assemble(replace(operator, shape=dims))
    own = operator.domain
    if own is None or own.names == dims.names or own.volume == dims.volume == 1:
        return assemble(operator)
    return _spread(assemble(operator), own, operator.range or own, dims)


def _over(operator: LinearOperator, whole: LinearOperator) -> Any:
    return _assemble_on(operator, _known_dims(whole))


def _spread(matrix: Any, columns: Shape, rows: Shape, dims: Shape) -> Any:
    """A matrix on some dims as one on all of `dims`, the identity along the others."""
    from scipy.sparse import eye_array, kron

    rest = dims.without(columns)
    if rows.names != columns.names:
        raise ValueError(f"A matrix from {columns} to {rows} cannot be added to one on {dims}.")
    large = kron(matrix, eye_array(rest.volume)).tocoo()

    def renumbered(positions: Any, own: Shape) -> Any:
        order = (*own.names, *rest.names)
        sizes = (*own.sizes, *rest.sizes)
        at = dict(zip(order, np.unravel_index(positions, sizes)))
        target = [own.get_size(n) if n in own.names else rest.get_size(n) for n in dims.names]
        return np.ravel_multi_index([at[n] for n in dims.names], target)  # type: ignore[arg-type]

    large.coords = (renumbered(large.row, rows), renumbered(large.col, columns))
    return large
