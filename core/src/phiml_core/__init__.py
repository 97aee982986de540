"""Tensors with named dimensions, fields and geometries, and the generic functions over them."""

import phiml_core.backend.numpy  # the backend that is always there
import phiml_core.plugin  # noqa: F401  words and backends find what is installed

from . import extrapolation, math
from .backend import backend, get_precision, precision, set_precision, use
from .dispatch import generic, methods, which
from .ops.create import convert, tensor, wrap
from .shape import Shape, batch, channel, dual, instance, spatial
from .tensor import Tensor
from .transform import check_gradient, gradient, iterate, jit_compile

__all__ = [
    "Shape",
    "Tensor",
    "backend",
    "batch",
    "channel",
    "check_gradient",
    "convert",
    "dual",
    "extrapolation",
    "generic",
    "get_precision",
    "gradient",
    "instance",
    "iterate",
    "jit_compile",
    "math",
    "methods",
    "precision",
    "set_precision",
    "spatial",
    "tensor",
    "use",
    "which",
    "wrap",
]
