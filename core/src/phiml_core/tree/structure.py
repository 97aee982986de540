"""Taking trees apart at the boundary of transformed functions: native leaves, and a hashable structure that rebuilds the tree.

The structure holds all that is static: layouts, shapes, element types, classes, and whatever an object does not name as value.
Structures are tuples, so that they are made, hashed and compared at the speed of C: a compiled function does so in each call.
"""

import dataclasses
import enum
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from phiml_core.backend.choose import find_backend
from phiml_core.dispatch import generic
from phiml_core.shape import Shape, instance
from phiml_core.tensor.dense import Dense, dense, number
from phiml_core.tensor.spec import Spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor

from .tree import value_attributes

__all__ = ["Leaf", "Node", "StackedNode", "Static", "StaticError", "Structure", "disassemble", "flatten", "static_node"]

_new = tuple.__new__


class StaticError(TypeError):
    """A value cannot be part of the structure of a transformed function, because it cannot be compared."""


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
    """A dense tensor; `kind` is None for tensors, a class for Python numbers, 'native' for unnamed arrays."""

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


# --- taking apart ---


@generic(on="value")
def flatten(value: Any, leaves: list[Any]) -> Structure:
    """The structure of a tree; its native arrays and numbers are appended to `leaves`.

    Tensors, numbers (int, float, complex) and native arrays are leaves; sequences, dicts and objects that name their value attributes
    are taken apart; anything else is static and must be hashable.

    Raises:
        StaticError: a static part is not hashable, or holds a tensor.
    """
    names = value_attributes(type(value))
    if names is not None:
        return disassemble(value, names, leaves)
    backend = find_backend(value)
    if backend is not None:
        leaves.append(value)
        return _native_leaf(backend, value)
    return static_node(value)


def static_node(value: Any) -> Static:
    """A value as a static part.  Raises StaticError if it cannot be compared, or hides a tensor."""
    cls = type(value)
    try:
        hash(value)
    except TypeError:
        raise StaticError(
            f"A {cls.__module__}.{cls.__qualname__} is neither a tensor nor a number nor hashable, so a transformed "
            "function cannot tell two of them apart.  Give it __value_attrs__ (names of attributes that hold tensors) or a hash."
        ) from None
    if cls in _PLAIN:
        return Static(cls, value)
    if not dataclasses.is_dataclass(cls):
        if len(_PLAIN) < 4096:
            _PLAIN.add(cls)
    else:  # its fields are its values: a tensor among them would silently become a constant
        hidden = [f.name for f in dataclasses.fields(cls) if isinstance(getattr(value, f.name, None), Tensor)]
        if hidden:
            raise StaticError(
                f"{cls.__qualname__} holds a tensor in {hidden[0]!r} but does not name its values, so a transformed function would take "
                f"it as a constant.  Declare __value_attrs__ = {tuple(hidden)!r} in the class."
            )
    return Static(cls, value)


_PLAIN: set[type] = set()  # classes of static values that are no dataclasses
_NATIVE: dict[Any, Leaf] = {}


def _native_leaf(backend: Any, value: Any) -> Leaf:
    key = (backend, backend.sizes(value), backend.dtype(value))
    found = _NATIVE.get(key)
    if found is None:
        axes = instance(**{f"axis{i}": s for i, s in enumerate(key[1])})
        if len(_NATIVE) > 1024:
            _NATIVE.clear()
        found = _NATIVE[key] = Leaf(dense(value, axes, backend=backend).spec, "native")
    return found


class _StaticNames(dict[type, tuple[str, ...] | None]):
    """Names of the static attributes that a class declares as `__static_attrs__` or as fields of a dataclass; None for other
    classes, whose instances say it themselves."""

    def __missing__(self, cls: type) -> tuple[str, ...] | None:
        values = value_attributes(cls) or ()
        declared = getattr(cls, "__static_attrs__", None)
        if declared is not None:
            self[cls] = tuple(declared)
            return self[cls]
        fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else None
        names = None if fields is None else tuple(f.name for f in fields if f.name not in values)
        self[cls] = names
        return names


_STATIC_NAMES = _StaticNames()


def disassemble(value: Any, names: tuple[str, ...], leaves: list[Any]) -> Node:
    """The structure of an object whose attributes `names` are values and whose other attributes are static."""
    cls = type(value)
    fields = _STATIC_NAMES[cls]
    if fields is None:
        fields = tuple(n for n in _attributes(value) if n not in names and not n.startswith("__"))
    values = tuple([getattr(value, n) for n in fields])
    static = (fields, values, kinds(values))
    try:
        hash(static)
    except TypeError:
        _refuse(cls, names, fields, values, "not hashable")
    for v in values:
        if isinstance(v, Tensor):
            _refuse(cls, names, fields, values, "a tensor")
    return Node(cls, static, tuple([flatten(getattr(value, n), leaves) for n in names]))


