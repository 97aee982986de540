"""Minimal residuals, for symmetric operators that may be indefinite or singular."""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import maximum, sqrt, where
from phiml_core.solve import LinearProblem, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import while_loop

from ..criterion import anywhere, zeros_of
from ..diagnosis import INDEFINITE
from ..iterative import Correction, Method, System, solve_by
from ..precondition.magnitudes import Magnitudes
from .ratio import ratio

__all__ = ["MINRES"]


@dataclass(frozen=True)
class MINRES:
    """Minimal residuals (Paige & Saunders 1975) with a definite preconditioner of either sign.

    For symmetric operators of any sign.  The residual never grows in the norm of the preconditioner.  Of a singular system with a
    solution it finds the one of least norm.

    Attributes:
        preconditioner: see `Solve`; has to be symmetric and positive or negative definite.  None: see `Magnitudes`.
    """

    preconditioner: Any = None


def _run(system: System, r: Tensor, count: Tensor, flaw: Tensor, history: Any, attempt: Tensor) -> Correction:
    z = system.precondition(r)
    square = system.curvature(r, z)
    sign = where(square < 0, -1.0, 1.0)  # of the preconditioner
    beta = sqrt(square * sign)
    zero, none = zeros_of(r), zeros_of(beta)

    def going(x: Any, left: Any, n: Any, bad: Any, *state: Any) -> Any:
        return system.going(left, n, bad)

    def iterate(
        x: Any, left: Any, n: Any, bad: Any, r: Any, r1: Any, r2: Any, z: Any, w: Any, w1: Any,
        beta: Any, old: Any, dbar: Any, epsilon: Any, phi: Any, c: Any, s: Any, h: Any,
    ) -> Any:  # fmt: skip
        active = going(x, left, n, bad)
        v = z * ratio(sign, beta)
        y = system.operator(v)
        y = y - r1 * ratio(beta, old)
        alpha = system.curvature(v, y)
        y = y - r2 * ratio(alpha, beta)
        z = system.precondition(y)
        square = system.curvature(y, z) * sign
        bad = where(active & (square < -1e-3 * system.length(y) * system.length(z)), float(INDEFINITE), bad)
        old, beta = beta, sqrt(maximum(square, 0.0))
        # the rotations that make the tridiagonal matrix triangular
        before, delta, gbar = epsilon, c * dbar + s * alpha, s * dbar - c * alpha
        epsilon, dbar = s * beta, -c * beta
        gamma = sqrt(gbar * gbar + beta * beta)
        c, s = ratio(gbar, gamma), ratio(beta, gamma)
        step, phi = c * phi, s * phi
        new = (v - w1 * before - w * delta) * ratio(1.0, gamma)
        x = x + where(active, step, 0.0) * new
        rest = r * (s * s) - y * ratio(phi * c, beta)
        r = rest
        left = where(active, system.norm(r), left)
        h = system.note(h, n + 1, left, active)
        n = where(active, n + 1.0, n)
        return x, left, n, bad, r, r2, y, z, new, w, beta, old, dbar, epsilon, phi, c, s, h

    state = (
        zero, system.norm(r) + none, count, flaw + none, r, zero, r, z, zero, zero,
        beta, none, none, none, beta, none - 1.0, none, history,
    )  # fmt: skip
    x, _, count, flaw, *_, history = while_loop(lambda *s: anywhere(going(*s)), iterate, state)
    return Correction(x, count, flaw, history)


@solve.dispatch
def _(problem: LinearProblem, algorithm: MINRES, settings=None):
    chosen = Magnitudes() if algorithm.preconditioner is None else algorithm.preconditioner
    return solve_by(Method("MINRES", _run, symmetric=True, preconditioner=chosen), problem, settings)
