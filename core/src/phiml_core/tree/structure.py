"""Taking trees apart at the boundary of transformed functions: native leaves, and a hashable structure that rebuilds the tree.

The structure holds all that is static: layouts, shapes, element types, classes, and whatever an object does not name as value.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

from phiml_core.backend.choose import find_backend
from phiml_core.dispatch import generic
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import Spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor

from .tree import value_attributes

__all__ = ["Leaf", "Node", "StaticError", "Structure", "disassemble", "flatten"]


class StaticError(TypeError):
    """A value cannot be part of the structure of a transformed function, because it cannot be compared."""


class Structure:
    """A hashable description of a tree without its leaves."""

    __slots__ = ()

    def build(self, leaves: Iterator[Any]) -> Any:
        """The tree with the next of `leaves` in each place."""
        raise NotImplementedError

    def leaf_structures(self) -> "Iterator[Leaf]":
        """The leaves of this structure in order."""
        return iter(())


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf(Structure):
    """A dense tensor; `kind` is None for tensors, a class for Python numbers, 'native' for unnamed arrays."""

    spec: Spec
    kind: Any = None

    def build(self, leaves: Iterator[Any]) -> Any:
        array = next(leaves)
        return array if self.kind == "native" else Dense(array, self.spec)

    def leaf_structures(self) -> "Iterator[Leaf]":
        yield self


@dataclasses.dataclass(frozen=True, slots=True)
class StackedNode(Structure):
    """A non-uniform tensor: one leaf per component."""

    dim: Shape
    items: tuple[Any, ...]

    def build(self, leaves: Iterator[Any]) -> Any:
        return Stacked(tuple([i.build(leaves) for i in self.items]), self.dim)

    def leaf_structures(self) -> Iterator[Leaf]:
        for item in self.items:
            yield from item.leaf_structures()


@dataclasses.dataclass(frozen=True, slots=True)
class Static(Structure):
    """A value that is the same in each call with this structure; 1 and True and 1.0 differ."""

    cls: type
    value: Any

    def build(self, leaves: Iterator[Any]) -> Any:
        return self.value


@dataclasses.dataclass(frozen=True, slots=True)
class Node(Structure):
    """A container or an object: its class, static parts and the structures of its other parts."""

    cls: type
    static: Any
    parts: tuple[Any, ...]

    def build(self, leaves: Iterator[Any]) -> Any:
        return assemble(self.cls, self.static, [p.build(leaves) for p in self.parts])

    def leaf_structures(self) -> Iterator[Leaf]:
        for part in self.parts:
            yield from part.leaf_structures()


@generic(on="value")
def flatten(value: Any, leaves: list[Any]) -> Structure:
    """The structure of a tree; its native arrays and numbers are appended to `leaves`.

    Tensors, numbers (int, float, complex) and native arrays are leaves; sequences, dicts and objects that name their value attributes
    are taken apart; anything else is static and must be hashable.  A class of another kind registers a method that returns a `Node`
    and a method of `assemble`.

    Raises:
        StaticError: a static part is not hashable.
    """
    names = value_attributes(type(value))
    if names is not None:
        return disassemble(value, names, leaves)
    backend = find_backend(value)
    if backend is not None:
        from phiml_core.shape import instance
        from phiml_core.tensor.dense import dense

        sizes = backend.sizes(value)
        axes = instance(**{f"axis{i}": s for i, s in enumerate(sizes)})
        leaves.append(value)
        return Leaf(dense(value, axes, backend=backend).spec, "native")
    try:
        hash(value)
    except TypeError:
        raise StaticError(
            f"A {type(value).__module__}.{type(value).__qualname__} is neither a tensor nor a number nor hashable, so a transformed "
            "function cannot tell two of them apart.  Give it __value_attrs__ (names of attributes that hold tensors) or a hash."
        ) from None
    return Static(type(value), value)


_FIELDS: dict[type, tuple[str, ...] | None] = {}


def _static_names(cls: type) -> tuple[str, ...] | None:
    """Names of the static fields of a dataclass; None for other classes."""
    if cls not in _FIELDS:
        values = value_attributes(cls) or ()
        fields = (
            tuple(f.name for f in dataclasses.fields(cls) if f.name not in values)
            if dataclasses.is_dataclass(cls)
            else None
        )
        _FIELDS[cls] = fields
    return _FIELDS[cls]


def disassemble(value: Any, names: tuple[str, ...], leaves: list[Any]) -> Node:
    """The structure of an object whose attributes `names` are values and whose other attributes are static."""
    cls = type(value)
    fields = _static_names(cls)
    if fields is None:
        fields = tuple(n for n in vars(value) if n not in names and not n.startswith("__"))
    static = tuple([(n, getattr(value, n)) for n in fields])
    try:
        hash(static)
    except TypeError:
        bad = next(n for n, v in static if not _hashable(v))
        raise StaticError(
            f"Attribute {bad!r} of {cls.__qualname__} is static (it is not among its value attributes {names}) but not hashable.  "
            "Name it in __value_attrs__ if it holds tensors, or make it a tuple."
        ) from None
    return Node(cls, static, tuple([flatten(getattr(value, n), leaves) for n in names]))


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def assemble(cls: type, static: Any, parts: list[Any]) -> Any:
    """A container or object from its static and its other parts; objects are made without running `__init__`."""
    if cls is tuple:
        return tuple(parts)
    if cls is list:
        return parts
    if cls is dict:
        return dict(zip(static, parts, strict=True))
    if issubclass(cls, tuple):
        return cls(*parts)
    new = cls.__new__(cls)
    setattr_ = object.__setattr__
    for name, value in static:
        setattr_(new, name, value)
    for name, value in zip(value_attributes(cls) or (), parts, strict=True):
        setattr_(new, name, value)
    return new


@flatten.dispatch
def _(value: Dense, leaves):
    leaves.append(value.native_array)
    return _leaf(value.spec)


_LEAVES: dict[Spec, Leaf] = {}


def _leaf(spec: Spec) -> Leaf:
    found = _LEAVES.get(spec)
    if found is None:
        if len(_LEAVES) > 4096:
            _LEAVES.clear()
        found = _LEAVES[spec] = Leaf(spec)
    return found


@flatten.dispatch
def _(value: Stacked, leaves):
    if value.shape.is_uniform:
        return flatten(as_dense(value), leaves)
    return StackedNode(value.dim, tuple([flatten(c, leaves) for c in value.components]))


@flatten.dispatch
def _(value: Tensor, leaves):
    names = value_attributes(type(value))
    if names is None:
        raise StaticError(
            f"The tensor layout {type(value).__qualname__} does not say what its values are.  Give it __value_attrs__, e.g. ('values',)."
        )
    return disassemble(value, names, leaves)


@flatten.dispatch
def _(value: int | float | complex, leaves):
    from phiml_core.tensor.dense import number

    plain = value.item() if hasattr(value, "item") else value
    leaf = number(plain)
    leaves.append(plain)
    return Leaf(leaf.spec, type(plain))


@flatten.dispatch
def _(value: bool, leaves):
    return Static(bool, value)


@flatten.dispatch
def _(value: tuple | list, leaves):
    return Node(type(value), None, tuple([flatten(v, leaves) for v in value]))


@flatten.dispatch
def _(value: dict, leaves):
    return Node(dict, tuple(value), tuple([flatten(v, leaves) for v in value.values()]))


@flatten.dispatch
def _(value: str | None, leaves):
    return Static(type(value), value)
