"""The types of numbers, named alike on all backends."""

from typing import Any

__all__ = ["BOOL", "DType", "as_dtype", "dtype_named", "float_type"]


class DType:
    """The type of the elements of a tensor: a kind (`bool`, `int`, `float`, `complex`) and a number of bits.

    There is one object per type, so that `is` compares them.  Equal to its Python kind: `t.dtype == float`.
    """

    __slots__ = ("bits", "kind", "name")

    def __init__(self, kind: type, bits: int, name: str):
        self.kind, self.bits, self.name = kind, bits, name

    def to_numpy(self) -> Any:
        """The NumPy dtype of the same name."""
        import numpy as np

        return np.dtype(self.name)

    @property
    def precision(self) -> int:
        """Bits of one real number."""
        return self.bits // 2 if self.kind is complex else self.bits

    def __eq__(self, other: object) -> bool:
        return self is other or other is self.kind

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> Any:
        return dtype_named, (self.name,)

    def __repr__(self) -> str:
        return self.name


_BY_NAME = {
    name: DType(kind, bits, name)
    for kind, bits, name in [
        (bool, 8, "bool"),
        *((int, b, f"int{b}") for b in (8, 16, 32, 64)),
        *((int, b, f"uint{b}") for b in (8, 16, 32, 64)),
        *((float, b, f"float{b}") for b in (16, 32, 64)),
        (float, 16, "bfloat16"),
        *((complex, b, f"complex{b}") for b in (64, 128)),
    ]
}
BOOL = _BY_NAME["bool"]
KINDS = (bool, int, float, complex)


def dtype_named(name: str) -> DType:
    """The type called `name`, e.g. 'float32'.  Raises TypeError for names that no tensor can hold."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise TypeError(f"{name!r} is no type of tensor elements.  Known types: {', '.join(_BY_NAME)}.") from None


def float_type(precision: int, kind: type = float) -> DType:
    """The float or complex type with `precision` bits per real number (complex has at least 32)."""
    return _BY_NAME[f"complex{max(2 * precision, 64)}" if kind is complex else f"float{precision}"]


def as_dtype(value: Any, precision: int) -> DType:
    """A `DType` from a `DType`, a name, a NumPy dtype, or a Python kind at the given precision.  Raises TypeError."""
    if isinstance(value, DType):
        return value
    if isinstance(value, str):
        return dtype_named(value)
    if value is bool:
        return BOOL
    if value is int:
        return _BY_NAME["int64" if precision > 32 else "int32"]
    if value is float or value is complex:
        return float_type(precision, value)
    import numpy as np

    try:
        return dtype_named(np.dtype(value).name)
    except TypeError:
        raise TypeError(
            f"{value!r} is no type of tensor elements.  Give float, int, bool, complex or a name."
        ) from None
