"""Linear tracing: run a linear function on a tensor that records it, and return the operator."""

from . import tree_algebra  # noqa: F401  methods for operators on trees
from .errors import MixedExamples, NotLinear, NotTraceable
from .operator import TracedOperator
from .structured import as_one, recognise, structured, transposed
from .to_sparse import to_sparse

__all__ = [
    "MixedExamples",
    "NotLinear",
    "NotTraceable",
    "TracedOperator",
    "as_one",
    "recognise",
    "structured",
    "to_sparse",
    "transposed",
]
