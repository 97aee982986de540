"""NumPy arrays in .npz files, never pickled objects."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

__all__ = ["storable", "summary", "write_arrays", "read_arrays"]


def storable(name: str, array: Any) -> np.ndarray:
    """`array` as NumPy array of a type that a file can hold without pickling."""
    array = np.asarray(array)
    if not name.isidentifier():
        raise ValueError(f"Array name {name!r} was given, expected a name like 'smoke'. Use letters, digits and _.")
    if array.dtype.kind not in "biufcUS":
        raise ValueError(f"Array {name!r} is {array.dtype}, expected numbers or text. Convert it first.")
    return array


def summary(described: Mapping[str, Any]) -> str:
    """The axes and the type of an array in a few words."""
    sizes = ", ".join(f"{dim['name']}={size}" for dim, size in zip(described["dims"], described["shape"]))
    return f"{described['dtype']} ({sizes})"


def write_arrays(file: BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    """Arrays in NumPy's .npz format.  Not `np.savez`, which takes an array called 'file' for its own argument."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file.  Check sums and headers are verified: a damaged file raises one of many errors."""
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
