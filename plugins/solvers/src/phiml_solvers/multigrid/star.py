"""Multigrid for general symmetric operators that couple nearest neighbours."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend.precision import current
from phiml_core.math import concat, expand, maximum, sum_, where, wrap
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from ..operator.boundary import PERIODIC
from ..operator.shift import neighbour_sum, stored
from ..operator.stencil import Stencil
from .word import cycle_for, multigrid

__all__: list[str] = []


@multigrid.dispatch
def _(operator: Stencil, like, visits, clusters):
    if not operator.symmetric or not all(sum(map(abs, offset)) <= 1 for offset in operator.offsets):
        return None
    return _of_star(operator, like, visits, clusters)


def _of_star(operator: Stencil, like: Tensor, visits: int, clusters: bool | None) -> Callable[[Tensor], Tensor] | None:
    """Coefficients between neighbours are those of faces; what the diagonal has beside them is a factor of the identity.

    The sign that makes the operator positive is that of minus the sum of all coefficients between neighbours, which may be traced.
    Coefficients of the other sign are left out.
    """
    dims, resolution = operator.dims, operator.resolution
    upper = [_upper(operator, i) for i in range(len(dims))]
    total: Any = 0.0
    for c in upper:
        total = total + sum_(c, resolution)
    sign = where(total > 0, -1.0, 1.0)
    faces = []
    for i, (dim, c) in enumerate(zip(dims, upper)):
        c = stored(maximum(-sign * c, 0.0), dims)
        n = c.shape.get_size(dim)
        last = c[{dim: slice(n - 1, n)}]
        if operator.boundary[i][0] != PERIODIC:  # values beyond a side are part of the diagonal
            last = last * 0.0
        faces.append(stored(concat([last, c[{dim: slice(0, n - 1)}], last], dim), dims))
    links: Any = 0.0
    for dim, c in zip(dims, faces):
        links = links + neighbour_sum(c, dim)
    diagonal = expand(sign * operator.diagonal(), resolution)
    extra = diagonal - links
    noise = 1e-5 if current().bits == 32 else 1e-13
    extra = where(extra > noise * abs(diagonal), extra, 0.0)
    active = where(links == 0, 0.0, 1.0)
    alone = where(links == 0, sign / where(diagonal == 0, 1.0, diagonal), 0.0)
    spacing = (1.0,) * len(dims)
    run = cycle_for(dims, operator.boundary, spacing, faces, extra * active, operator.singular, like, visits, clusters)
    return lambda r: run(r * active) * active * sign + r * alone


def _upper(operator: Stencil, i: int) -> Dense:
    """Coefficient of each cell and the one behind it along dim number `i`."""
    rank = len(operator.dims)
    coefficients = dict(zip(operator.offsets, operator.coefficients))
    ahead, back = (tuple(step if j == i else 0 for j in range(rank)) for step in (1, -1))
    c = coefficients.get(ahead)
    if c is None:
        c = coefficients.get(back, 0.0)
    c = c if isinstance(c, Tensor) else wrap(c)
    return stored(expand(c, operator.resolution), operator.dims)
