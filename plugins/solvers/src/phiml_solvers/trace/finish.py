"""From terms to the most structured operator that does the same."""

from typing import Any

import numpy as np
from phiml_core.math import pad, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from ..operator.boundary import ABSENT, PERIODIC
from ..operator.constant import constant
from ..operator.elementary import Diagonal, Identity, Zero
from ..operator.linear import LinearOperator
from ..operator.stencil import Stencil
from .contract import condensed
from .elementwise import coefficient
from .errors import MixedExamples
from .operator import TracedOperator
from .recognise import around, laplacian, offsets_of, periodic_dims
from .separable import separable
from .sparse import entry_count, sparse_matrix
from .term import Along, At, Term, joined_windows, with_window
from .transpose import is_symmetric

__all__ = ["operator_of"]

FEW = 64
"""More terms than this that are no stencil become a sparse matrix."""


def operator_of(terms: tuple[Term, ...], shape: Shape, to: Shape, keep_stencil: bool = False) -> LinearOperator:
    """The most structured operator with these terms.

    Args:
        terms: as traced.
        shape: of x.
        to: of the result.
        keep_stencil: stop at `Stencil`, do not look for a Laplacian.

    Raises:
        MixedExamples: examples along a batch dim of x depend on each other.
    """
    sizes = {n: to.get_size(n) for n in to.names} | {n: s for t in terms for n, s in t.hidden}
    terms = joined_windows([_aligned(condensed(t, to), shape, to) for t in terms], sizes)
    if not terms:
        return Zero(shape.non_batch, to.without(shape.batch))
    idle = _idle_dims(terms, shape, to)
    mixed = shape.batch.without(idle)
    if mixed:
        raise MixedExamples(
            f"The function mixes the examples along {mixed}, but batch dims count independent systems.  Give that dim another type, e.g. "
            f"math.rename_dims(y, {mixed.names[0]!r}, instance({mixed.names[0]!r}))."
        )
    if len(idle) == shape.rank and set(to.non_batch.names) == set(shape.non_batch.names):
        return _diagonal(terms, shape)
    varying = {d for t in terms for f in (*t.factors, *t.index) if not isinstance(f, (int, Along)) for d in f.dims}
    free = [n for n in idle if shape.get_type(n) == "batch" or n not in varying]
    kept = [n for n in shape.names if n not in free]
    terms = tuple([t._replace(index=tuple([i for n, i in zip(shape.names, t.index) if n in kept])) for t in terms])
    domain = shape.only(tuple(kept))
    batch_of_factors = [n for n in to.batch.names if n in varying]
    result = to.without(tuple(free)).without(tuple(batch_of_factors))
    result = (
        domain if domain == result else result
    )  # with the dims in one order, entries of the diagonal have one number
    terms = tuple([_ordered(t, shape.only(tuple(kept)), domain) for t in terms])
    if domain == result:
        found = _square(terms, domain, keep_stencil)
        if found is not None:
            return found
    per_dim = separable(terms, domain, result)
    if per_dim is not None:
        return per_dim
    count = entry_count(terms, result)
    read_at = not all(t.is_shift for t in terms)
    if (read_at or len(terms) > FEW) and count < 100_000_000:
        return sparse_matrix(terms, domain, result)
    return TracedOperator.of(terms, domain, result)


def _aligned(term: Term, shape: Shape, to: Shape) -> Term:
    """A fixed position along a dim of x, read in one place of the same dim of the result, as an offset between both."""
    used = [i.dim for i in term.index if isinstance(i, Along)]
    index = list(term.index)
    for k, (n, i) in enumerate(zip(shape.names, term.index)):
        if isinstance(i, int) and n in to.names and n not in used:
            start, stop = term.window(n, to.get_size(n))
            if stop - start == 1:
                index[k] = Along(n, i - start)
    return term._replace(index=tuple(index))


def _ordered(term: Term, have: Shape, want: Shape) -> Term:
    if have.names == want.names:
        return term
    return term._replace(index=tuple([term.index[have.index(n)] for n in want.names]))


def _idle_dims(terms: Any, shape: Shape, to: Shape) -> list[str]:
    """Dims of x that the terms only pass on: each item depends on the same item of x, everywhere."""
    found = []
    for k, n in enumerate(shape.names):
        if n not in to.names or to.get_size(n) != shape.get_size(n):
            continue
        if to.get_item_names(n) and shape.get_item_names(n) not in (None, to.get_item_names(n)):
            continue  # items that are called otherwise
        if all(
            t.index[k] == Along(n, 0)
            and not any(w[0] == n for w in t.windows)
            and not any(
                (isinstance(i, At) and n in i.dims) or (isinstance(i, Along) and i.dim == n)
                for j, i in enumerate(t.index)
                if j != k
            )
            for t in terms
        ):
            found.append(n)
    return found


def _diagonal(terms: Any, shape: Shape) -> LinearOperator:
    total: Any = None
    for t in terms:
        value = coefficient(t, shape, None)  # type: ignore[arg-type]
        if t.hidden:
            from phiml_core.math import sum_

            value = sum_(value, tuple(n for n, _ in t.hidden))
        total = value if total is None else total + value
    if isinstance(total, (int, float)) and total == 1:
        return Identity(shape.non_batch)
    return Diagonal(total, shape.non_batch)


def _square(terms: Any, dims: Shape, keep_stencil: bool) -> LinearOperator | None:
    """A Laplacian or a stencil, or None if the terms are neither."""
    offsets = offsets_of(terms, dims)
    if offsets is None:
        return None
    if not keep_stencil:
        found = laplacian(terms, dims)
        if found is not None:
            return found
    return _stencil(terms, dims, offsets)


