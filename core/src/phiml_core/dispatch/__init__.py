"""Multiple dispatch: words, their methods, and transactions of methods."""

from .errors import AmbiguousMethod, DispatchError, NoMethod, UnfaithfulAnnotation
from .generic import Word, generic, words
from .introspect import Choice, methods, which
from .method import Method
from .transaction import ambiguities, epoch, registration

__all__ = [
    "AmbiguousMethod",
    "Choice",
    "DispatchError",
    "Method",
    "NoMethod",
    "UnfaithfulAnnotation",
    "Word",
    "ambiguities",
    "epoch",
    "generic",
    "methods",
    "registration",
    "which",
    "words",
]
