"""Taking trees apart at the boundary of transformed functions: native leaves, and the structure that rebuilds the tree."""

import dataclasses
import enum
import functools
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from phiml_core.backend.choose import find_backend
from phiml_core.dispatch import generic
from phiml_core.shape import instance
from phiml_core.tensor.dense import Dense, dense, number
from phiml_core.tensor.spec import Spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor

from .structure import Leaf, Node, StackedNode, Static, Structure
from .tree import static_attributes, value_attributes

__all__ = ["Recording", "StaticError", "disassemble", "flatten", "static_node"]

_new: Any = tuple.__new__


class StaticError(TypeError):
    """A value cannot be part of the structure of a transformed function, because it cannot be compared."""


class Recording(StaticError):
    """A tensor records what is done to it and has no native arrays: transforms run the function as it is."""


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
        _refuse_hidden(cls, value)
        raise StaticError(
            f"A {cls.__module__}.{cls.__qualname__} is neither a tensor nor a number nor hashable, so a transformed "
            "function cannot tell two of them apart.  Give it __value_attrs__ (names of attributes that hold tensors) or a hash."
        ) from None
    if cls in _PLAIN:
        return Static(cls, value)
    if not dataclasses.is_dataclass(cls):
        if len(_PLAIN) < 4096:
            _PLAIN.add(cls)
    else:
        _refuse_hidden(cls, value)
    return Static(cls, value)


def _refuse_hidden(cls: type, value: Any) -> None:
    """Raises StaticError for a dataclass that does not name its values: a tensor among its fields would silently become a constant."""
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    hidden = [f.name for f in fields if any(isinstance(t, Tensor) for t in _parts(getattr(value, f.name, None)))]
    if hidden:
        raise StaticError(
            f"{cls.__qualname__} holds a tensor in {hidden[0]!r} but does not name its values, so a transformed function would take "
            f"it as a constant.  Declare __value_attrs__ = {tuple(hidden)!r} in the class, or such fields by "
            "field(metadata={'value': True})."
        )


def _parts(value: Any) -> Iterator[Any]:
    """A value, or those in a sequence or dict of values."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ():
        yield from _parts(part)
    yield value


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


class _ByClass(dict[type, Any]):
    """For a class of objects: the names of its static attributes if it declares them, and what reads its static and its value
    attributes."""

    def __missing__(self, cls: type) -> tuple[tuple[str, ...] | None, Any, Any]:
        names = static_attributes(cls)
        found = self[cls] = (names, _reader(names or ()), _reader(value_attributes(cls) or ()))
        return found


def _reader(names: tuple[str, ...]) -> Any:
    """A function that reads these attributes as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda value, name=names[0]: (getattr(value, name),)) if names else (lambda value: ())


_BY_CLASS = _ByClass()
_COMPARABLE: set[Any] = set()  # classes of objects and of their static attributes that can be part of a structure


def disassemble(value: Any, names: tuple[str, ...], leaves: list[Any]) -> Node:
    """The structure of an object whose attributes `names` are values and whose other attributes are static."""
    cls = type(value)
    fields, read_static, read_values = _BY_CLASS[cls]
    if fields is None:
        fields = tuple([n for n in _attributes(value) if n not in names and not n.startswith("__")])
        values = tuple([getattr(value, n) for n in fields])
    else:
        values = read_static(value)
    kinds = tuple(map(type, values))
    if tuple in kinds:
        kinds = deep_kinds(values)
    if (cls, kinds) not in _COMPARABLE:
        _check(cls, names, fields, values)
        _COMPARABLE.add((cls, kinds))
    return _new(Node, (cls, (fields, values, kinds), tuple([flatten(v, leaves) for v in read_values(value)])))


def _attributes(value: Any) -> list[str]:
    """Names of all attributes of an instance, in its dict or in slots."""
    return [*getattr(value, "__dict__", ()), *[s for s in _slots(type(value)) if hasattr(value, s)]]  # type: ignore[arg-type]


@functools.cache
def _slots(cls: type) -> tuple[str, ...]:
    declared = [c.__dict__.get("__slots__", ()) for c in cls.__mro__]
    return tuple([s for d in declared for s in ((d,) if isinstance(d, str) else d) if s != "__weakref__"])


def deep_kinds(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Classes of static values, since 1 == True == 1.0."""
    return tuple([deep_kinds(v) if type(v) is tuple else type(v) for v in values])


def _check(cls: type, names: tuple[str, ...], fields: tuple[str, ...], values: tuple[Any, ...]) -> None:
    """Refuse static attributes that cannot be compared, or that hold tensors."""
    for name, value in zip(fields, values, strict=True):
        what = "a tensor" if isinstance(value, Tensor) else "" if _hashable(value) else "not hashable"
        if what:
            raise StaticError(
                f"Attribute {name!r} of {cls.__qualname__} is static (it is not among its value attributes {names}) but {what}.  "
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
    if names is None and value.is_recording:
        raise Recording(f"A tensor {value.shape} that records a linear function cannot take part in this transform.")
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
