"""What is true of NumPy as a whole."""

from types import MappingProxyType
from typing import Any

import numpy as np

from phiml_core.backend.backend import Backend
from phiml_core.backend.dtype import DType, dtype_named

__all__ = ["NumPy"]


class _DTypes(dict[Any, DType]):
    def __missing__(self, dtype: Any) -> DType:
        found = self[dtype] = dtype_named(dtype.name)
        return found


_DTYPES = _DTypes()


class NumPy(Backend):
    """NumPy arrays and scalars: computed at once on the CPU, without compiler and derivatives."""

    name = "numpy"
    array_types = (np.ndarray, np.generic)
    cannot = MappingProxyType(
        {"gradient": "NumPy records no operations", "vmap": "NumPy has no functions of functions"}
    )

    def dtype(self, x: Any) -> DType:
        return _DTYPES[x.dtype]

    def sizes(self, x: Any) -> tuple[int, ...]:
        return x.shape

    def as_array(self, x: Any, dtype: DType | None = None, device: Any = None) -> Any:
        return np.asarray(x, None if dtype is None else dtype.name)

    def to_numpy(self, x: Any) -> Any:
        return np.asarray(x)
