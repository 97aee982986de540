"""Poisson and Helmholtz operators of a grid, with or without obstacles."""

from collections.abc import Mapping
from typing import Any

from phiml_core.math import expand, wrap
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from .boundary import has_transform, parse_boundary
from .box import BoxLaplace

__all__ = ["poisson"]


def poisson(
    resolution: Shape,
    dx: Any = 1.0,
    boundary: Any = "neumann",
    face_weights: Any = None,
    shift: Any = None,
    scale: Any = None,
    fractions: bool = False,
) -> Any:
    """shift · x + scale · ∇ · (w ∇x) on a grid of cells.

    Args:
        resolution: number of cells per dim, e.g. `spatial(x=64, y=80)`.
        dx: size of a cell in length: a number, or one per dim (sequence, dict or vector).
        boundary: 'periodic', 'neumann' (no flux), 'dirichlet' (zero at the face) or 'absent' (zero a cell beyond the last center); one
            for all sides, or by dim, as a name or a pair (lower, upper).
        face_weights: open fraction of each free face, or any other non-negative coefficient such as a diffusivity, by dim (dict or
            sequence); None if all are open.  Free are the
            inner faces, outer faces at Dirichlet sides, and all lower faces of a periodic dim.
        shift: factor of the identity; None for the Laplacian alone.
        scale: factor of the Laplacian; None for 1.
        fractions: whether `face_weights` are known to be open fractions, from 0 to 1, as of obstacles: on small grids the default
            then solves in compiled code with transforms, which are compiled sooner, but do not cope with coefficients that jump.

    >>> from phiml_core.shape import spatial
    >>> poisson(spatial(x=4, y=3), 0.5, {'x': 'periodic', 'y': ('neumann', 'dirichlet')}).kinds
    ('fft', 'dct4')
    """
    resolution = resolution.spatial
    box = BoxLaplace(resolution, _spacing(dx, resolution), parse_boundary(boundary, resolution), scale, shift)
    if face_weights is None and has_transform(box.boundary):
        return box
    from .masked import MaskedLaplace

    if face_weights is None:
        face_weights = [expand(wrap(1.0), box.face_resolution(n)) for n in resolution.names]
    if isinstance(face_weights, Mapping):
        face_weights = [face_weights[n] for n in resolution.names]
    return MaskedLaplace(box, tuple(face_weights), fractions)


def _spacing(dx: Any, resolution: Shape) -> tuple[float, ...]:
    if isinstance(dx, Mapping):
        return tuple(float(dx[n]) for n in resolution.names)
    if isinstance(dx, Tensor):
        return tuple(float(dx.vector[n]) for n in resolution.names) if dx.rank else (float(dx),) * resolution.rank
    if isinstance(dx, (tuple, list)):
        if len(dx) != resolution.rank:
            raise ValueError(
                f"{len(dx)} cell sizes {dx} were given for the {resolution.rank} dims {resolution}.  Give one for each."
            )
        return tuple(float(h) for h in dx)
    return (float(dx),) * resolution.rank
