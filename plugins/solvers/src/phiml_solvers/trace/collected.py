"""Many terms that read x in the same places as one term, with the sum of their coefficients."""

from typing import Any

from phiml_core.math import expand, pad, wrap
from phiml_core.shape import Shape, concat_shapes
from phiml_core.tensor.tensor import Tensor

from .elementwise import coefficient
from .errors import not_traceable
from .term import Along, Factor, Term, with_window

__all__ = ["collected"]

ALIKE = 4
"""Terms that read x in the same places up to which they are kept."""
MOST = 10_000
"""Terms that are too many to go on with."""


def collected(terms: tuple[Term, ...], shape: Shape) -> tuple[Term, ...]:
    """The terms with those that read x at the same offsets added up; the products of products of coefficients are too many.

    Raises:
        NotTraceable: too many terms are left, as of many sums of sums.
    """
    groups: dict[Any, list[Term]] = {}
    found: list[Term] = []
    for t in terms:
        if t.hidden or not all(isinstance(i, (Along, int)) for i in t.index):
            found.append(t)
        else:
            groups.setdefault((t.leaf, t.index), []).append(t)
    for group in groups.values():
        found += [_added(group, shape)] if len(group) > ALIKE else group
    if len(found) > MOST:
        raise not_traceable("a composition of many operations", f"it has {len(found)} terms (limit {MOST})")
    return tuple(found)


def _added(group: list[Term], shape: Shape) -> Term:
    """One term for several with the same index, in a window that holds theirs; between them its coefficient is zero."""
    windowed = sorted({d for t in group for d, _, _ in t.windows})
    sizes = {d: int(shape.get_size(d)) for d in windowed}  # type: ignore[arg-type]
    spans = {d: [t.window(d, sizes[d]) for t in group] for d in windowed}
    hull = {d: (min(a for a, _ in s), max(b for _, b in s)) for d, s in spans.items()}
    total: Any = None
    for t in group:
        value = coefficient(t, shape, None)  # type: ignore[arg-type]
        value = value if isinstance(value, Tensor) else wrap(value)
        inside = {d: t.window(d, sizes[d]) for d in windowed}
        widths = {d: (a - hull[d][0], hull[d][1] - b) for d, (a, b) in inside.items() if (a, b) != hull[d]}
        missing = [shape[d].with_size(b - a).with_item_names(d, None) for d, (a, b) in inside.items() if d in widths]
        missing = [m for m in missing if m.name not in value.shape.names]
        value = expand(value, concat_shapes(*missing)) if missing else value
        value = pad(value, widths, 0) if widths else value
        total = value if total is None else total + value
    windows: Any = ()
    for d, (a, b) in hull.items():
        windows = with_window(windows, d, a, b, sizes[d])
    at = tuple([(n, n, -hull[n][0] if n in hull else 0) for n in total.shape.names])
    return Term(group[0].leaf, group[0].index, windows, (Factor(total, at),))
