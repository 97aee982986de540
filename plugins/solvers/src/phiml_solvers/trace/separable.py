"""Sums over dims of x as one matrix per dim."""

from math import prod
from typing import Any

from phiml_core.math import rename_dims
from phiml_core.shape import Shape, concat_shapes, dual

from ..operator.linear import LinearOperator
from ..operator.matrix import DenseMatrix, Separable
from .elementwise import coefficient
from .term import Along, Term

__all__ = ["separable"]


def separable(terms: Any, domain: Shape, to: Shape) -> LinearOperator | None:
    """One matrix per dim, if the only term is a product of such, or a small dense matrix."""
    if len(terms) != 1 or terms[0].windows or not terms[0].hidden or to.dual:
        return None
    (term,) = terms
    hidden = dict(term.hidden)
    columns = {}
    for n, i in zip(domain.names, term.index):
        if not (isinstance(i, Along) and i.offset == 0 and hidden.get(i.dim) == domain.get_size(n)):
            return None
        columns[i.dim] = n
    if set(columns) != set(hidden):
        return None
    parts, rest = [], [*term.factors]
    for h, n in columns.items():
        mine = [f for f in rest if h in f.dims]
        if len(mine) != 1 or mine[0].tensor.dtype.kind is bool or not _whole(mine[0], h, domain.get_size(n)):
            return None
        others = [d for d in mine[0].dims if d != h]
        if any(d in hidden for d in others) or not others:
            return None
        rest.remove(mine[0])
        parts.append(_matrix(mine[0], h, domain[n], to.only(tuple(others))))
    if any(f.dims for f in rest) or prod([p.range.volume for p in parts]) != to.volume:
        return None
    scalar = coefficient(Term(0, (), (), tuple(rest), (), term.number), to, None)  # type: ignore[arg-type]
    if not isinstance(scalar, (int, float)) or scalar != 1:
        parts[0] = DenseMatrix(parts[0].matrix * scalar, rows=parts[0].rows)
    return parts[0] if len(parts) == 1 else Separable(tuple(parts))


def _whole(factor: Any, dim: str, size: Any) -> bool:
    """Whether a factor is read as a whole along a dim, and at no fixed position along others."""
    return all(
        d is not None and (d != dim or (o, factor.tensor.shape.get_size(n)) == (0, size)) for n, d, o in factor.at
    )


def _matrix(factor: Any, column: str, dim: Shape, rows: Shape) -> DenseMatrix:
    read = {n: slice(o, o + rows.get_size(d)) for n, d, o in factor.at if d != column}
    new = [rows[d].with_size(None) if d != column else dual(dim.name) for _, d, _ in factor.at]
    temporary = tuple(f"_m{i}" for i in range(len(new)))
    matrix = rename_dims(factor.tensor[read], ",".join(n for n, _, _ in factor.at), temporary)
    return DenseMatrix(rename_dims(matrix, ",".join(temporary), concat_shapes(*new)), rows=rows, columns=dim)
