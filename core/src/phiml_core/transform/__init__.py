"""Transforms of functions of trees: compilation, derivatives, branches and loops."""

from .alternative import differentiated_as
from .branch import cond
from .check import GradientCheck, GradientMismatch, check_gradient
from .custom_gradient import CapturedGradient, barrier, custom_gradient, stop_gradient
from .gradient import gradient, value_and_gradient
from .iterate import iterate
from .jit import JitFunction, forget_traces, jit_compile, trace_count
from .loop import fori_loop, scan, while_loop

__all__ = [
    "CapturedGradient",
    "GradientCheck",
    "GradientMismatch",
    "JitFunction",
    "barrier",
    "check_gradient",
    "cond",
    "custom_gradient",
    "differentiated_as",
    "forget_traces",
    "fori_loop",
    "gradient",
    "iterate",
    "jit_compile",
    "scan",
    "stop_gradient",
    "trace_count",
    "value_and_gradient",
    "while_loop",
]
