"""Parts of algorithms that run on the host, in NumPy and SciPy and in double precision, called from eager as from compiled code.

What is computed from the coefficients of an operator alone, such as the factors of its matrix, is kept for the next right-hand sides.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import Lock
from typing import Any

import numpy as np
from phiml_core.backend.choose import backend_named
from phiml_core.backend.precision import precision
from phiml_core.math import slice_
from phiml_core.ops.native import full_array
from phiml_core.shape import Shape, concat_shapes, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform.boundary import backend_for, entering, prepare
from phiml_core.tree import flatten, tree_leaves

from .assemble import assemble

__all__ = ["host_map", "host_matrix", "sides"]

_KEPT: "OrderedDict[Hashable, Any]" = OrderedDict()
_LOCK = Lock()
CAPACITY = 16


def host_map(
    kind: Hashable, make: Callable[[Any], Any], operator: Any, y: Tensor, extra: tuple[Tensor, ...] = ()
) -> Dense:
    """`make(operator)(rows, *extra) -> rows` for each operator of a batch, on the host.

    Args:
        kind: names `make`, so that its results can be kept: one for each kind and value of the operator.
        make: from an operator without batch dims to a function of an array (examples, equations) and one number of each of `extra` per
            example, which returns an array (examples, unknowns); rows and columns as in `assemble`.
        operator: a linear operator; its coefficients may be traced.
        y: tensor with the dims of the range of the operator, and batch dims.
        extra: tensors with batch dims.

    Returns:
        A tensor of the batch dims and the domain of the operator, of the type of y.
    """
    codomain, domain = sides(operator, y)
    leaves: list[Any] = []
    structure = flatten(operator, leaves)
    block = as_dense(y)
    backend = backend_for(flatten((operator, block, extra), []))
    seen = entering(structure, backend)
    own = merge_shapes(codomain, domain) if codomain != domain else codomain
    varying = merge_shapes(*[t.shape.batch for t in tree_leaves(operator)]).without(own)
    examples = merge_shapes(y.shape.without(codomain), *[e.shape for e in extra]).without(varying)
    order = concat_shapes(varying, examples)
    arrays = prepare(leaves, structure, seen, backend)
    rows = [full_array(block, concat_shapes(order, codomain)), *[full_array(as_dense(e), order) for e in extra]]
    rows = [backend.as_array(r) for r in rows]
    out = concat_shapes(order, domain)
    dtype = backend.dtype(rows[0])
    numpy = backend_named("numpy")

    def run(*given: Any) -> tuple[np.ndarray]:
        local = entering(seen, numpy)
        coefficients, values, more = given[: len(arrays)], given[len(arrays)], given[len(arrays) + 1 :]
        wide = np.result_type(np.asarray(values), np.float64)
        table = np.asarray(values, wide).reshape(varying.volume, -1, codomain.volume)
        numbers = [np.asarray(m, np.float64).reshape(varying.volume, -1) for m in more]
        with precision(64):
            solvers = _kept(kind, make, local, coefficients, varying)
            found = [solve(table[i], *[n[i] for n in numbers]) for i, solve in enumerate(solvers)]
        return (np.stack(found).reshape(out.sizes).astype(dtype.name),)

    with backend.context(dtype.precision == 64):
        (array,) = backend.callback(run, ((tuple(out.sizes), dtype),), (*arrays, *rows))
    return Dense(array, make_spec(out, out, backend, dtype))


def sides(operator: Any, y: Tensor) -> tuple[Shape, Shape]:
    """The dims of equations and of unknowns, in the order of rows and columns of the assembled matrix."""
    codomain, domain = operator.range, operator.domain
    if codomain is None:
        names = operator.dims or y.shape.non_batch.names
        codomain = concat_shapes(*[y.shape.only(n) for n in names])
    return codomain, codomain if domain is None else domain


def _kept(kind: Hashable, make: Any, structure: Any, arrays: Any, varying: Shape) -> list[Any]:
    digest = blake2b(digest_size=16)
    for a in arrays:
        digest.update(np.ascontiguousarray(a).tobytes())
    key = (kind, structure, digest.digest())
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]
    operator = structure.build(iter([np.asarray(a) for a in arrays]))
    items = [slice_(operator, index) for index in varying.meshgrid()] if varying else [operator]
    found = [make(item) for item in items]
    with _LOCK:
        _KEPT[key] = found
        while len(_KEPT) > CAPACITY:
            _KEPT.popitem(last=False)
    return found


def host_matrix(operator: Any) -> Any:
    """The SciPy matrix of an operator with known coefficients, in double precision."""
    matrix = assemble(operator)
    return matrix.astype(np.result_type(matrix.dtype, np.float64))
