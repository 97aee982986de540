"""Sparse direct solves by SciPy, in double precision, on any backend: to compare with, and for what iterations do not solve."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from phiml_core.backend.choose import backend_named
from phiml_core.backend.precision import precision
from phiml_core.math import maximum, wrap
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform.boundary import entering
from phiml_core.tree import flatten

from .assemble import assemble
from .criterion import has_diverged, norm, rounding, system_dims, target
from .implicit import implicit
from .operator.linear import LinearOperator
from .operator.shift import stored

__all__ = ["Direct"]


@dataclass(frozen=True)
class Direct:
    """LU factorisation of the assembled matrix (SciPy's SuperLU), in double precision.

    A part of the grid that is cut off and whose level nothing fixes is solved for zero mean.  Compiled JAX code calls back to Python.
    """


def _solve_numpy(operator: LinearOperator, y: np.ndarray) -> np.ndarray:
    """x with A x = y for rows of y, one system after the other in the order of the dims of the operator."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    matrix = csr_array(assemble(operator))
    matrix.eliminate_zeros()  # a closed face connects nothing
    count, component = connected_components(matrix, directed=False)
    size = np.bincount(component, minlength=count)
    row_sum = np.abs(matrix.sum(1))
    scale = abs(matrix).sum(1)
    regular = np.zeros(count, bool)
    regular[component[row_sum > 1e-9 * np.maximum(scale, 1e-300)]] = True

    def without_means(values: np.ndarray) -> np.ndarray:
        means = np.stack([np.bincount(component, row, count) for row in values]) / size
        return values - np.where(regular, 0, means)[:, component]

    pinned = np.zeros(len(component), bool)
    pinned[np.unique(component, return_index=True)[1][~regular]] = True
    free = np.flatnonzero(~pinned)
    x = np.zeros_like(y)
    if free.size:
        factors = splu(matrix[free][:, free].tocsc())
        x[:, free] = factors.solve(np.ascontiguousarray(without_means(y)[:, free].T)).T
    return without_means(x)


def _callback(structure: Any, y_spec: Any) -> Callable[..., tuple[np.ndarray]]:
    """The solve as a function of NumPy arrays: the coefficients of the operator, then y."""
    numpy = backend_named("numpy")

    def run(*arrays: np.ndarray) -> tuple[np.ndarray]:
        with precision(64):
            local = entering(structure, numpy)
            operator = local.build(iter(arrays[:-1]))
            y = Dense(
                np.asarray(arrays[-1], np.float64),
                make_spec(y_spec.stored, y_spec.stored, numpy, numpy.dtype(np.zeros(1))),
            )
            return (_solve_batch(operator, y).astype(arrays[-1].dtype),)

    return run


def _solve_batch(operator: LinearOperator, y: Dense) -> np.ndarray:
    """Systems one by one where the coefficients differ, else all right-hand sides at once; in the order of the dims of y."""
    from phiml_core.shape import merge_shapes
    from phiml_core.tree import tree_leaves

    dims = y.shape.only(operator.dims, reorder=True) if operator.dims else y.shape.non_batch
    varying = merge_shapes(*(t.shape.without(dims) for t in tree_leaves(operator))).only(y.shape)
    order = (*varying.names, *y.shape.without(dims).without(varying).names, *dims.names)
    sizes = [y.shape.get_size(n) for n in order]
    values = y.numpy(",".join(order)).reshape(varying.volume, -1, dims.volume)
    solved = [_solve_numpy(item, values[i]) for i, item in enumerate(_items(operator, varying))]
    result = np.stack(solved).reshape(sizes)
    return result.transpose([order.index(n) for n in y.spec.stored.names])


def _items(operator: LinearOperator, varying: Any) -> list[LinearOperator]:
    """The operator of each example of the batch."""
    from phiml_core.math import slice_

    return [slice_(operator, index) for index in varying.meshgrid()] if varying else [operator]


def _run(operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    y = operator.without_null_space(stored(y, operator.dims or y.shape.non_batch.names))
    dims = system_dims(operator, y)
    leaves: list[Any] = []
    structure = flatten(operator, leaves)
    block = stored(y, y.shape.names)
    backend, spec = block.backend, block.spec
    arrays = [backend.as_array(leaf) for leaf in leaves]
    (array,) = backend.callback(
        _callback(structure, spec), ((tuple(spec.stored.sizes), spec.dtype),), (*arrays, block.native_array)
    )
    x = Dense(array, spec)
    start, tolerance = norm(y, dims, settings.norm), target(settings, y, dims)
    if settings.rel_tol is None and settings.abs_tol is None:
        tolerance = maximum(tolerance, rounding(operator, x, dims, settings.norm))
    residual = norm(y - operator(x), dims, settings.norm)
    info = SolveInfo("direct", wrap(1), residual, tolerance, residual <= tolerance, has_diverged(residual, start))
    report_solve(x, info, settings.suppress)
    return x, info


@solve.dispatch
def _(problem: LinearProblem, algorithm: Direct, settings=None):
    return implicit(_run)(problem.operator, problem.rhs, settings or Solve())
