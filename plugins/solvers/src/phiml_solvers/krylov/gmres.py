"""Generalised minimal residuals, for any regular operator."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from phiml_core.math import conjugate, dot, rename_dims, sum_, where, wrap
from phiml_core.shape import Shape, channel, concat_shapes
from phiml_core.solve import LinearProblem, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import while_loop

from ..criterion import anywhere, zeros_of
from ..iterative import Correction, Method, System, solve_by
from ..operator.constant import constant
from .ratio import ratio
from .small import solve_small

__all__ = ["GMRES"]

ROW, COLUMN = "_krylov", "_step"


@dataclass(frozen=True)
class GMRES:
    """Generalised minimal residuals with restarts (Saad & Schultz 1986), preconditioned from the right.

    The residual never grows.  Memory for `restart` + 1 tensors like the solution; all examples of a batch share the loop.
    The basis is orthogonalised twice by classical Gram–Schmidt; the rotations that make the Hessenberg matrix triangular are kept as
    their product.

    Attributes:
        restart: number of iterations after which the basis is dropped.
        preconditioner: see `Solve`.
    """

    restart: int = 30
    preconditioner: Any = None

    def __post_init__(self) -> None:
        if self.restart < 1:
            raise ValueError(f"GMRES restarts after 1 or more iterations, not {self.restart}.")


def _cycle(restart: int, system: System, r: Tensor, count: Tensor, flaw: Tensor, history: Any) -> Correction:
    """One restart cycle."""
    volume = int(system.dims.volume)  # type: ignore[arg-type]
    m = max(1, min(restart, volume))
    rows, columns = channel(**{ROW: m + 1}), channel(**{COLUMN: m})
    row, column = wrap(np.arange(m + 1), rows), wrap(np.arange(m), columns)
    length = system.length(r)
    v = _divided(r, length)
    basis = where(row == 0, v, 0.0)
    blank = zeros_of(length)
    rotations = blank + constant(np.eye(m + 1), concat_shapes(rows, channel(_other=m + 1)))
    triangle = blank + constant(np.zeros((m + 1, m)), concat_shapes(rows, columns))
    steps = blank

    def going(
        step: Any, v: Any, basis: Any, rotations: Any, triangle: Any, steps: Any, residual: Any, history: Any
    ) -> Any:
        return system.going(residual, count + steps, flaw)

    def condition(step: Any, *state: Any) -> Tensor:
        return anywhere(going(step, *state) & (step < m))

    def iterate(
        step: Any, v: Any, basis: Any, rotations: Any, triangle: Any, steps: Any, residual: Any, history: Any
    ) -> Any:
        active = going(step, v, basis, rotations, triangle, steps, residual, history)
        w = system.operator(system.precondition(v))
        h = _inner(basis, w, system)
        w = w - dot(basis, ROW, h, ROW)
        again = _inner(basis, w, system)
        w = w - dot(basis, ROW, again, ROW)
        below = system.length(w)
        turns, entries = _turned(rotations, h + again, below, row, step)
        next_ = row == step + 1
        rotations = where(active, turns, rotations)
        triangle = where(active & (column == step), entries, triangle)
        steps = where(active, steps + 1.0, steps)
        left = sum_(where(next_, rotations, 0.0), ROW)
        estimate = abs(sum_(where(wrap(np.arange(m + 1), channel(_other=m + 1)) == 0, left, 0.0), "_other")) * length
        residual = where(active, estimate, residual)
        history = system.note(history, count + steps, residual, active)
        v = _divided(w, below)
        basis = where(next_, v, basis)
        return step + 1, v, basis, rotations, triangle, steps, residual, history

    start = system.norm(r)
    state = (wrap(0), v, basis, rotations, triangle, steps, start, history)
    _, _, basis, rotations, triangle, steps, _, history = while_loop(condition, iterate, state)
    other = wrap(np.arange(m + 1), channel(_other=m + 1))
    right = sum_(where(other == 0, rotations, 0.0), "_other") * length
    weights = _weights(triangle, right, steps, rows, columns)
    step = system.precondition(dot(basis, ROW, weights, ROW))
    return Correction(step, count + steps, flaw * 1.0, history)


def _turned(rotations: Tensor, column: Tensor, below: Tensor, row: Tensor, step: Any) -> tuple[Tensor, Tensor]:
    """The rotations and one more, and what becomes of a column with `below` beneath it: it ends at the diagonal."""
    turned = dot(rotations, "_other", rename_dims(column, ROW, "_other"), "_other")
    here, next_ = row == step, row == step + 1
    a = sum_(where(here, turned, 0.0), ROW)
    magnitude = abs(a)
    size = (magnitude * magnitude + below * below) ** 0.5
    cosine, sine = where(size == 0, 1.0, ratio(a, size)), ratio(below, size)
    flipped = conjugate(cosine) if cosine.dtype.kind is complex else cosine
    upper, lower = sum_(where(here, rotations, 0.0), ROW), sum_(where(next_, rotations, 0.0), ROW)
    turns = where(here, flipped * upper + sine * lower, where(next_, cosine * lower - sine * upper, rotations))
    return turns, where(row < step, turned, where(here, size, 0.0))


def _weights(triangle: Tensor, right: Tensor, steps: Tensor, rows: Shape, columns: Shape) -> Tensor:
    """The combination of basis vectors that minimises the residual, from as many steps as each example made."""
    m = int(columns.size)  # type: ignore[arg-type]
    row, column = wrap(np.arange(m), channel(**{ROW: m})), wrap(np.arange(m), columns)
    square, right = triangle[{ROW: slice(0, m)}], right[{ROW: slice(0, m)}]
    used = (row < steps) & (column < steps)
    square = where(used, square, 0.0)
    diagonal = row == column
    idle = diagonal & (square == 0)
    empty = sum_(where(idle, 1.0, 0.0), COLUMN)
    right = where((row < steps) & (empty == 0), right, 0.0)
    found = solve_small(where(idle, 1.0, square), right, ROW, COLUMN)
    last = constant(np.eye(m + 1)[:, :m], concat_shapes(rows, columns))
    return dot(last, COLUMN, found, COLUMN)


def _inner(basis: Tensor, w: Tensor, system: System) -> Tensor:
    """⟨basis vector, w⟩ along the rows, in one pass."""
    return dot(conjugate(basis) if basis.dtype.kind is complex else basis, system.dims, w, system.dims)


def _divided(r: Tensor, length: Tensor) -> Tensor:
    return r * ratio(1.0, length)


@solve.dispatch
def _(problem: LinearProblem, algorithm: GMRES, settings=None):
    restart = algorithm.restart
    method = Method(
        f"GMRES({restart})",
        lambda system, r, count, flaw, history, attempt: _cycle(restart, system, r, count, flaw, history),
        progress=0.999,
        preconditioner=algorithm.preconditioner,
    )
    return solve_by(method, problem, settings)
