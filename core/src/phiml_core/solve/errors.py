"""What a solve that failed raises, with the state inside."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .info import SolveInfo

__all__ = [
    "FLAWS",
    "ConvergenceException",
    "Diverged",
    "EmptySystem",
    "Incompatible",
    "Indefinite",
    "NotConverged",
    "NotFinite",
    "NotSymmetric",
    "PrecisionLimit",
    "ROUNDED",
    "SingularOperator",
    "UnknownAlgorithm",
]


class UnknownAlgorithm(LookupError):
    """A solve named an algorithm that no installed plugin provides."""


class EmptySystem(ValueError):
    """A system without unknowns or equations."""


class ConvergenceException(RuntimeError):
    """A solve did not reach its tolerance.

    Attributes:
        x: the last iterate, a tensor.
        result: the `SolveInfo` of the solve; `residual` and `iterations` are its.
    """

    remedy = ""
    """What a user can do about it."""

    def __init__(self, x: Any, result: "SolveInfo"):
        super().__init__(result.message)
        self.x, self.result = x, result.with_(x=x)

    @property
    def residual(self) -> Any:
        """Norm of the true residual, per example."""
        return self.result.residual

    @property
    def iterations(self) -> Any:
        """Number of iterations made, per example."""
        return self.result.iterations

    @property
    def info(self) -> "SolveInfo":
        """The same as `result`."""
        return self.result


class NotConverged(ConvergenceException):
    """The tolerance was not reached within the iterations allowed, or lies below what the precision can represent."""

    remedy = "Allow more iterations, a larger tolerance, or compute in higher precision: precision(64)."


class Diverged(ConvergenceException):
    """The residual grew, or became infinite or NaN."""

    remedy = (
        "Check that the right-hand side and the operator are finite, and that the method fits the operator; try 'auto'."
    )


class NotFinite(Diverged):
    """The right-hand side holds NaN or infinity, or its norm is too large for the precision."""

    remedy = (
        "The right-hand side holds NaN or infinity, or its norm exceeds the range of the precision.  A finite one was "
        "expected: find where the first NaN comes from, or scale the system."
    )


class Indefinite(NotConverged):
    """Conjugate gradients met an operator with eigenvalues of both signs, or MINRES such a preconditioner."""

    remedy = (
        "The operator, or the preconditioner, has eigenvalues of both signs; a positive or negative definite one was expected.  Use 'minres' "
        "without preconditioner, or 'auto'."
    )


class NotSymmetric(NotConverged, TypeError):
    """A method for symmetric operators met one that is not."""

    remedy = (
        "The operator is not symmetric, as the method expects: <A u, v> differs from <u, A v>.  Use 'biCG-stab', 'GMres', 'direct' or "
        "'auto'; for an operator object, pass symmetric=True if it is."
    )


class SingularOperator(NotConverged):
    """The operator is zero, or maps what should be solved for to zero."""

    remedy = (
        "The operator is zero or singular, or nearly so for its precision: there are directions that it maps to zero.  Check its "
        "coefficients, or compute in higher precision: precision(64); if it is meant to be singular, say so by Solve(rank_deficiency=…) or "
        "use 'lsmr' for the solution of least norm."
    )


class Incompatible(NotConverged):
    """A singular system has no solution for this right-hand side."""

    remedy = (
        "The operator is singular and the right-hand side has a part that it cannot produce, e.g. a mean in a closed box.  Remove that "
        "part, e.g. Solve(preprocess_y=lambda y: y - math.mean(y)), or ask for the solution of least squares: Solve(rank_deficiency=1), 'lsmr'."
    )


class PrecisionLimit(NotConverged):
    """The system is solved as far as the precision of the solution reaches: rounding its values leaves more than was asked for.

    Raised where the tolerance lies below what the precision resolves of the right-hand side, so that hardly any solution meets it.  Of
    larger ones nobody can know beforehand whether rounding allows for them: then the solution is returned, with a `PrecisionWarning`.
    """

    remedy = (
        "It is solved, but rounding its values to the precision they are returned in leaves this residual, and a smaller one was asked "
        "for.  Compute in higher precision: precision(64); or leave the tolerance out, whose default allows for rounding; or take the "
        "solution of a grid in parts, whose differences keep their digits: phiml_solvers.solve_increments."
    )


FLAWS: dict[int, type[ConvergenceException]] = {
    6: PrecisionLimit,
    1: Incompatible,
    2: SingularOperator,
    3: Indefinite,
    4: NotSymmetric,
    5: NotFinite,
    7: PrecisionLimit,
}
"""What `SolveInfo.flaw` means; 7 is a matter for a warning."""
ROUNDED = 7
"""The flaw of solutions that are as good as the precision allows for, while the tolerance does not."""
