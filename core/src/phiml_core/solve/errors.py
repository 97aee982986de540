"""What a solve that failed raises, with the state inside."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .info import SolveInfo

__all__ = ["ConvergenceException", "Diverged", "NotConverged", "UnknownAlgorithm"]


class UnknownAlgorithm(LookupError):
    """A solve named an algorithm that no installed plugin provides."""


class ConvergenceException(RuntimeError):
    """A solve did not reach its tolerance.

    Attributes:
        x: the last iterate, a tensor.
        result: the `SolveInfo` of the solve; `residual` and `iterations` are its.
    """

    def __init__(self, x: Any, result: "SolveInfo"):
        super().__init__(result.message)
        self.x, self.result = x, result

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


class Diverged(ConvergenceException):
    """The residual grew, or became infinite or NaN."""
