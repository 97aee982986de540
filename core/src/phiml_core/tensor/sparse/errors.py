"""What can be wrong with sparse tensors."""

__all__ = ["DenseResult", "IndexOutside", "SparseError", "UnknownFormat", "UnknownPositions", "UnsupportedFormat"]


class SparseError(TypeError):
    """An operation does not work with sparse tensors."""


class DenseResult(SparseError):
    """The result of an operation on a sparse tensor would not be sparse, and nobody asked for a dense one."""


class UnsupportedFormat(SparseError, NotImplementedError):
    """An operation that sparse tensors of this format do not have; the message says what to convert to."""


class UnknownPositions(SparseError):
    """An operation needs to know where the entries are, but the indices are arguments of a function that is being compiled."""


class UnknownFormat(ValueError):
    """A sparse format of this name does not exist, or does not fit."""


class IndexOutside(IndexError):
    """An entry lies outside the shape of its sparse tensor."""