def _stencil(terms: Any, dims: Shape, offsets: Any) -> LinearOperator:
    periodic = periodic_dims(offsets, dims)
    groups: dict[tuple[int, ...], list[Term]] = {}
    for term, offset in zip(terms, offsets, strict=True):
        short = tuple([around(o, n) if p else o for o, n, p in zip(offset, dims.sizes, periodic)])  # type: ignore[arg-type]
        groups.setdefault(short, []).append(_widened(term, offset, dims, periodic))
    values = {offset: _coefficient(group, dims) for offset, group in groups.items()}
    center = (0,) * dims.rank
    if set(values) == {center}:
        return Diagonal(values[center], dims)
    sides = tuple([(PERIODIC, PERIODIC) if p else (ABSENT, ABSENT) for p in periodic])
    symmetric = is_symmetric(terms, dims, dims)
    singular, definite = _row_sums(values, sides, dims, symmetric)
    return Stencil(dims, tuple(values), tuple(values.values()), sides, symmetric, definite, singular)


def _widened(term: Term, offset: Any, dims: Shape, periodic: Any) -> Term:
    """A term of a number alone without the windows that follow from what lies beyond the sides being absent."""
    if any(d in dims.names for f in term.factors for d in f.dims):
        return term
    windows = term.windows
    for name, o, n, p in zip(dims.names, offset, dims.sizes, periodic):
        if not p and term.window(name, n) == (max(0, -o), n - max(0, o)):
            windows = with_window(windows, name, 0, n, n)
    return term._replace(windows=windows)


def _coefficient(terms: list[Term], dims: Shape) -> Any:
    """The coefficient of one offset: a number if it is the same everywhere, else a tensor that varies where it must."""
    by_factors: dict[Any, list[Term]] = {}
    rest = []
    for t in terms:
        if all(_read_in_place(f, dims) for f in t.factors):
            by_factors.setdefault(t.factors, []).append(t)
        else:
            rest.append(t)
    total: Any = None
    for factors, group in by_factors.items():
        value: Any = _number_array(group, dims)
        if factors:  # one product with numbers that are 0 outside of the windows, not one per window
            value = coefficient(Term(0, (), (), factors, (), value), dims, None)  # type: ignore[arg-type]
        total = value if total is None else total + value
    for t in rest:
        value = coefficient(t, dims, None)  # type: ignore[arg-type]
        widths = {d: (a, dims.get_size(d) - b) for d, a, b in t.windows}
        if widths:
            from phiml_core.math import expand
            from phiml_core.shape import concat_shapes

            missing = [dims[d].with_size(b - a) for d, a, b in t.windows if d not in value.shape.names]
            value = pad(expand(value, concat_shapes(*missing)) if missing else value, widths, 0)
        total = value if total is None else total + value
    return total


def _read_in_place(factor: Any, dims: Shape) -> bool:
    """Whether a factor is read as a whole and without offset along the dims."""
    return all(
        d not in dims.names or (o == 0 and factor.tensor.shape.get_size(n) == dims.get_size(d)) for n, d, o in factor.at
    )


def _number_array(terms: list[Term], dims: Shape) -> Any:
    """The sum of numbers in windows: a number if they cover the grid evenly, else a NumPy tensor with the dims that have windows."""
    windowed = [n for n in dims.names if any(w[0] == n for t in terms for w in t.windows)]
    if not windowed:
        return sum(t.number for t in terms)
    array = np.zeros([dims.get_size(n) for n in windowed], np.result_type(*[type(t.number) for t in terms]))
    for t in terms:
        array[tuple([slice(*t.window(n, dims.get_size(n))) for n in windowed])] += t.number
    if (array == array.flat[0]).all():
        return array.flat[0].item()
    along = dims.only(tuple(windowed)).with_sizes((None,) * len(windowed))
    return constant(array, along) if array.dtype.kind in "fc" else wrap(array, along)


def _row_sums(values: Any, sides: Any, dims: Shape, symmetric: bool) -> tuple[bool, str | None]:
    """Whether constants are in the null space, and the sign of a symmetric diagonally dominant stencil, where all is known."""
    if not all(isinstance(v, (int, float)) or (isinstance(v, Tensor) and _is_numpy(v)) for v in values.values()):
        return False, None
    total: Any = np.zeros((1,) * dims.rank)
    outer: Any = np.zeros((1,) * dims.rank)
    diagonal: Any = np.zeros((1,) * dims.rank)
    for offset, value in values.items():
        known: Any = np.asarray(value.numpy(value.shape) if not isinstance(value, (int, float)) else value)
        if not isinstance(value, (int, float)):
            order = [n for n in dims.names if n in value.shape.names]
            if len(order) != value.rank:
                return False, None
            known = value.numpy(tuple(order)).reshape([dims.get_size(n) if n in order else 1 for n in dims.names])
        if known.dtype.kind == "c":
            return False, None
        inside: Any = 1.0
        for k, (o, n) in enumerate(zip(offset, dims.sizes)):
            if o and sides[k][0] == ABSENT:
                i = np.arange(n) + o  # type: ignore[operator]
                inside = inside * ((i >= 0) & (i < n)).reshape([-1 if j == k else 1 for j in range(dims.rank)])  # type: ignore[operator]
        known = known * inside
        total = total + known
        if any(offset):
            outer = outer + abs(known)
        else:
            diagonal = diagonal + known
    scale = np.abs(diagonal) + outer
    singular = bool((abs(total) <= 1e-9 * scale).all())
    dominant = bool((abs(diagonal) >= outer - 1e-9 * scale).all())
    definite = None
    if symmetric and dominant and (np.all(diagonal >= 0) or np.all(diagonal <= 0)):
        definite = "positive" if np.all(diagonal >= 0) else "negative"
    return singular, definite


def _is_numpy(value: Any) -> bool:
    return value.backend.name == "numpy"
