"""Errors of functions that are compiled or differentiated."""

__all__ = ["LeakedTensor", "NoGradient"]


class NoGradient(NotImplementedError):
    """A derivative was asked of a backend that has none."""


class LeakedTensor(RuntimeError):
    """A tensor was kept from a function being compiled or differentiated and used after the function had returned."""

    def __init__(self, message: str = ""):
        super().__init__(
            message
            or "This tensor belongs to a function that was being compiled or differentiated when it was made.  The function has "
            "returned, and its values are not known outside: a side effect kept it, such as an attribute that was set or a list "
            "that was appended to.  Return it from the function instead, or use when_available."
        )
