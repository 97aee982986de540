"""Arrays computed once in double precision, as constants of a program in the precision of the context."""

from typing import Any

import numpy as np
from phiml_core.backend.precision import current
from phiml_core.math import wrap
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense

__all__ = ["constant", "in_precision"]


def in_precision(array: Any) -> Any:
    """A NumPy array of floats in the precision of the context; complex numbers stay complex."""
    array = np.asarray(array)
    kind = complex if array.dtype.kind == "c" else float
    return np.asarray(array, current().floating(kind).name)


def constant(array: Any, dims: Shape) -> Dense:
    """A NumPy array as a tensor that joins any backend."""
    return wrap(in_precision(array), dims)  # type: ignore[return-value]
