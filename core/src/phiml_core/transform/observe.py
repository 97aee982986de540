"""Seeing what transformed functions compute: values once they are known, and gradients as they pass."""

from collections.abc import Callable
from typing import Any

from phiml_core.ops.create import wrap
from phiml_core.tree.tree import tree_leaves

from . import status
from .custom_gradient import custom_gradient

__all__ = ["print_gradient", "when_available"]


def when_available(runnable: Callable[..., Any], *tensor_args: Any) -> None:
    """Call `runnable(*tensor_args)` as soon as the values are known.

    That is at once where nothing is compiled or differentiated, else when the compiled or differentiated function has returned: each
    time it runs, not only when it is traced.  In a compiled loop it is called for the first step only, in a branch if that is taken.

    Args:
        runnable: function of known values; its result is ignored.
        tensor_args: trees of tensors.

    >>> from phiml_core import math
    >>> math.when_available(lambda x: print(float(x)), math.wrap(2.0))
    2.0
    """
    status.emit([status.Report("when_available", wrap(True), tensor_args, None, lambda values: runnable(*values))])


def print_gradient(value: Any, name: str = "", detailed: bool = False) -> Any:
    """`value`, whose gradient is printed when it is computed.

    The gradient is that of what is differentiated by `value`.  Inside of compiled functions it has no values to print, so nothing
    is printed there.

    Args:
        value: tensor or tree of tensors.
        name: what is printed before the gradient.
        detailed: print all values instead of a summary.
    """

    def passed(inputs: tuple[Any, ...], output: Any, gradient: Any) -> tuple[Any, ...]:
        known = [t for t in tree_leaves(gradient) if t.available]
        for t in known:
            text = t.numpy(t.shape).tolist() if detailed else t
            print(f"Gradient of {name or 'value'} {t.shape}: {text}")
        return (gradient,)

    return custom_gradient(lambda x: x, passed)(value)
