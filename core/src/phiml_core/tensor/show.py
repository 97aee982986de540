"""How a tensor prints: values if they are few, else shape, type and range."""

from collections.abc import Callable
from typing import Any

from phiml_core.dispatch import generic

__all__ = ["is_block", "plain_number", "show", "summary", "unusual_type"]


@generic
def show(value: Any) -> str:
    """One line for a tensor: its values as far as they fit, its dims, its type where that is not the usual one."""
    from phiml_core.ops import native

    shape = value.shape
    kind = unusual_type(value)
    if not value.available:
        return f"{shape}{kind} traced by {value.backend.name}"
    if not hasattr(value, "native_array") and not hasattr(value, "block"):
        return f"{type(value).__name__} {shape}{kind}"
    if shape.rank == 0:
        return f"{plain_number(value.item())}{kind}"
    if not shape.is_uniform:
        return f"{shape}{kind} non-uniform"
    if shape.volume == 0:
        return f"{shape}{kind} empty"
    if shape.rank == 1 and shape.volume <= 8:
        items = shape.item_names
        values = native.to_numpy(value).tolist()
        if items:
            return "(" + ", ".join(f"{n}={plain_number(v)}" for n, v in zip(items, values, strict=True)) + f"){kind}"
        return f"({', '.join(map(plain_number, values))}) along {shape}{kind}"
    return summary(value, plain_number, str(shape), kind)


def summary(value: Any, number: Callable[[Any], str], shape: str, kind: str) -> str:
    """The range of the values, after how shape and type are written."""
    array = value.numpy(value.shape)
    if array.dtype.kind == "c":
        return f"{shape}{kind} |values| up to {number(float(abs(array).max()))}"
    if array.dtype.kind == "b":
        return f"{shape} {int(array.sum())} of {array.size} true"
    low, high = array.min().item(), array.max().item()
    return f"{shape}{kind} {number(low)} … {number(high)}, mean {number(float(array.mean()))}"


def is_block(value: Any) -> bool:
    """Whether a tensor has one array of values."""
    return value.shape.is_uniform and (hasattr(value, "native_array") or hasattr(value, "block"))


def unusual_type(value: Any) -> str:
    """The element type where it is not the usual one, after a space."""
    return "" if value.dtype.name in ("float32", "int32", "int64", "bool") else f" {value.dtype}"


def plain_number(value: Any) -> str:
    """A number as people write it: 4 digits, unless it has few anyway."""
    if isinstance(value, float):
        return repr(value) if value == round(value, 3) and abs(value) < 1e6 else f"{value:.4g}"
    return f"{value:.4g}" if isinstance(value, complex) else str(value)
