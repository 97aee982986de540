"""The structure of trees: what is left of them without their native leaves, and rebuilds them from new ones.

The structure holds all that is static: layouts, shapes, element types, classes, and whatever an object does not name as value.
Structures are tuples, so that they are made, hashed and compared at the speed of C: a compiled function does so in each call.
"""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import Spec
from phiml_core.tensor.stacked import Stacked

from .tree import static_attributes, value_attributes

__all__ = ["Leaf", "Node", "StackedNode", "Static", "Structure", "assemble", "is_plain"]

_new: Any = tuple.__new__


class Structure(tuple[Any, ...]):
    """A hashable description of a tree without its leaves."""

    __slots__ = ()

    def build(self, leaves: Iterator[Any]) -> Any:
        """The tree with the next of `leaves` in each place."""
        raise NotImplementedError

    def leaf_structures(self) -> "list[Leaf]":
        """The leaves of this structure in order."""
        found: list[Leaf] = []
        self._collect(found)
        return found

    def _collect(self, found: "list[Leaf]") -> None:
        """Append the leaves of this structure to `found`."""


class Leaf(Structure):
    """A dense tensor; `kind` is None for tensors, a class for Python numbers, 'native' for unnamed arrays, 'position' for indices
    that say where values are and have no gradient."""

    __slots__ = ()
    spec: Spec = property(itemgetter(0))  # type: ignore[assignment]
    kind: Any = property(itemgetter(1))

    def __new__(cls, spec: Spec, kind: Any = None) -> "Leaf":
        return _new(cls, (spec, kind))

    def build(self, leaves: Iterator[Any]) -> Any:
        array = next(leaves)
        return array if self[1] == "native" else Dense(array, self[0])

    def _collect(self, found: "list[Leaf]") -> None:
        found.append(self)


class StackedNode(Structure):
    """A non-uniform tensor: one leaf per component."""

    __slots__ = ()
    dim: Shape = property(itemgetter(0))  # type: ignore[assignment]
    items: tuple[Structure, ...] = property(itemgetter(1))  # type: ignore[assignment]

    def __new__(cls, dim: Shape, items: tuple[Structure, ...]) -> "StackedNode":
        return _new(cls, (dim, items))

    def build(self, leaves: Iterator[Any]) -> Any:
        return Stacked(tuple([i.build(leaves) for i in self[1]]), self[0])

    def _collect(self, found: list[Leaf]) -> None:
        for item in self[1]:
            item._collect(found)


class Static(Structure):
    """A value that is the same in each call with this structure; 1 and True and 1.0 differ."""

    __slots__ = ()
    cls: type = property(itemgetter(0))  # type: ignore[assignment]
    value: Any = property(itemgetter(1))

    def __new__(cls, kind: type, value: Any) -> "Static":
        return _new(cls, (kind, value))

    def build(self, leaves: Iterator[Any]) -> Any:
        return self[1]


class Node(Structure):
    """A container or an object: its class, static parts and the structures of its other parts.

    `static` of an object is the names, the values, and the classes of the values of its static attributes; of a dict its keys.
    """

    __slots__ = ()
    cls: type = property(itemgetter(0))  # type: ignore[assignment]
    static: Any = property(itemgetter(1))
    parts: tuple[Structure, ...] = property(itemgetter(2))  # type: ignore[assignment]

    def __new__(cls, kind: type, static: Any, parts: tuple[Structure, ...]) -> "Node":
        return _new(cls, (kind, static, parts))

    def build(self, leaves: Iterator[Any]) -> Any:
        cls, static, parts = self
        return _ASSEMBLE[cls](cls, static, [p.build(leaves) for p in parts])

    def _collect(self, found: list[Leaf]) -> None:
        for part in self[2]:
            part._collect(found)


# --- putting together ---


def _assemble_object(cls: type, static: Any, parts: list[Any]) -> Any:
    """An object from its static and its other attributes, made without running `__init__`."""
    new: Any = object.__new__(cls)
    names = value_attributes(cls) or ()
    set_ = object.__setattr__
    for name, value in zip((*static[0], *names), (*static[1], *parts), strict=True):
        set_(new, name, value)
    return new


def _assemble_plain(cls: type, static: Any, parts: list[Any]) -> Any:
    """The same for classes without slots and properties of these names."""
    new: Any = object.__new__(cls)
    attributes = new.__dict__
    attributes.update(zip(static[0], static[1], strict=True))
    attributes.update(zip(value_attributes(cls) or (), parts, strict=True))
    return new


def is_plain(cls: type) -> bool:
    """Whether the attributes of an object may be put into its `__dict__`."""
    statics = static_attributes(cls)
    declared = (*(value_attributes(cls) or ()), *(statics or ()))
    data = any(hasattr(type(c.__dict__.get(n)), "__set__") for c in cls.__mro__ for n in declared)
    return statics is not None and cls.__dictoffset__ != 0 and not data


class _Assemble(dict[type, Any]):
    """How a node of a class is put together: `function(cls, static, parts)`."""

    def __missing__(self, cls: type) -> Any:
        is_tuple = issubclass(cls, tuple) and value_attributes(cls) is None
        plain = _assemble_plain if not is_tuple and is_plain(cls) else _assemble_object
        made = self[cls] = (lambda c, static, parts: c(*parts)) if is_tuple else plain
        return made


_ASSEMBLE = _Assemble(
    {
        tuple: lambda cls, static, parts: tuple(parts),
        list: lambda cls, static, parts: parts,
        dict: lambda cls, static, parts: dict(zip(static, parts, strict=True)),
    }
)


def assemble(cls: type) -> Any:
    """What puts a node of a class together: `function(cls, static, parts)`."""
    return _ASSEMBLE[cls]
