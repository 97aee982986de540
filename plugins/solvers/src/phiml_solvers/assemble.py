"""Matrices of grid operators in SciPy's sparse format, rows and columns in row-major order of the dims of the operator."""

from typing import Any

import numpy as np
from phiml_core.dispatch import generic
from phiml_core.math import expand, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from .operator.boundary import DIRICHLET, PERIODIC
from .operator.box import BoxLaplace
from .operator.linear import Transposed
from .operator.masked import MaskedLaplace
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
    return np.asarray(expand(tensor, dims).numpy(dims), np.float64)


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
            first, last = (int(side == DIRICHLET) for side in pair)
            inner = faces[first : len(faces) - last]
            lower, upper = cells[:-1], cells[1:]
            if first:
                diag[0] -= 2 * faces[0]
            if last:
                diag[-1] -= 2 * faces[-1]
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
    scale = 1.0 if box.scale is None else float(box.scale)
    matrix = matrix * scale
    return matrix if box.shift is None else matrix + eye_array(n) * float(box.shift)


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
