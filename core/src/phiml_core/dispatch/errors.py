"""What can go wrong between a call and its method."""

__all__ = ["AmbiguousMethod", "DispatchError", "NoMethod", "UnfaithfulAnnotation"]


class DispatchError(TypeError):
    """A word and its methods do not fit together."""


class NoMethod(DispatchError):
    """No method of a word accepts the classes of the arguments."""


class AmbiguousMethod(DispatchError):
    """Two methods of a word accept the same classes and neither is more specific."""


class UnfaithfulAnnotation(DispatchError):
    """A dispatch annotation is not a nominal class, so that the class of a value does not decide whether it matches."""
