"""What is true of array_api_strict as a whole."""

from typing import Any

import array_api_strict as xp
import numpy as np
from phiml_core.backend import Backend, DType, NotSupported
from phiml_core.backend.dtype import dtype_named

__all__ = ["ARRAY", "STRICT", "NoSuchType", "Strict", "native_dtype"]

ARRAY: type = type(xp.asarray(0))  # the library has no public name for its array class

_NAMES = (
    "bool",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("float32", "float64", "complex64", "complex128"),
)
_NATIVE = {name: getattr(xp, name) for name in _NAMES}
_DTYPES = {native: dtype_named(name) for name, native in _NATIVE.items()}


class NoSuchType(NotSupported, TypeError):
    """A type of elements that the standard does not have."""


def native_dtype(dtype: DType) -> Any:
    """The type of the same name.  Raises NoSuchType for types the standard does not have, such as float16."""
    try:
        return _NATIVE[dtype.name]
    except KeyError:
        raise NoSuchType(
            f"array_api_strict has no {dtype.name}.  It has {', '.join(_NAMES)}: compute in precision(32) or (64)."
        ) from None


class Strict(Backend):
    """Arrays of the standard: computed at once, without compiler and derivatives."""

    name = "array_api_strict"
    array_types = (ARRAY,)
    cannot = {  # noqa: RUF012
        "gradient": "array_api_strict records no operations",
        "vmap": "the standard has no functions of functions",
        "float16": "the standard has no float16",
    }
    rank = 1  # NumPy arrays (rank 0) join, arrays of another framework do not

    def dtype(self, x: Any) -> DType:
        return _DTYPES[x.dtype]

    def native_dtype(self, dtype: DType) -> Any:
        return native_dtype(dtype)

    def as_array(self, x: Any, dtype: DType | None = None, device: Any = None) -> Any:
        wanted = None if dtype is None else native_dtype(dtype)
        if isinstance(x, ARRAY):
            return x if wanted is None or x.dtype == wanted else xp.astype(x, wanted)
        array = np.asarray(x)
        if dtype is not None:
            array = array.astype(dtype.to_numpy(), copy=False)
        return xp.asarray(array, device=None if device is None else self._device(device))

    def to_numpy(self, x: Any) -> Any:
        return np.from_dlpack(xp.asarray(x, device=self._device("CPU_DEVICE")))

    def devices(self) -> list[Any]:
        return [d for d in map(_device_name, xp.__array_namespace_info__().devices()) if "no_" not in d]

    def device(self, x: Any) -> Any:
        return _device_name(x.device)

    def to_device(self, x: Any, device: Any) -> Any:
        return x.to_device(self._device(device))

    def _device(self, name: Any) -> Any:
        found = [d for d in xp.__array_namespace_info__().devices() if _device_name(d) == name]
        if not found:
            raise ValueError(f"array_api_strict has no device {name!r}.  Its devices are {self.devices()}.")
        return found[0]


def _device_name(device: Any) -> str:
    return str(device).partition("'")[2].rstrip("')")


STRICT = Strict()
