"""The word `multigrid`: approximate inverses of grid operators by cycles over coarser and coarser grids."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend.precision import current
from phiml_core.dispatch import generic
from phiml_core.math import abs_, expand, sign, where, wrap
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.tensor import Tensor

from ..operator.boundary import PERIODIC
from ..operator.box import BoxLaplace
from ..operator.masked import MaskedLaplace
from ..operator.shift import stored
from .cycle import program
from .faces import all_faces
from .proportion import proportions
from .rough import is_rough

__all__ = ["cycle_for", "multigrid"]


@generic(on="operator")
def multigrid(
    operator: Any, like: Tensor, visits: int = 1, clusters: bool | None = None
) -> Callable[[Tensor], Tensor] | None:
    """An approximate inverse of a grid operator as a function r ↦ z: one symmetric cycle; None if the class of operator has none.

    The coefficients may be traced and jump by any factor; closed faces (obstacles), cells of any proportion and sizes that are no
    powers of two are fine.  The coarser grids are computed now, for right-hand sides like `like`.

    Args:
        operator: e.g. of `poisson(…)` with face weights.
        like: a tensor like the right-hand sides.
        visits: how often each grid visits the next coarser one: 1 for a V-cycle, 2 for a W-cycle.
        clusters: whether clusters of strongly coupled cells get steps of their own; None for where coefficients are known to jump from
            cell to cell.
    """


@multigrid.dispatch
def _(operator: object, like, visits, clusters):
    return None


@multigrid.dispatch
def _(operator: BoxLaplace, like, visits, clusters):
    return _of_grid(operator, operator, (1.0,) * len(operator.dims), None, like, visits, clusters)


@multigrid.dispatch
def _(operator: MaskedLaplace, like, visits, clusters):
    active = None if operator.box.shift is None else operator.active
    return _of_grid(operator, operator.box, operator.weights, active, like, visits, clusters)


def _of_grid(
    operator: Any, box: BoxLaplace, weights: Any, active: Any, like: Tensor, visits: int, clusters: bool | None
) -> Any:
    """shift · x + scale · ∇ · (w ∇x) with the sign that makes it positive."""
    faces, extra, factor = all_faces(box, weights), None, -1.0
    if box.scale is not None:
        faces = [c * abs_(wrap(box.scale)) for c in faces]
        factor = -sign(wrap(box.scale))
    if box.shift is not None:
        shift = wrap(box.shift)
        extra = expand(abs_(shift), box.resolution)
        factor = where(factor == 0, sign(shift), factor) if isinstance(factor, Tensor) else factor
        if active is not None:
            extra = extra * active
    run = cycle_for(box.dims, box.boundary, box.spacing, faces, extra, operator.singular, like, visits, clusters)
    if active is None:
        project = operator.null_space_projection()
        return lambda r: project(run(r)) * factor
    alone = where(
        active == 0, 1 / where(shift == 0, 1.0, shift), 0.0
    )  # a cell without open faces is a system of its own
    return lambda r: run(r * active) * active * factor + r * alone


def cycle_for(
    dims: tuple[str, ...],
    boundary: tuple[tuple[str, str], ...],
    spacing: tuple[float, ...],
    faces: list[Dense],
    extra: Tensor | None,
    singular: bool,
    like: Tensor,
    visits: int,
    clusters: bool | None,
) -> Callable[[Tensor], Dense]:
    """One cycle for  extra · x − ∇ · (c ∇x)  as a function of tensors like `like`; `faces` as from `all_faces`."""
    like = stored(like, dims)
    spec, backend = like.spec, like.backend
    sizes = tuple(spec.shape.get_size(n) for n in dims)
    periodic = tuple(pair[0] == PERIODIC for pair in boundary)
    axes = tuple(spec.axes[n] for n in dims)
    given = [stored(c, dims) for c in (*faces, *([] if extra is None else [extra]))]
    lengths = proportions(dims, spacing, given[: len(dims)])
    bits, shifted = current().bits, extra is not None
    clustered = is_rough(given[: len(dims)], dims) if clusters is None else clusters
    prepare, run = program(backend, axes, sizes, periodic, lengths, shifted, singular, bits, visits, clustered)  # type: ignore[arg-type]
    aligned = [preparation(backend, c.spec, like.dtype, spec.stored, full_rank=True) for c in given]
    arrays = prepare(*[c.native_array if s is None else s(c.native_array) for c, s in zip(given, aligned)])
    return lambda r: Dense(run(*arrays, stored(r, dims).native_array), spec)
