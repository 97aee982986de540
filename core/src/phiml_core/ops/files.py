"""Tensors and trees of them in files, and as plain data."""

import json
import os
from typing import Any

import numpy as np
from phiml_core.shape import Shape, make_shape
from phiml_core.tensor.dense import Dense, dense
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor

__all__ = ["from_dict", "load", "save", "to_dict"]

_FORMAT = 1


def save(file: str | os.PathLike[str], obj: Any, mkdir: bool = True) -> None:
    """Write tensors to a file that NumPy can read (.npz), with names, types and item names of their dims.

    Args:
        file: its path.
        obj: a tensor, number, string, None, or lists, tuples and dicts of these.
        mkdir: make the folder if there is none.

    Raises:
        TypeError: something else is among them.
    """
    arrays: dict[str, Any] = {}
    plain = _plain(obj, arrays)
    path = os.fspath(file)
    if mkdir and os.path.dirname(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        np.savez(stream, structure=json.dumps([_FORMAT, plain]), **arrays)


def load(file: str | os.PathLike[str]) -> Any:
    """What `save` has written, with NumPy arrays; `convert` makes arrays of another backend of them.

    Raises:
        ValueError: the file was not written by `save`.
    """
    with np.load(os.fspath(file), allow_pickle=False) as stored:
        if "structure" not in stored:
            raise ValueError(
                f"{os.fspath(file)} was not written by save().  Read it with numpy.load and name its axes by wrap()."
            )
        form, plain = json.loads(str(stored["structure"]))
        if form != _FORMAT:
            raise ValueError(f"{os.fspath(file)} was written by a newer version.  Upgrade phiml-core.")
        return _restored(plain, stored)


def _shape_dict(shape: Shape) -> dict[str, Any]:
    items = [None if i is None else list(i) for i in shape.item_names_of]
    return {"names": list(shape.names), "types": list(shape.types), "sizes": list(shape.sizes), "item_names": items}


def _shape_from(plain: dict[str, Any]) -> Shape:
    items = tuple([None if i is None else tuple(i) for i in plain["item_names"]])
    sizes = plain.get("sizes") or [None if i is None else len(i) for i in items]
    return make_shape(tuple(plain["names"]), tuple(sizes), tuple(plain["types"]), items)


def _plain(value: Any, arrays: dict[str, Any]) -> Any:
    """A tree as lists whose first item says what they are; arrays go into `arrays`."""
    if isinstance(value, Stacked) and not value.shape.is_uniform:
        return ["stack", _shape_dict(value.dim), [_plain(c, arrays) for c in value.components]]
    if isinstance(value, (Dense, Stacked)):
        block = as_dense(value)
        name = f"array{len(arrays)}"
        arrays[name] = block.backend.to_numpy(block.native_array)
        return ["tensor", name, list(block.spec.stored.names), _shape_dict(block.shape)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return ["value", value]
    if type(value) in (list, tuple):
        return [type(value).__name__, [_plain(v, arrays) for v in value]]
    if type(value) is dict and all(isinstance(k, str) for k in value):
        return ["dict", {k: _plain(v, arrays) for k, v in value.items()}]
    raise TypeError(
        f"save() writes tensors, numbers, strings, and lists, tuples and dicts of them, not a {type(value).__name__}.  "
        "Write its attributes as a dict."
    )


def _restored(plain: Any, arrays: Any) -> Any:
    kind, *parts = plain
    if kind == "value":
        return parts[0]
    if kind == "dict":
        return {k: _restored(v, arrays) for k, v in parts[0].items()}
    if kind == "stack":
        return Stacked(tuple([_restored(v, arrays) for v in parts[1]]), _shape_from(parts[0]))
    if kind == "tensor":
        from .repeat import expand

        name, stored, described = parts
        shape = _shape_from(described)
        return expand(dense(arrays[name], shape.only(",".join(stored), reorder=True) if stored else shape[:0]), shape)
    values = [_restored(v, arrays) for v in parts[0]]
    return tuple(values) if kind == "tuple" else values


def to_dict(value: Tensor | Shape) -> dict[str, Any]:
    """A tensor or shape as plain data that can be written as JSON."""
    if isinstance(value, Shape):
        return _shape_dict(value)
    plain = _shape_dict(value.shape)
    return {**plain, "dtype": value.dtype.name, "data": value.numpy(value.shape).tolist()}


def from_dict(dict_: dict[str, Any], convert: bool = False) -> Any:
    """The tensor or shape that `to_dict` described.

    Args:
        dict_: plain data.
        convert: whether the array becomes one of the default backend.
    """
    shape = _shape_from(dict_)
    if "data" not in dict_:
        return shape
    from .create import tensor

    data = np.asarray(dict_["data"], dict_.get("dtype"))
    return tensor(data.reshape(shape.sizes if None not in shape.sizes else data.shape), shape, convert=convert)
