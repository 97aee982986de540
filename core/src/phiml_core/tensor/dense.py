"""The layout of most tensors: one native array, and dims along which it is constant."""

from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import backend_of
from phiml_core.backend.dtype import DType
from phiml_core.shape import EMPTY, Shape

from .spec import Spec, make_spec
from .tensor import Tensor

__all__ = ["Dense", "dense"]


class Dense(Tensor):
    """One native array with the dims it stores; along the other dims of the shape it is constant, at no cost.

    `native_array` is the array, `spec` all that is known without its values.
    """

    __slots__ = ("native_array", "spec")
    layout_rank = 0

    def __init__(self, native_array: Any, spec: Spec):
        self.native_array = native_array
        self.spec = spec

    @property
    def shape(self) -> Shape:
        return self.spec.shape

    @property
    def dtype(self) -> DType:
        return self.spec.dtype

    @property
    def backend(self) -> Backend:
        return self.spec.backend

    @property
    def available(self) -> bool:
        return self.spec.backend.is_available(self.native_array)

    def __reduce__(self) -> Any:
        spec = self.spec
        return _unpickle, (spec.backend.to_numpy(self.native_array), spec)


def dense(native_array: Any, stored: Shape, shape: Shape | None = None, backend: Backend | None = None) -> Dense:
    """A `Dense` whose element type and backend are read off the array; the sizes are trusted."""
    backend = backend or backend_of(native_array)
    spec = make_spec(stored, stored if shape is None else shape, backend, backend.dtype(native_array))
    return Dense(native_array, spec)


def number(value: Any) -> Dense:
    """A Python number as a 0-d tensor whose precision does not count, unless it is an integer that needs 64 bits.

    Raises:
        OverflowError: an integer needs more than 64 bits.
    """
    from phiml_core.backend.choose import _BACKENDS

    numpy = _BACKENDS["numpy"]
    array = numpy.as_array(value)
    if array.dtype == object:
        raise OverflowError(f"The integer {value} needs more than 64 bits.  Pass it as float.")
    return Dense(array, make_spec(EMPTY, EMPTY, numpy, numpy.dtype(array), weak=fits_any(array)))


def fits_any(array: Any) -> bool:
    """Whether the values of a NumPy array survive in the integers of any precision of the context."""
    return array.dtype.kind not in "iu" or not array.size or -(2**31) <= array.min() <= array.max() < 2**31


def _unpickle(array: Any, spec: Spec) -> Dense:
    return Dense(spec.backend.as_array(array, spec.dtype), spec)
