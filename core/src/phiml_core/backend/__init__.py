"""Backends: array libraries, their words, precision and devices."""

from .backend import Backend, LeakedTensor, NoGradient
from .capability import CAPABILITIES, NotSupported
from .choose import (
    BackendNotInstalled,
    MixedBackends,
    backend,
    backend_named,
    backend_of,
    backends,
    default_backend,
    find_backend,
    register_backend,
    use,
)
from .dtype import DType
from .precision import PrecisionWarning, get_precision, precision, set_precision

__all__ = [
    "CAPABILITIES",
    "Backend",
    "BackendNotInstalled",
    "DType",
    "LeakedTensor",
    "MixedBackends",
    "NoGradient",
    "NotSupported",
    "PrecisionWarning",
    "backend",
    "backend_named",
    "backend_of",
    "backends",
    "default_backend",
    "find_backend",
    "get_precision",
    "precision",
    "register_backend",
    "set_precision",
    "use",
]
