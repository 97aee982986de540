"""The classes of TensorFlow's tensors, its element types by our names, and constants that operations need."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from phiml_core.backend.dtype import DType, dtype_named

__all__ = [
    "ARRAY", "VARIABLE", "EagerTensor", "SymbolicTensor", "dtype_of", "eager_constant", "integers", "is_number", "native_dtype", "rank",
    "sizes_of",
]  # fmt: skip

EagerTensor: Any = tf.__internal__.EagerTensor
SymbolicTensor: Any = tf.__internal__.SymbolicTensor
if TYPE_CHECKING:  # TensorFlow's own types name neither
    ARRAY = Any
else:
    ARRAY = EagerTensor | SymbolicTensor
with tf.init_scope():
    VARIABLE: type = type(tf.Variable(tf.constant(0.0)))
    """The class of variables, which TensorFlow does not name."""

_NUMBERS = frozenset((bool, int, float, complex))


class _DTypes(dict[Any, DType]):
    def __missing__(self, dtype: Any) -> DType:
        found = self[dtype] = dtype_named(dtype.name)
        return found


_DTYPES = _DTypes()


def dtype_of(x: Any) -> DType:
    """Element type of a tensor."""
    return _DTYPES[x.dtype]


@cache
def native_dtype(dtype: DType) -> Any:
    """TensorFlow's name of an element type."""
    return tf.as_dtype(dtype.name)


def sizes_of(x: Any) -> tuple[int, ...]:
    """Sizes of a tensor."""
    return tuple(x.shape)


def rank(x: Any) -> int:
    """Number of axes of a tensor."""
    return x.shape.rank


def is_number(x: Any) -> bool:
    """Whether `x` is a Python number."""
    return type(x) in _NUMBERS


@lru_cache(maxsize=4096)
def eager_constant(values: Any, dtype: Any = tf.int32) -> Any:
    """A constant of an eager operation, kept: making one costs more than the operation."""
    with tf.init_scope():  # never a symbol of the graph that is being traced
        return tf.constant(values, dtype)


def integers(x: Any, values: Any) -> Any:
    """Sizes or axes as the argument of an operation on `x`."""
    if type(x) is EagerTensor:
        return eager_constant(values)
    return np.asarray(values, np.int32)  # becomes part of the graph
