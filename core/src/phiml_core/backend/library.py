"""An array library: its arrays and devices."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from .dtype import DType, dtype_named

__all__ = ["ArrayLibrary"]


class ArrayLibrary:
    """What is true of the arrays of one library: their classes, element types, devices, and whether their values are known.

    The array operations are not here but methods of the words in `phiml_core.backend.primitive`.
    """

    name: str = ""
    array_types: tuple[type, ...] = ()
    rank: int = 0
    """Where arrays of two backends meet: NumPy has rank 0 and joins any other; equal ranks above 0 do not mix."""

    # --- arrays ---

    def bind(self, word: Any) -> Callable[..., Any]:
        """The method of an array word for this backend's arrays."""
        return word.resolve(self.array_types[0])

    def dtype(self, x: Any) -> DType:
        """Element type of a native array."""
        return dtype_named(str(x.dtype))

    def native_dtype(self, dtype: DType) -> Any:
        """This library's name for an element type."""
        return dtype.to_numpy()

    def sizes(self, x: Any) -> tuple[int, ...]:
        """Sizes of a native array."""
        return tuple(x.shape)

    def as_array(self, x: Any, dtype: DType | None = None, device: Any = None) -> Any:
        """A native array from a NumPy array or Python number, without copy where possible."""
        raise NotImplementedError

    def read(self, x: Any) -> Any:
        """What is computed with of an array that a user gives: of a variable its value now."""
        return x

    def scalar(self, dtype: DType) -> Callable[[Any], Any]:
        """What turns a number into something that compiled programs take as an array of `dtype` without axes."""
        return lambda x: self.as_array(x, dtype)

    def to_numpy(self, x: Any) -> Any:
        """The values as a NumPy array (a view where possible).  Raises TypeError for traced arrays."""
        raise NotImplementedError

    def watch(self, x: Any) -> bool:
        """Whether the array is computed within the time that it takes to wake up a thread that waits; returns as soon as it is."""
        return True

    def from_dlpack(self, x: Any, source: Any, dtype: DType) -> Any:
        """An array of another library, sharing memory where device and layout allow it, else copied."""
        return self.as_array(source.to_numpy(x), dtype)

    def context(self, wide: bool) -> Any:
        """What must surround an operation or transform; `wide`: it handles numbers with 64-bit parts."""
        return contextlib.nullcontext()

    def is_traced(self, x: Any) -> bool:
        """Whether `x` stands for values that are not known yet."""
        return False

    def any_traced(self, xs: Sequence[Any]) -> bool:
        """Whether any of `xs`, among which may be numbers and arrays of other libraries, stands for values not known yet."""
        return any(self.is_traced(x) for x in xs)

    def any_recorded(self, xs: Sequence[Any]) -> bool:
        """Whether operations on any of `xs` are being recorded, to be computed later; false while they are differentiated eagerly."""
        return self.any_traced(xs)

    def is_available(self, x: Any) -> bool:
        """Whether the values of `x` can be read."""
        return not self.is_traced(x)

    def is_leaked(self, x: Any) -> bool:
        """Whether `x` stands for a value of a function that was compiled or differentiated and has returned."""
        return False

    def block_until_ready(self, x: Any) -> Any:
        """Wait until `x` is computed; returns `x`."""
        return x

    # --- devices ---

    def devices(self) -> list[Any]:
        """All devices that this library can compute on."""
        return ["cpu"]

    def device(self, x: Any) -> Any:
        """The device that holds `x`."""
        return "cpu"

    def to_device(self, x: Any, device: Any) -> Any:
        """`x` on another device."""
        if device not in self.devices():
            raise ValueError(f"{self.name} has no device {device!r}.  Its devices are {self.devices()}.")
        return x

    def __repr__(self) -> str:
        return self.name
