"""Conjugate gradients that measure their directions instead of trusting the recursion."""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import abs_, sign, where
from phiml_core.solve import LinearProblem, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import while_loop

from ..criterion import anywhere, epsilon, zeros_of
from ..diagnosis import INDEFINITE
from ..iterative import Correction, Method, System, solve_by
from .ratio import ratio

__all__ = ["CGAdaptive"]


@dataclass(frozen=True)
class CGAdaptive:
    """Flexible conjugate gradients (Notay 2000): each direction is made conjugate to the one before by a product of its own.

    For symmetric definite operators with preconditioners that change from one application to the next or are not quite symmetric, and
    with rounding that would spoil the recursion of 'CG'.

    Attributes:
        preconditioner: see `Solve`.
    """

    preconditioner: Any = None


def _run(system: System, r: Tensor, count: Tensor, flaw: Tensor, history: Any, attempt: Tensor) -> Correction:
    zero = zeros_of(r)
    none = zeros_of(system.length(r))

    def going(x: Any, r: Any, p: Any, image: Any, curvature: Any, left: Any, n: Any, bad: Any, h: Any) -> Any:
        return system.going(left, n, bad)

    def iterate(x: Any, r: Any, p: Any, image: Any, curvature: Any, left: Any, n: Any, bad: Any, h: Any) -> Any:
        active = going(x, r, p, image, curvature, left, n, bad, h)
        z = system.precondition(r)
        p = z - p * ratio(system.dot(image, z), curvature)
        image = system.operator(p)
        new = system.curvature(p, image)
        certain = abs_(new) > 10 * epsilon() * system.length(p) * system.length(image)
        bad = where(active & certain & (sign(new) * sign(curvature) < 0), float(INDEFINITE), bad)
        length = where(active, ratio(system.dot(p, r), new), 0.0)
        x, r = x + p * length, r - image * length
        left = where(active, system.norm(r), left)
        h = system.note(h, n + 1, left, active)
        return x, r, p, image, new, left, where(active, n + 1.0, n), bad, h

    state = (zero, r, zero, zero, none, system.norm(r) + none, count, flaw + none, history)
    x, *_, count, flaw, history = while_loop(lambda *s: anywhere(going(*s)), iterate, state)
    return Correction(x, count, flaw, history)


@solve.dispatch
def _(problem: LinearProblem, algorithm: CGAdaptive, settings=None):
    method = Method("CG-adaptive", _run, symmetric=True, preconditioner=algorithm.preconditioner)
    return solve_by(method, problem, settings)
