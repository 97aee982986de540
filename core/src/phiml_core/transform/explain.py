"""Why a function was traced again: the first difference to the closest earlier trace."""

from typing import Any

from phiml_core.tree.structure import Leaf, Node, StackedNode, Static, Structure

__all__ = ["difference"]

_REASONS = (
    "structure of the arguments",
    "an auxiliary argument",
    "the precision",
    "the default backend",
    "the registered methods",
)


def difference(key: tuple[Any, ...], earlier: list[tuple[Any, ...]]) -> str:
    """One sentence: what of `key` is new, compared with the earlier key that it shares most with."""
    closest = max(earlier, key=lambda e: sum(a == b for a, b in zip(key, e, strict=True)))
    for what, new, old in zip(_REASONS, key, closest, strict=True):
        if new == old:
            continue
        if isinstance(new, Structure):
            place, a, b = _first(old, new, "")
            return f"argument{place or ' list'} was {a} and is now {b}"
        if what == "an auxiliary argument":
            for (name, b), (_, a) in zip(new, old, strict=True):
                if a != b:
                    return f"auxiliary argument {name!r} was {a!r} and is now {b!r}"
        return f"{what} changed from {_name(old)} to {_name(new)}"
    return "the earlier trace was dropped"


def _name(value: Any) -> str:
    return str(getattr(value, "name", getattr(value, "bits", value)))


def _first(old: Structure, new: Structure, place: str) -> tuple[str, str, str]:
    if isinstance(old, Node) and isinstance(new, Node) and old.cls is new.cls and len(old.parts) == len(new.parts):
        if old.static != new.static:
            if isinstance(old.static, tuple) and isinstance(new.static, tuple):
                for a, b in zip(old.static, new.static, strict=False):
                    if a != b:
                        return place, repr(a), repr(b)
            return place, repr(old.static), repr(new.static)
        names = _part_names(new)
        for name, a, b in zip(names, old.parts, new.parts, strict=True):
            if a != b:
                return _first(a, b, place + name)
    if isinstance(old, StackedNode) and isinstance(new, StackedNode) and len(old.items) == len(new.items):
        for i, (a, b) in enumerate(zip(old.items, new.items, strict=True)):
            if a != b:
                return _first(a, b, f"{place}.{new.dim.name}[{i}]")
    return place, _short(old), _short(new)


def _part_names(node: Node) -> list[str]:
    if node.cls is dict:
        return [f"[{k!r}]" for k in node.static]
    if issubclass(node.cls, (tuple, list)):
        return [f"[{i}]" for i in range(len(node.parts))]
    from phiml_core.tree.tree import value_attributes

    return [f".{n}" for n in value_attributes(node.cls) or ()]


def _short(s: Structure) -> str:
    if isinstance(s, Leaf):
        return f"the number of type {s.kind.__name__}" if isinstance(s.kind, type) else f"({s.spec})"
    if isinstance(s, Static):
        return repr(s.value)
    return s.cls.__name__ if isinstance(s, Node) else "a non-uniform tensor"