def _attributes(value: Any) -> list[str]:
    """Names of all attributes of an instance, in its dict or in slots."""
    slots = [s for c in type(value).__mro__ for s in _as_tuple(c.__dict__.get("__slots__", ()))]
    return [*getattr(value, "__dict__", ()), *(s for s in slots if s != "__weakref__" and hasattr(value, s))]


def _as_tuple(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def kinds(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Classes of static values, since 1 == True == 1.0."""
    return tuple([kinds(v) if type(v) is tuple else type(v) for v in values])


def _refuse(cls: type, names: tuple[str, ...], fields: tuple[str, ...], values: tuple[Any, ...], what: str) -> None:
    bad = next(n for n, v in zip(fields, values, strict=True) if isinstance(v, Tensor) or not _hashable(v))
    raise StaticError(
        f"Attribute {bad!r} of {cls.__qualname__} is static (it is not among its value attributes {names}) but {what}.  "
        "Name it in __value_attrs__ if it holds tensors, or make it a tuple."
    )


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


class _Leaves(dict[Spec, Leaf]):
    def __missing__(self, spec: Spec) -> Leaf:
        if len(self) > 4096:
            self.clear()
        found = self[spec] = Leaf(spec)
        return found


_LEAVES = _Leaves()
_NUMBERS = {kind: Leaf(number(kind(1)).spec, kind) for kind in (int, float, complex)}


@flatten.dispatch
def _(value: Dense, leaves):
    leaves.append(value.native_array)
    return _LEAVES[value.spec]


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


for _kind in (int, float, complex):

    def _number(value: Any, leaves: list[Any], kind: Any = _kind, leaf: Leaf = _NUMBERS[_kind]) -> Leaf:
        leaves.append(value if type(value) is kind else kind(value))  # NumPy's float64 is a float
        return leaf

    flatten.register((_kind,), _number)


@flatten.dispatch
def _(value: bool | str | None, leaves):
    return _new(Static, (type(value), value))


flatten.register((enum.Enum,), lambda value, leaves: Static(type(value), value), priority=1)  # also those that are ints


@flatten.dispatch
def _(value: tuple | list, leaves):
    return _new(Node, (type(value), None, tuple([flatten(v, leaves) for v in value])))


@flatten.dispatch
def _(value: dict, leaves):
    return _new(Node, (dict, tuple(value), tuple([flatten(v, leaves) for v in value.values()])))


# --- putting together ---


def _assemble_object(cls: type, static: Any, parts: list[Any]) -> Any:
    """An object from its static and its other attributes, made without running `__init__`."""
    new = cls.__new__(cls)
    names = value_attributes(cls) or ()
    set_ = object.__setattr__
    for name, value in zip((*static[0], *names), (*static[1], *parts), strict=True):
        set_(new, name, value)
    return new


def _assemble_plain(cls: type, static: Any, parts: list[Any]) -> Any:
    """The same for classes without slots and properties of these names."""
    new = cls.__new__(cls)
    attributes = new.__dict__
    attributes.update(zip(static[0], static[1], strict=True))
    attributes.update(zip(value_attributes(cls) or (), parts, strict=True))
    return new


def _is_plain(cls: type) -> bool:
    declared = (*(value_attributes(cls) or ()), *(_STATIC_NAMES[cls] or ()))
    data = any(hasattr(type(c.__dict__.get(n)), "__set__") for c in cls.__mro__ for n in declared)
    return _STATIC_NAMES[cls] is not None and cls.__dictoffset__ != 0 and not data


class _Assemble(dict[type, Any]):
    """How a node of a class is put together: `function(cls, static, parts)`."""

    def __missing__(self, cls: type) -> Any:
        is_tuple = issubclass(cls, tuple) and value_attributes(cls) is None
        plain = _assemble_plain if not is_tuple and _is_plain(cls) else _assemble_object
        made = self[cls] = (lambda c, static, parts: c(*parts)) if is_tuple else plain
        return made


_ASSEMBLE = _Assemble(
    {
        tuple: lambda cls, static, parts: tuple(parts),
        list: lambda cls, static, parts: parts,
        dict: lambda cls, static, parts: dict(zip(static, parts, strict=True)),
    }
)
