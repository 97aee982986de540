"""The terms of a transposed operator."""

from typing import Any

from phiml_core.shape import Shape

from .term import Along, Term, like_terms, with_window

__all__ = ["is_symmetric", "transposed_terms"]


def transposed_terms(terms: Any, shape: Shape, to: Shape) -> tuple[Term, ...]:
    """The terms of the transposed operator; those of the operator read windows, not listed positions."""
    return like_terms(_transposed(t, shape, to) for t in terms)


def _transposed(term: Term, shape: Shape, to: Shape) -> Term:
    sizes = {n: to.get_size(n) for n in to.names}
    sizes.update(term.hidden)
    names: dict[str, str] = {}  # dims of the term that are called otherwise now
    index: dict[str, Any] = {}  # position along each dim of `to`
    windows: list[Any] = []
    hidden: dict[str, int] = {}
    shifts: list[tuple[str, int]] = []
    for n, i in zip(shape.names, term.index):
        if isinstance(i, int):
            windows.append((n, i, i + 1))
            continue
        start, stop = term.window(i.dim, sizes[i.dim])  # type: ignore[union-attr]
        names[i.dim] = "_new" + n  # type: ignore[union-attr]
        shifts.append(("_new" + n, -i.offset))  # type: ignore[union-attr]
        windows.append((n, start + i.offset, stop + i.offset))  # type: ignore[union-attr]
        if i.dim in to.names:  # type: ignore[union-attr]
            index[i.dim] = Along(n, -i.offset)  # type: ignore[union-attr]
    for d in (*to.names, *(h for h, _ in term.hidden)):
        if d in names:
            continue
        start, stop = term.window(d, sizes[d])
        new = f"_t{d}"
        names[d] = new
        hidden[new] = sizes[d]
        if (start, stop) != (0, sizes[d]):
            windows.append((new, start, stop))
        if d in to.names:
            index[d] = Along(new, 0)
    factors = [f.renamed(names) for f in term.factors]
    for new, by in shifts:
        factors = [f.moved(new, by) for f in factors]
    back = {f"_new{n}": n for n in shape.names}
    factors = [f.renamed(back) for f in factors]
    found: tuple[Any, ...] = ()
    for d, a, b in windows:
        found = with_window(found, d, a, b, shape.get_size(d) if d in shape.names else hidden[d])
    return Term(
        0, tuple([index[d] for d in to.names]), found, tuple(factors), tuple(sorted(hidden.items())), term.number
    )


def is_symmetric(terms: Any, shape: Shape, to: Shape) -> bool:
    """Whether terms equal those of their transpose, as they are written."""
    if any(t.hidden or not t.is_shift for t in terms):
        return False
    order = tuple(shape.names.index(n) for n in to.names)

    def by_key(some: Any, pick: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for t in some:
            key = (tuple([t.index[i] for i in pick]), t.windows, frozenset((f, t.factors.count(f)) for f in t.factors))
            found[key] = found.get(key, 0) + t.number
        return {k: v for k, v in found.items() if v != 0}

    mine = by_key(terms, order)
    other = by_key(transposed_terms(terms, shape, to), range(len(to.names)))
    if mine.keys() != other.keys():
        return False
    return all(abs(v - other[k]) <= 1e-12 * abs(v) for k, v in mine.items())
