"""Messages of compiled functions: why they were traced again, and which argument should have been static."""

from collections.abc import Sequence
from typing import Any

from phiml_core.ops.native import NotConcrete
from phiml_core.tree.structure import Leaf, Node, StackedNode, Static, Structure

from .arguments import Arguments
from .boundary import part_names

__all__ = ["difference", "with_argument"]


def difference(key: tuple[Any, ...], earlier: Sequence[tuple[Any, ...]], arguments: Arguments) -> str:
    """One sentence: what of `key` is new, compared with the earlier key that it shares most with.

    Keys are made of the structure of the arguments, the auxiliary arguments, precision and default backend.
    """
    new, old = key, max(reversed(earlier), key=lambda e: _likeness(key, e))
    if new[0] != old[0]:
        for name, a, b in zip(arguments.varying, old[0].parts, new[0].parts, strict=True):
            if a != b:
                place, was, now = _first(a, b, name)
                return f"argument {place} was {was} and is now {now}"
    if new[1] != old[1]:
        values = [[_plain(s.build(stream)) for s in key[0]] for key in (old[1], new[1]) for stream in [iter(key[1])]]
        for name, was, now in zip(arguments.static, *values, strict=True):
            if was != now:
                return f"auxiliary argument {name} was {was} and is now {now}"
    if new[2] is not old[2]:
        return f"the precision was {old[2].bits} bits and is now {new[2].bits}"
    return f"the default backend was {old[3].name} and is now {new[3].name}" if new != old else "it was forgotten"


def _likeness(a: tuple[Any, ...], b: tuple[Any, ...]) -> int:
    """How many arguments and settings two calls have in common."""
    pairs = [*zip(a[0].parts, b[0].parts, strict=True), *zip(a[1:], b[1:], strict=True)]
    return sum(x == y for x, y in pairs)


def _plain(value: Any) -> str:
    return repr(getattr(value, "native_array", value))


def _first(old: Structure, new: Structure, place: str) -> tuple[str, str, str]:
    """The first place where two structures differ, and what is there."""
    if isinstance(old, Node) and isinstance(new, Node) and old.cls is new.cls:
        if old.static != new.static and old.cls is not dict:
            for name, a, b in zip(old.static[0], old.static[1], new.static[1], strict=False):
                if a != b or type(a) is not type(b):
                    return f"{place}.{name}", repr(a), repr(b)
        if old.static == new.static and len(old.parts) == len(new.parts):
            for name, a, b in zip(part_names(new), old.parts, new.parts, strict=True):
                if a != b:
                    return _first(a, b, place + name)
    if isinstance(old, StackedNode) and isinstance(new, StackedNode) and len(old.items) == len(new.items):
        for i, (a, b) in enumerate(zip(old.items, new.items, strict=True)):
            if a != b:
                return _first(a, b, f"{place}.{new.dim.name}[{i}]")
    return place, _short(old), _short(new)


def _short(s: Structure) -> str:
    if isinstance(s, Leaf):
        return f"({s.spec})"
    if isinstance(s, Static):
        return repr(s.value)
    if not isinstance(s, Node):
        return "a non-uniform tensor"
    return f"a dict of {', '.join(map(str, s.static))}" if s.cls is dict else f"a {s.cls.__name__} of {len(s.parts)}"


def with_argument(error: NotConcrete, arguments: Arguments, seen: Structure, natives: Sequence[Any]) -> NotConcrete:
    """The same error, naming the argument of the compiled function whose value was asked for."""
    assert isinstance(seen, Node)
    stream = iter(natives)
    for name, part in zip(arguments.varying, seen.parts, strict=True):
        if any(next(stream) is error.native for _ in part.leaf_structures()):
            found = name
            break
    else:
        rows = zip(arguments.varying, seen.parts, strict=True)
        numbers = [n for n, p in rows if isinstance(p, Leaf) and not p.spec.shape]
        found = ",".join(numbers) or "name"
    return NotConcrete(str(error).replace("auxiliary_args='name'", f"auxiliary_args={found!r}"), error.native)
