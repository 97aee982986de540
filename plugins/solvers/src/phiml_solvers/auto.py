"""The default: the cheapest algorithm that solves the class and the structure of the operator at hand."""

from dataclasses import dataclass
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.solve import ConvergenceException, LinearProblem, Solve, explaining, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import tree_leaves

from .assemble import has_matrix
from .direct import Direct
from .fallback import after
from .implicit import has_complex
from .increments import split_solve
from .krylov import CG, GMRES, LSMR, MINRES, BiCGStab
from .opaque import OpaqueOperator
from .operator.box import BoxLaplace
from .operator.elementary import Diagonal, Identity
from .operator.linear import FunctionOperator
from .operator.masked import MaskedLaplace
from .operator.matrix import DenseMatrix
from .operator.stencil import Stencil
from .precondition import best
from .system import Prepared, prepare, unknown_dims
from .transform import Transform

__all__ = ["Auto", "algorithm_for"]

FACTORED = 30_000
"""Number of unknowns up to which factors of a sparse matrix cost less than to wonder which iteration converges."""
SMALL = 2000
"""Number of unknowns up to which factors cost less than conjugate gradients that are not compiled: 3 ms against 15 at 30², 3 against 26 of a dense
500 × 500 matrix."""
APPLIED = 512
"""Number of unknowns up to which a function without structure is turned into a matrix."""


@dataclass(frozen=True)
class Auto:
    """Chooses by class and structure of the operator and by sizes, never by values, which may be traced.

    Where values are known and the chosen method stagnates or breaks down, it goes on with a more robust one, see `fallback`.
    """


@generic(on="operator")
def algorithm_for(operator: Any, like: Tensor, settings: Solve) -> tuple[Any, str]:
    """The algorithm that `'auto'` takes for operators of this class, and why, as one clause.

    Args:
        operator: a `LinearOperator`.
        like: a tensor like the right-hand side.
        settings: those of the solve; only what is static of them counts.
    """
    return general(operator, like, settings)


def general(operator: Any, like: Tensor, settings: Solve) -> tuple[Any, str]:
    """The choice by what any operator says of itself."""
    size = int(unknown_dims(operator, like).volume)  # type: ignore[arg-type]
    if operator.domain is not None and operator.domain != operator.range:
        return LSMR(), f"it has {operator.range.volume} equations for {size} unknowns: least squares"
    matrix = has_matrix(operator)
    iterate = settings.preconditioner is not None or size > FACTORED or not matrix
    deficient = bool(settings.rank_deficiency) and not operator.singular
    symmetric = operator.symmetric and not has_complex(operator)  # complex methods ask for Hermitian operators
    if symmetric and operator.definite and not deficient:
        if not iterate and size <= SMALL and _is_known(operator, like, settings):
            return Direct(), f"it is known, and so small ({size} unknowns) that factors cost less than iterations"
        return CG(), f"it is symmetric and {operator.definite} (semi-)definite"
    if not iterate:
        kind = "symmetric, but perhaps not definite" if symmetric else "perhaps not symmetric"
        factors = "dense" if isinstance(operator, DenseMatrix) else "sparse"
        return Direct(), f"it is {kind}, and small enough ({size} unknowns) for {factors} factors"
    if symmetric:
        return MINRES(), "it is symmetric, but perhaps not definite"
    if deficient:
        return LSMR(), f"its null space has {settings.rank_deficiency} dimensions: least norm"
    return BiCGStab(2, "ilu" if matrix else None), f"it is perhaps not symmetric and has {size} unknowns"


@algorithm_for.dispatch
def _(operator: BoxLaplace, like, settings):
    return Transform(), "transforms diagonalise the Laplacian of a box"


@algorithm_for.dispatch
def _(operator: MaskedLaplace, like, settings):
    if has_complex(operator):
        return general(operator, like, settings)
    if operator.definite is None:
        if _known(operator.box.scale) and _known(operator.box.shift):
            return general(operator, like, settings)
        return MINRES(), "shift and scale may make it indefinite"
    return CG(), "it is the definite Laplacian of a grid with obstacles or coefficients"


def _is_known(operator: Any, like: Tensor, settings: Solve) -> bool:
    """Whether nothing is traced, and nobody wants to see a history."""
    return like.available and not settings.record and all(t.available for t in tree_leaves(operator))


def _known(value: Any) -> bool:
    """Whether a coefficient is known, so that the operator is known to be indefinite; while tracing it may be anything."""
    return not isinstance(value, Tensor) or value.available


@algorithm_for.dispatch
def _(operator: Stencil, like, settings):
    deficient = bool(settings.rank_deficiency) and not operator.singular
    if not operator.definite and operator.domain.volume <= FACTORED and operator.domain.rank < 3:
        if _is_known(operator, like, settings):
            return general(operator, like, settings)  # factors, since it may be indefinite
    if operator.symmetric and settings.preconditioner is None and not deficient and not has_complex(operator):
        name = best(operator, like)[1]
        if name == "multigrid" and operator.definite:
            return CG(
                name
            ), f"it is symmetric and {operator.definite} (semi-)definite, and the grid can be made coarser"
        if name == "multigrid":
            return MINRES(name), "it is symmetric, but perhaps not definite, and the grid can be made coarser"
    return general(operator, like, settings)


@algorithm_for.dispatch
def _(operator: Identity | Diagonal, like, settings):
    return GMRES(2, "jacobi" if isinstance(operator, Diagonal) else "none"), "it is diagonal: one step"


@algorithm_for.dispatch
def _(operator: OpaqueOperator, like, settings):
    size = int(unknown_dims(operator, like).volume)  # type: ignore[arg-type]
    if size <= APPLIED and settings.preconditioner is None:
        return Direct(), f"it is a function without structure, and small enough ({size} unknowns) for a dense matrix"
    if settings.rank_deficiency:
        return LSMR(), f"its null space has {settings.rank_deficiency} dimensions: least norm"
    return BiCGStab(2), "it is a function without structure, which may not be symmetric"


@algorithm_for.dispatch
def _(operator: FunctionOperator, like, settings):
    return algorithm_for(OpaqueOperator.of(operator.function), like, settings)


def _chosen(problem: LinearProblem, settings: Solve | None) -> tuple[LinearProblem, Any, str, Solve]:
    operator, y, settings = prepare(problem, settings)
    algorithm, reason = algorithm_for(operator, y, settings)
    return Prepared(operator, y), algorithm, f"auto: {type(operator).__name__}, {reason}", settings


@solve.dispatch
def _(problem: LinearProblem, algorithm: Auto, settings=None):
    problem, chosen, reason, settings = _chosen(problem, settings)
    try:
        with explaining(reason):
            return solve(problem, chosen, settings.with_(method=chosen))
    except ConvergenceException as error:  # of known values only; from compiled code it is raised after the call
        following = after(problem, chosen, settings, error)
        if following is None:
            raise
    chosen, why = following
    with explaining(f"{reason}; {why}"):
        return solve(problem, chosen, settings.with_(method=chosen, x0=None))


@split_solve.dispatch
def _(problem, algorithm: Auto, settings):
    problem, chosen, reason, settings = _chosen(problem, settings)
    with explaining(reason):
        return split_solve(problem, chosen, settings.with_(method=chosen))
