"""How a system is to be solved: method, tolerances, limits."""

from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Solve"]


@dataclass(frozen=True, eq=False)
class Solve:
    """Method and tolerances of a linear solve.

    The residual y - A x, measured and not taken from a recurrence, has to fulfil norm(y - A x) <= max(rel_tol norm(y), abs_tol).
    Tolerances, first guess and iteration limit may be traced: changing them does not compile anew.

    Args:
        method: 'auto', 'transform', 'CG', 'direct', …, or an algorithm object.
        rel_tol: tolerance relative to the norm of y; default 1e-5 in single and 1e-10 in double precision, or what rounding
            of x to that precision allows, if that is more.
        abs_tol: absolute tolerance in units of y; default 0.
        x0: first guess, a tensor like x; default zero.
        max_iterations: limit of iterations.
        suppress: classes of exceptions that are not raised: `NotConverged`, `Diverged`.
        preconditioner: of iterative methods: None chooses by the operator; 'spectral', 'jacobi' or 'none'.
        norm: '2' or 'max', over the dims of the system.
    """

    method: Any = "auto"
    rel_tol: Any = None
    abs_tol: Any = None
    x0: Any = None
    max_iterations: Any = 1000
    suppress: tuple[type, ...] = field(default=())
    preconditioner: str | None = None
    norm: str = "2"

    __value_attrs__ = ("rel_tol", "abs_tol", "x0", "max_iterations")

    def __post_init__(self) -> None:
        object.__setattr__(self, "suppress", tuple(self.suppress))
        if self.norm not in ("2", "max"):
            raise ValueError(f"The norm of a solve is '2' or 'max', not {self.norm!r}.")

    def with_(self, **changes: Any) -> "Solve":
        """The same settings with some changed."""
        return replace(self, **changes)
