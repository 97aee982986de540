"""Conjugate gradients for symmetric operators that may turn out not to be definite."""

from typing import Any

from phiml_core.math import abs_, sign, where
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import barrier, while_loop

from ..criterion import anywhere, epsilon, zeros_of
from ..diagnosis import INDEFINITE
from ..iterative import Correction, System
from .ratio import ratio

__all__ = ["conjugate_gradients"]


def conjugate_gradients(
    system: System, r: Tensor, count: Tensor, flaw: Tensor, history: Any, attempt: Tensor
) -> Correction:
    """A correction by preconditioned conjugate gradients (Hestenes & Stiefel 1952); stops where curvatures have both signs."""
    zero = zeros_of(r)
    none = zeros_of(system.length(r))

    def going(x: Any, r: Any, p: Any, product: Any, curvature: Any, left: Any, n: Any, bad: Any, h: Any) -> Any:
        return system.going(left, n, bad)

    def iterate(x: Any, r: Any, p: Any, product: Any, curvature: Any, left: Any, n: Any, bad: Any, h: Any) -> Any:
        active = going(x, r, p, product, curvature, left, n, bad, h)
        z = system.precondition(r)
        new = system.curvature(r, z)
        p = barrier(z + p * ratio(new, product))
        image = system.operator(p)
        bend = system.curvature(p, image)
        certain = abs_(bend) > 10 * epsilon() * system.length(p) * system.length(image)
        bad = where(active & certain & (sign(bend) * sign(curvature) < 0), float(INDEFINITE), bad)
        length = where(active, ratio(new, bend), 0.0)
        x, r = x + p * length, r - image * length
        left = where(active, system.norm(r), left)
        h = system.note(h, n + 1, left, active)
        return x, r, p, new, where(certain, bend, curvature), left, where(active, n + 1.0, n), bad, h

    state = (zero, r, zero, none, none, system.norm(r) + none, count, flaw + none, history)
    x, *_, count, flaw, history = while_loop(lambda *s: anywhere(going(*s)), iterate, state)
    return Correction(x, count, flaw, history)
