"""The diagonal of a sum of terms, without the matrix where terms read x at their own place or sum over it."""

from typing import Any

from phiml_core.math import wrap
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from .contract import condensed, inner_dims
from .elementwise import coefficient
from .sparse import sparse_matrix
from .term import Along, Term, with_window

__all__ = ["diagonal_of"]


def diagonal_of(terms: Any, dims: Shape, placed: Any) -> Tensor:
    """The diagonal of the square operator with these terms.

    Args:
        dims: of x and of the result.
        placed: what puts a value in the windows of a term, zeros elsewhere.
    """
    total: Any = wrap(0.0)
    rest = []
    for term in terms:
        found = _on_diagonal(condensed(term, dims, always=True), dims)
        if found is None:
            rest.append(term)
        elif found:
            (own,) = found
            value = coefficient(own, dims, None)  # type: ignore[arg-type]
            for name, size in own.hidden:  # which nothing varies along
                start, stop = own.window(name, size)
                value = value * (stop - start)
            total = total + placed(value if isinstance(value, Tensor) else wrap(value), own.windows, dims)
    return total + sparse_matrix(rest, dims, dims).diagonal() if rest else total


def _on_diagonal(term: Term, dims: Shape) -> tuple[Term, ...] | None:
    """The term where it reads x at its own place: one or none; None if only the matrix tells."""
    inner = inner_dims(term)
    for name, i in zip(dims.names, term.index, strict=True):
        size = int(dims.get_size(name))
        start, stop = term.window(name, size)
        if isinstance(i, int):
            if not start <= i < stop:
                return ()
            term = term._replace(windows=with_window(term.windows, name, i, i + 1, size))
        elif not isinstance(i, Along) or (i.dim != name and i.dim not in dict(term.hidden)):
            return None
        elif i.dim == name:
            if i.offset:
                return ()
        else:  # a sum over x has one summand at the place itself
            if any(i.dim in f.dims for f in term.factors):
                return None
            first, last = term.window(i.dim, dict(term.hidden)[i.dim])
            start, stop = max(start, first + i.offset), min(stop, last + i.offset)
            if start >= stop:
                return ()
            windows = tuple([w for w in term.windows if w[0] != i.dim])
            hidden = tuple([h for h in term.hidden if h[0] != i.dim])
            term = term._replace(windows=with_window(windows, name, start, stop, size), hidden=hidden)
    return (term,) if all(n in inner for n, _ in term.hidden) else None
