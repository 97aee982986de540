"""The inverse of the nearest separable operator, by transforms; and what fits grids with obstacles best."""

from typing import Any

from phiml_core.backend.precision import current
from phiml_core.dispatch import generic
from phiml_core.math import where
from phiml_core.tensor.tensor import Tensor

from ..implicit import has_complex
from ..multigrid import multigrid
from ..multigrid.grid import chebyshev
from ..operator.box import BoxLaplace
from ..operator.masked import MaskedLaplace
from ..operator.shift import barrier
from ..operator.stencil import Stencil
from ..spectral_inverse import spectral_inverse
from .jacobi import inverse_diagonal, jacobi
from .word import Preconditioner, UnknownPreconditioner, best, register_preconditioner

__all__ = ["spectral"]


def smoothing(operator: MaskedLaplace) -> tuple[float, ...]:
    """Damping of the Jacobi steps before the solve of the box, and in reverse order after it.

    One step at 0.8 damps the shortest waves most evenly in two and three dimensions.  Each further one costs a tenth of an
    iteration and saves a fifth of them, less of few than of many: worth it in double precision, the more the larger the grid, where
    passages are thinner beside the box.  Measured at 128³ with 20 % boxes: 31 iterations with two steps, 25 with four, in equal time.
    """
    if current().bits == 32:
        return (0.8,)
    count = 2 + sum(max(operator.resolution.sizes) > n for n in (48, 96))
    return chebyshev(count, 0.4 / count)


@generic
def spectral(operator: Any) -> Preconditioner | None:
    """The inverse of the nearest separable operator as a function, or None if there is none."""


@spectral.dispatch
def _(operator: object):
    return None


@spectral.dispatch
def _(operator: BoxLaplace):
    return lambda r: spectral_inverse(operator, r)


@spectral.dispatch
def _(operator: MaskedLaplace):
    """The box without obstacles between Jacobi steps.

    The box alone is a good inverse but for cells that are almost closed, where the entries of the operator are small: each makes
    an eigenvalue of its own near 0.  A Jacobi step divides by those entries.  The product is symmetric (Xu 1992, eq. 3.4).
    """
    box, inverse = operator.box, inverse_diagonal(operator)
    active = where(inverse == 0, 0.0, 1.0) if box.shift is None else None
    steps = [inverse * damping for damping in smoothing(operator)]

    def apply(r: Tensor) -> Tensor:
        z = r * steps[0]
        for step in steps[1:]:
            z = z + (r - operator(z)) * step
        z = z + barrier(spectral_inverse(box, r - operator(z)))[0] * (1.0 if active is None else active)
        (z,) = barrier(z)
        for step in reversed(steps):
            z = z + (r - operator(z)) * step
        return operator.without_null_space(z)

    return apply


@best.dispatch
def _(operator: BoxLaplace, like):
    return spectral(operator), "spectral"


@best.dispatch
def _(operator: Stencil, like):
    """Multigrid for symmetric stars of nearest neighbours that are not small."""
    found = multigrid(operator, like) if operator.symmetric and operator.resolution.volume >= 1024 else None
    return (jacobi(operator), "jacobi") if found is None else (found, "multigrid")


@best.dispatch
def _(operator: MaskedLaplace, like):
    if has_complex(operator):  # not definite, as cycles and transforms of the box next to it would have it
        return jacobi(operator), "jacobi"
    if _takes_transforms(operator, like):
        return spectral(operator), "spectral"
    return multigrid(operator, like), "multigrid"


SMALL = {32: (64, 64, 32), 64: (40, 40, 32)}
"""By bits and number of dims: below so many cells along the longest one, compiled code is compiled 1 – 3 s faster with transforms."""


def _takes_transforms(operator: MaskedLaplace, like: Tensor) -> bool:
    """Whether cycles are not worth compiling: on small grids with obstacles, where transforms take 8 – 22 iterations.

    Cycles need half the iterations with obstacles, a third in narrow pores, a tenth or less where coefficients jump, and an iteration
    costs about the same (compiled; 1.5 times as much in NumPy).  Medians, single precision, 20 % boxes / 40 % pores / jumps of 1000:
    JAX 32² 0.37 / 0.39 / 0.39 ms against 0.27 / 0.38 / 2.3 with transforms, 16³ 0.9 / 0.9 / 2.0 against 0.9 / 1.2 / 10.7; 128² 2.5 / 4.4
    against 3.2 / 9.8, 64³ 41 / 40 against 58 / 92; NumPy 128² 14 / 25 against 12 / 32, 64³ 160 / 240 against 220 / 320.
    """
    if not (operator.fractions and like.backend.can_jit):
        return False
    sizes = operator.resolution.sizes
    return max(sizes) < SMALL[current().bits][min(len(sizes), 3) - 1]


def _spectral_by_name(operator: Any, like: Tensor) -> Preconditioner:
    found = spectral(operator)
    if found is None:
        raise UnknownPreconditioner(
            f"A {type(operator).__name__} has no separable neighbour to precondition with.  Use 'jacobi' or 'none'."
        )
    return found


register_preconditioner("spectral", _spectral_by_name)
register_preconditioner("transform", _spectral_by_name)
