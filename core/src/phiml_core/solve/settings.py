"""How a system is to be solved: method, tolerances, limits."""

from dataclasses import dataclass, field
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
        x0: first guess, a tensor like x, or a number if x is like y; default zero.
        max_iterations: limit of iterations.
        suppress: class of exceptions, or several, that are not raised: `NotConverged`, `Diverged`, or subclasses of them.
        preconditioner: of iterative methods: None chooses by the operator; 'jacobi', 'block', 'ilu', 'ic', 'transform' (or 'spectral'),
            'multigrid', 'none'; a function r ↦ z ≈ A⁻¹ r, of trees where the unknown is one; a matrix; or an object that a plugin has a method of `preconditioner` for.
        norm: '2' or 'max', over the dims of the system.
        preprocess_y: function of the right-hand side that is applied before solving, e.g. one that removes its mean.
        preprocess_y_args: further arguments of `preprocess_y`.
        rank_deficiency: dimension of the null space where neither the structure nor known values of the operator tell it; 0 promises
            a regular one.  Singular systems get the solution of least norm.  Where this says that the operator is singular, parts of the
            right-hand side that it cannot produce are left out instead of being refused as `Incompatible`.
        gradient_solve: the `Solve` of the adjoint system; by default the same method with the same relative tolerance.
        record: whether the residual of each iteration is kept, see `SolveInfo.history`.
    """

    method: Any = "auto"
    rel_tol: Any = None
    abs_tol: Any = None
    x0: Any = None
    max_iterations: Any = 1000
    suppress: tuple[type, ...] = field(default=())
    preconditioner: Any = None
    norm: str = "2"
    preprocess_y: Any = None
    preprocess_y_args: tuple[Any, ...] = ()
    rank_deficiency: int | None = None
    gradient_solve: "Solve | None" = None
    record: bool = False

    __value_attrs__ = (
        "rel_tol",
        "abs_tol",
        "x0",
        "max_iterations",
        "preconditioner",
        "preprocess_y_args",
        "gradient_solve",
    )

    def __post_init__(self) -> None:
        if type(self.suppress) is not tuple:
            object.__setattr__(self, "suppress", _classes(self.suppress))
        if self.norm not in ("2", "max"):
            raise ValueError(f"The norm of a solve is '2' or 'max', not {self.norm!r}.")
        for name in ("rel_tol", "abs_tol", "max_iterations"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise TypeError(f"{name} of a solve is a number or a tensor, not {value!r}.")
            if isinstance(value, (int, float)) and not value >= 0:
                raise ValueError(f"{name} of a solve is 0 or more, not {value}.")
        deficiency = self.rank_deficiency
        if deficiency is not None and (
            not isinstance(deficiency, int) or isinstance(deficiency, bool) or deficiency < 0
        ):
            raise ValueError(f"rank_deficiency is the dimension of the null space, 0, 1, …, not {deficiency!r}.")

    def with_(self, **changes: Any) -> "Solve":
        """The same settings with some changed, without going through the constructor."""
        if not self.__dict__.keys() >= changes.keys():
            unknown = ", ".join(sorted(changes.keys() - self.__dict__.keys()))
            raise TypeError(f"A Solve has no setting {unknown}.  Known: {', '.join(self.__dict__)}.")
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__, **changes)
        copy.__post_init__()
        return copy

    @property
    def adjoint(self) -> "Solve":
        """The settings of the adjoint system."""
        return self.gradient_solve or self.with_(x0=None, abs_tol=None, preprocess_y=None, preprocess_y_args=())


def _classes(suppress: Any) -> tuple[type, ...]:
    found = (suppress,) if isinstance(suppress, type) else suppress
    if isinstance(found, str) or not all([isinstance(c, type) for c in found]):
        raise TypeError(f"suppress takes classes of exceptions, e.g. [NotConverged, Diverged], not {suppress!r}.")
    return tuple(found)
