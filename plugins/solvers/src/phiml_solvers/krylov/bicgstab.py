"""Stabilised biconjugate gradients, for any regular operator, with little memory."""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import is_finite, maximum, where
from phiml_core.solve import LinearProblem, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import while_loop

from ..criterion import anywhere, epsilon, zeros_of
from ..iterative import Correction, Method, System, solve_by
from ..probe import noise
from .ratio import ratio

__all__ = ["BiCGStab"]


@dataclass(frozen=True)
class BiCGStab:
    """BiCGStab(l) (Sleijpen & Fokkema 1993), preconditioned from the right.

    Each iteration makes 2 l applications of the operator.  l = 1 is the method of van der Vorst; larger l also do where eigenvalues
    are far from the real axis, as in advection.  The best iterate is kept, for the residual does not fall evenly.

    Attributes:
        l: degree of the polynomial that stabilises, 1 to 8.
        preconditioner: see `Solve`.
    """

    l: int = 2
    preconditioner: Any = None

    def __post_init__(self) -> None:
        if not 1 <= self.l <= 8:
            raise ValueError(f"The degree of biCG-stab(l) is from 1 to 8, not {self.l}.")


def _run(
    degree: int, system: System, r: Tensor, count: Tensor, flaw: Tensor, history: Any, attempt: Tensor
) -> Correction:
    # where the residual itself is a bad shadow of it, e.g. of a skew-symmetric operator, another direction is added
    size = system.length(r) / float(system.dims.volume) ** 0.5
    shadow = r + noise(system.dims, 51) * (size * (attempt + 0.01))
    zero = zeros_of(r)
    none = zeros_of(size)
    residual = system.norm(r) + none
    least_left = maximum(system.tolerance, residual * (4 * epsilon()))

    def unsolved(r: Tensor) -> Tensor:
        """1 for examples to go on with; the others are solved within an iteration, e.g. where the preconditioner is the inverse,
        and quotients of what is left would be noise."""
        return where(system.norm(r) > least_left, 1.0, 0.0)

    def applied(v: Tensor) -> Tensor:
        return system.operator(system.precondition(v))

    def going(
        x: Any, r: Any, u: Any, rho: Any, alpha: Any, omega: Any, left: Any, best: Any, least: Any, n: Any, h: Any
    ) -> Any:
        return system.going(left, n, flaw) & is_finite(left) & (omega != 0)

    def iterate(
        x: Any, r: Any, u: Any, rho: Any, alpha: Any, omega: Any, left: Any, best: Any, least: Any, n: Any, h: Any
    ) -> Any:
        active = going(x, r, u, rho, alpha, omega, left, best, least, n, h)
        rho = -omega * rho
        rs, us = [r], [u]
        for j in range(degree):  # biconjugate gradients
            new = system.dot(shadow, rs[j])
            beta = alpha * ratio(new, rho)
            rho = new
            us = [a - beta * b for a, b in zip(rs, us, strict=True)]
            us.append(applied(us[j]))
            alpha = ratio(rho, system.dot(shadow, us[j + 1])) * unsolved(rs[0])
            rs = [a - alpha * b for a, b in zip(rs, us[1:], strict=True)]
            rs.append(applied(rs[j]))
            x = x + alpha * us[0]
        open_ = unsolved(rs[0])
        steps = [g * open_ for g in _minimised(system, rs)]  # the polynomial of least residual
        x = x + sum(g * a for g, a in zip(steps, rs[:-1], strict=True))
        r = rs[0] - sum(g * a for g, a in zip(steps, rs[1:], strict=True))
        u = us[0] - sum(g * a for g, a in zip(steps, us[1:], strict=True))
        omega = where(active, steps[-1], omega)
        left = where(active, system.norm(r), left)
        h = system.note(h, n + 2 * degree, left, active)
        n = where(active, n + 2.0 * degree, n)
        better = active & (left < least)
        return x, r, u, rho, alpha, omega, left, where(better, x, best), where(better, left, least), n, h

    state = (zero, r, zero, none + 1.0, none, none + 1.0, residual, zero, residual, count, history)
    *_, best, _, count, history = while_loop(lambda *s: anywhere(going(*s)), iterate, state)
    return Correction(system.precondition(best), count, flaw * 1.0, history)


def _minimised(system: System, rs: list[Tensor]) -> list[Tensor]:
    """Weights g of ‖r₀ − Σ g_j r_j‖ → min, j = 1 … l, by orthogonalisation."""
    basis: list[Tensor] = []
    parts: list[list[Tensor]] = []
    sizes: list[Tensor] = []
    plain: list[Tensor] = []
    for r in rs[1:]:
        row = []
        for b, s in zip(basis, sizes, strict=True):
            part = ratio(system.dot(b, r), s)
            r = r - part * b
            row.append(part)
        basis.append(r)
        parts.append(row)
        sizes.append(system.dot(r, r))
        plain.append(ratio(system.dot(r, rs[0]), sizes[-1]))
    weights: list[Any] = list(plain)
    for j in range(len(basis) - 2, -1, -1):
        weights[j] = plain[j] - sum(parts[i][j] * weights[i] for i in range(j + 1, len(basis)))
    return weights


@solve.dispatch
def _(problem: LinearProblem, algorithm: BiCGStab, settings=None):
    degree = algorithm.l

    def correct(system: System, r: Any, count: Any, flaw: Any, history: Any, attempt: Any) -> Correction:
        return _run(degree, system, r, count, flaw, history, attempt)

    return solve_by(Method(f"BiCGStab({degree})", correct, preconditioner=algorithm.preconditioner), problem, settings)
