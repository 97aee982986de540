"""Words of sparse matrices."""

from typing import Any

import numpy as np

from .case import add
from .data import COMPLEX, CUBE, INTS, SIGNED

FAMILY = "sparse"
LINEAR: dict[str, Any] = {"moving": (0,), "second": False}


def segment_sum(x, segments, count, ordered):
    """Sums of the rows of x with the same number in `segments`, from 0 to count - 1."""
    out = np.zeros((count, *x.shape[1:]), x.dtype)
    np.add.at(out, segments, x)
    return out


ORDERED, ANY = np.array([0, 2, 2, 5], np.int32), np.array([4, 0, 4, 1], np.int32)
for _x in (CUBE, CUBE[:, 0, 0], INTS[:, 0], COMPLEX[:, 0]):
    _options = LINEAR if _x.dtype.kind == "f" else {}
    add(FAMILY, "segment_sum", segment_sum, _x, ORDERED[: len(_x)], 6, True, **_options)
    add(FAMILY, "segment_sum", segment_sum, _x, ANY[: len(_x)], 5, False, **_options)
add(FAMILY, "segment_sum", segment_sum, CUBE[:0], ORDERED[:0], 3, True, label="empty")

POINTERS, MAJOR = np.array([0, 2, 2, 5], np.int32), np.array([0, 0, 2, 2, 2], np.int32)
MINOR = np.array([1, 3, 0, 1, 2], np.int32)


def sparse_product(values, pointers, major, minor, x, count, across):
    """A sparse matrix with `values` at (major, minor) times the rows of x; its transpose if `across`."""
    into, out_of = (minor, major) if across else (major, minor)
    products = values.reshape(-1, *[1] * (x.ndim - 1)) * x[out_of]
    return segment_sum(products, into, count, False)


VALUES = CUBE[0, 0]
for _x, _count, _across in (
    (SIGNED.T, 3, False),
    (SIGNED[:, 0][[0, 1, 2, 0]], 3, False),
    (SIGNED, 4, True),
    (SIGNED[:, 1], 4, True),
):
    add(
        FAMILY, "sparse_product", sparse_product, VALUES, POINTERS, MAJOR, MINOR, np.ascontiguousarray(_x), _count, _across,
        moving=(0, 4),
    )  # fmt: skip
add(
    FAMILY, "sparse_product", sparse_product, VALUES[:0], np.zeros(4, np.int32), MAJOR[:0], MINOR[:0], SIGNED[:, 0], 3, True,
    label="empty",
)  # fmt: skip
