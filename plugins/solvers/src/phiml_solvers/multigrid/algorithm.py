"""Multigrid as a solver of its own, and as a preconditioner with settings."""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import where
from phiml_core.solve import LinearProblem, Solve, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import while_loop

from ..borrowed import is_plain
from ..criterion import anywhere, zeros_of
from ..diagnosis import INDEFINITE
from ..iterative import Correction, Method, System, solve_by
from ..krylov.ratio import ratio
from ..precondition.word import UnknownPreconditioner, preconditioner, register_preconditioner
from .word import multigrid

__all__ = ["Multigrid"]

VISITS = {"V": 1, "W": 2}


@dataclass(frozen=True)
class Multigrid:
    """Geometric multigrid: cycles over grids of half the resolution each, in time proportional to the number of cells.

    For grid operators  shift · x + scale · ∇ · (w ∇x)  of one sign with any non-negative coefficients w, and symmetric stencils of
    nearest neighbours.  Each cycle is followed by the step along its correction that lessens the error most, so that the iteration
    converges for any coefficients.  As `Solve('CG', preconditioner=Multigrid())` it takes fewer iterations, by far where passages are
    narrow.

    Attributes:
        cycle: 'V', or 'W', which visits each coarser grid twice.
        clusters: True gives each cluster of strongly coupled cells a step of its own before and after the cycle, for coefficients that
            jump at random from cell to cell: a half to a fifth of the iterations, each 1.5 times as long.  None does so where they
            are known to.
    """

    cycle: str = "V"
    clusters: bool | None = None

    def __post_init__(self) -> None:
        if self.cycle not in VISITS:
            raise ValueError(f"A multigrid cycle is 'V' or 'W', not {self.cycle!r}.")

    def __repr__(self) -> str:
        return f"multigrid ({self.cycle}{', clusters' if self.clusters else ''})"


@preconditioner.dispatch
def _(how: Multigrid, operator, like):
    found = multigrid(operator, like, VISITS[how.cycle], how.clusters)
    if found is None:
        raise UnknownPreconditioner(
            f"Multigrid needs a grid operator: of poisson(…), or a symmetric Stencil that couples nearest neighbours, not a "
            f"{type(operator).__name__}.  Use 'jacobi'."
        )
    return found, repr(how) if how.cycle != "V" or how.clusters else "multigrid"


@is_plain.dispatch
def _(value: Multigrid):
    return True


register_preconditioner("multigrid", lambda operator, like: preconditioner(Multigrid(), operator, like)[0])


def _run(system: System, r: Tensor, count: Tensor, flaw: Tensor, history: Any, attempt: Tensor) -> Correction:
    """Steepest descent along the corrections of cycles."""
    zero = zeros_of(r)
    residual = system.norm(r) + zeros_of(system.length(r))

    def going(x: Any, r: Any, residual: Any, n: Any, bad: Any, h: Any) -> Tensor:
        return system.going(residual, n, bad)

    def iterate(x: Any, r: Any, residual: Any, n: Any, bad: Any, h: Any) -> Any:
        active = going(x, r, residual, n, bad, h)
        z = system.precondition(r)
        image = system.operator(z)
        gain, energy = system.curvature(r, z), system.curvature(z, image)
        bad = where(active & (gain * energy < 0), float(INDEFINITE), bad)
        step = where(active, ratio(gain, energy), 0.0)
        x, r = x + z * step, r - image * step
        residual = where(active, system.norm(r), residual)
        h = system.note(h, n + 1, residual, active)
        return x, r, residual, n + where(active, 1.0, 0.0), bad, h

    state = (zero, r, residual, count, flaw + zeros_of(residual), history)
    x, _, _, count, flaw, history = while_loop(lambda *s: anywhere(going(*s)), iterate, state)
    return Correction(x, count, flaw, history)


@solve.dispatch
def _(problem: LinearProblem, algorithm: Multigrid, settings=None):
    settings = (settings or Solve()).with_(preconditioner=algorithm)
    return solve_by(Method("multigrid", _run, symmetric=True), problem, settings)
