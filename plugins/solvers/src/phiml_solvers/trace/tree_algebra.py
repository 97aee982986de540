"""Sums, multiples and products of operators on trees, block by block."""

from itertools import starmap
from typing import Any

from ..operator.algebra import added, combined, multiplied, scaled
from ..operator.composed import Product
from ..operator.elementary import Diagonal, Identity
from .matrix import TreeOperator


def _sum(a: Any, b: Any) -> Any:
    """The sum of two blocks; None is zero."""
    return a if b is None else b if a is None else added(a, b)


def _same_trees(a: TreeOperator, b: TreeOperator) -> bool:
    """Whether two operators have as many results, and as many arguments, as each other."""
    return len(a.blocks) == len(b.blocks) and all(len(r) == len(s) for r, s in zip(a.blocks, b.blocks, strict=True))


@combined.dispatch
def _(a: TreeOperator, b: TreeOperator):
    if not _same_trees(a, b):
        return None
    rows = zip(a.blocks, b.blocks, strict=True)
    return TreeOperator(tuple([tuple(starmap(_sum, zip(r, s, strict=True))) for r, s in rows]), a.template, a.source)


@combined.dispatch
def _(a: TreeOperator, b: Identity | Diagonal):
    if any(len(row) != len(a.blocks) for row in a.blocks):
        return None
    rows = [tuple([_sum(p, b if i == j else None) for j, p in enumerate(row)]) for i, row in enumerate(a.blocks)]
    return TreeOperator(tuple(rows), a.template, a.source)


@scaled.dispatch
def _(a: TreeOperator, factor):
    rows = [tuple([None if p is None else scaled(p, factor) for p in row]) for row in a.blocks]
    return TreeOperator(tuple(rows), a.template, a.source)


@multiplied.dispatch
def _(a: TreeOperator, b: TreeOperator):
    if any(len(row) != len(b.blocks) for row in a.blocks):
        return Product((a, b))
    columns = list(zip(*b.blocks, strict=True))
    rows = []
    for row in a.blocks:
        products = [[multiplied(p, q) for p, q in zip(row, c, strict=True) if None not in (p, q)] for c in columns]
        rows.append(tuple([sum(some[1:], start=some[0]) if some else None for some in products]))
    return TreeOperator(tuple(rows), a.template, b.source)
