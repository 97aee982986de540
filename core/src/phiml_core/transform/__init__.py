"""Transforms of functions of trees: compilation, derivatives, branches and loops."""

from .alternative import differentiated_as
from .branch import cond
from .check import GradientCheck, GradientMismatch, check_gradient
from .checkpoint import checkpoint
from .custom_gradient import CapturedGradient, barrier, custom_gradient, stop_gradient
from .gradient import gradient, value_and_gradient
from .hessian import hessian
from .iterate import iterate
from .jacobian import batch_jacobian, jacobian
from .jit import JitFunction, forget_traces, jit_compile, trace_check, trace_count
from .loop import fori_loop, scan, while_loop
from .map import map_
from .map_types import map_c2b, map_c2d, map_d2b, map_d2c, map_i2b, map_s2b, map_types
from .observe import print_gradient, when_available
from .pairs import map_pairs
from .vjp import jvp, vjp

__all__ = [
    "CapturedGradient",
    "GradientCheck",
    "GradientMismatch",
    "JitFunction",
    "barrier",
    "batch_jacobian",
    "check_gradient",
    "checkpoint",
    "cond",
    "custom_gradient",
    "differentiated_as",
    "forget_traces",
    "fori_loop",
    "gradient",
    "hessian",
    "iterate",
    "jacobian",
    "jit_compile",
    "jvp",
    "map_",
    "map_c2b",
    "map_c2d",
    "map_d2b",
    "map_d2c",
    "map_i2b",
    "map_pairs",
    "map_s2b",
    "map_types",
    "print_gradient",
    "scan",
    "stop_gradient",
    "trace_check",
    "trace_count",
    "vjp",
    "value_and_gradient",
    "when_available",
    "while_loop",
]
