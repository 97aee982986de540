"""Sparse tensors: a layout of values at listed positions, and the formats that list them."""

from .compact import Compact
from .compressed import Compressed
from .coordinates import Coordinates
from .errors import DenseResult, IndexOutside, SparseError, UnknownFormat, UnknownPositions, UnsupportedFormat
from .pattern import ENTRY, SLOT, Pattern
from .sparse import Sparse

__all__ = [
    "ENTRY",
    "SLOT",
    "Compact",
    "Compressed",
    "Coordinates",
    "DenseResult",
    "IndexOutside",
    "Pattern",
    "Sparse",
    "SparseError",
    "UnknownFormat",
    "UnknownPositions",
    "UnsupportedFormat",
]
