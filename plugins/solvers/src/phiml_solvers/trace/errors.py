"""What tracing raises, with the line of the user's code."""

import sys

__all__ = ["MixedExamples", "NotLinear", "NotTraceable", "user_line"]


class NotLinear(TypeError):
    """A function that has to be linear in its argument is not, or reads the values of the argument."""


class NotTraceable(NotLinear):
    """An operation is linear, but which elements it reads depends on values that are not known while tracing."""


class MixedExamples(NotLinear):
    """A function makes the examples along a batch dim depend on each other, which count as independent systems."""


def user_line() -> str:
    """Where in the code outside of these libraries the current operation was called: 'file.py, line 3'."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith("phiml_") and not frame.f_code.co_filename.startswith("<word"):
            return f"{frame.f_code.co_filename}, line {frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return "unknown line"


def not_linear(operation: str, why: str = "") -> NotLinear:
    """The error for an operation at fault."""
    return NotLinear(
        f"Not linear: {operation} of the argument{', ' + why if why else ''}.  ({user_line()})\n"
        "A linear function adds, scales, moves and sums the elements of its argument; pass what it is not linear in as a further "
        "argument of the function, or take its derivative, as Newton's method does: lambda dx: jvp(f, (x,), (dx,))[1]."
    )


def not_traceable(operation: str, why: str) -> NotTraceable:
    """The error for a linear operation that cannot be traced."""
    return NotTraceable(f"Cannot trace {operation}: {why}.  ({user_line()})")
