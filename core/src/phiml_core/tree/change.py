"""Trees and objects like others."""

from typing import Any, TypeVar

from .tree import tree_map

__all__ = ["copy", "identity", "replace"]

T = TypeVar("T")


def identity(x: T) -> T:
    """`x` itself."""
    return x


def copy(value: Any) -> Any:
    """A tree with arrays of its own: what is done in place to the arrays of one is not seen by the other."""
    from phiml_core.tensor.dense import Dense
    from phiml_core.tensor.stacked import Stacked

    def one(t: Any) -> Any:
        if isinstance(t, Stacked):
            return t.map(one)
        if not isinstance(t, Dense):
            return t
        array = t.native_array
        copied = getattr(array, "clone", None) or getattr(array, "copy", None)
        return t if copied is None else Dense(copied(), t.spec)

    return tree_map(one, value)


def replace(obj: T, **updates: Any) -> T:
    """An object like `obj` with other values of some attributes.

    Raises:
        TypeError: it has no such attribute.
    """
    import copy as copies
    import dataclasses

    unknown = [n for n in updates if not hasattr(obj, n)]
    if unknown:
        raise TypeError(f"{type(obj).__name__} has no attribute {', '.join(unknown)}.")
    change: Any = getattr(obj, "__with_attrs__", None)
    if change is not None:
        return change(**updates)
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        return dataclasses.replace(obj, **updates)  # type: ignore[return-value]
    new = copies.copy(obj)
    for name, value in updates.items():
        object.__setattr__(new, name, value)
    return new
