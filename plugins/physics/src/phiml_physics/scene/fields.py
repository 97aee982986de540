"""Grids as arrays with a description that JSON can hold, and back: what is written is what is read, with cells and boundary."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.extrapolation import Components, Constant, Directional, Extrapolation, Sides, as_extrapolation
from phiml_core.field import Field
from phiml_core.math import Tensor
from phiml_core.shape import channel, make_shape
from phiml_core.tensor import Stacked

from phiml_physics.geom.box import Box
from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.staggered import StaggeredGrid

from .arrays import read_arrays, write_arrays
from .dims import DimInfo
from .files import write_atomic

__all__ = ["arrays_of", "described", "grid_of", "read", "tensor_of", "write"]

Described = tuple[np.ndarray, list[dict[str, Any]]]
DESCRIPTION = "description"


def described(value: Tensor) -> Described:
    """A tensor as an array with the description of its axes."""
    shape = value.shape
    dims = [{"name": n, "type": t, "item_names": i} for n, _, t, i in zip(*shape.columns, strict=True)]
    return value.numpy(shape), dims


def tensor_of(array: np.ndarray, dims: Any) -> Tensor:
    """The tensor of an array with the description of its axes."""
    found = [d if isinstance(d, DimInfo) else DimInfo.from_json(d) for d in dims]
    names, types, items = ([getattr(d, a) for d in found] for a in ("name", "type", "item_names"))
    return math.tensor(array, make_shape(tuple(names), array.shape, tuple(types), tuple(items)))


def arrays_of(name: str, grid: Any) -> tuple[dict[str, Described], dict[str, Any]]:
    """A grid as named arrays with their dims, and what else is to be known of it.

    Raises:
        GridError: a field that is no grid, or a boundary that has no name.
    """
    if not isinstance(grid, CenteredGrid | StaggeredGrid):
        raise GridError(f"Grids can be written to files, not {grid!r}.  Resample it to a grid.")
    arrays: dict[str, Described] = {}
    if isinstance(grid, StaggeredGrid):
        for axis, component in zip(grid.geometry.names, grid.components, strict=True):
            arrays[f"{name}_{axis}"] = described(component)
    else:
        arrays[name] = described(grid.values)

    def keep(value: Tensor) -> str:
        key = f"{name}_boundary_{len(arrays)}"
        arrays[key] = described(value)
        return key

    cells = grid.geometry
    about = {
        "staggered": isinstance(grid, StaggeredGrid),
        "resolution": dict(zip(cells.names, cells.resolution.sizes, strict=True)),
        "lower": list(cells.lower),
        "upper": list(cells.upper),
        "boundary": _written(grid.boundary, keep),
    }
    return arrays, about


def grid_of(name: str, about: Mapping[str, Any], arrays: Mapping[str, tuple[np.ndarray, Any]]) -> Any:
    """The grid of these arrays and this description, on the default backend."""
    names = tuple(about["resolution"])
    bounds = Box(**dict(zip(names, zip(about["lower"], about["upper"], strict=True), strict=True)))
    cells = UniformGrid(bounds=bounds, **about["resolution"])
    boundary = _read(about["boundary"], lambda key: tensor_of(*arrays[key]))
    if not about["staggered"]:
        return CenteredGrid.of(tensor_of(*arrays[name]), boundary, cells)
    return StaggeredGrid.from_components([tensor_of(*arrays[f"{name}_{n}"]) for n in names], boundary, cells)


def _written(rule: Extrapolation, keep: Callable[[Tensor], str]) -> Any:
    if isinstance(rule, Constant) and isinstance(rule.value, Stacked):  # of components that vary along different dims
        dim = rule.value.dim
        return {"constants": [keep(c) for c in rule.value.components], "dim": dim.name, "items": dim.item_names}
    if isinstance(rule, Constant):
        return {"constant": keep(rule.value)}
    if isinstance(rule, Sides):
        found: dict[str, Any] = {"sides": {n: [_written(r, keep) for r in pair] for n, pair in rule.sides.items()}}
        return found if rule.rest is None else {**found, "else": _written(rule.rest, keep)}
    if isinstance(rule, Components):
        return {"components": {n: _written(r, keep) for n, r in rule.items.items()}, "dim": rule.dim}
    if isinstance(rule, Directional):
        return {"normal": _written(rule.normal, keep), "tangential": _written(rule.tangential, keep)}
    try:
        as_extrapolation(rule.name)
    except ValueError:
        raise GridError(
            f"The boundary {rule} has no name that a file could hold.  Give the grid another one."
        ) from None
    return rule.name


def _read(rule: Any, load: Callable[[str], Tensor]) -> Extrapolation:
    if isinstance(rule, str):
        return as_extrapolation(rule)
    if "constants" in rule:
        parts = tuple([load(key) for key in rule["constants"]])
        return Constant(Stacked(parts, channel(**{rule["dim"]: tuple(rule["items"] or ()) or len(parts)})))
    if "constant" in rule:
        return Constant(load(rule["constant"]))
    if "sides" in rule:
        sides = {n: (_read(low, load), _read(high, load)) for n, (low, high) in rule["sides"].items()}
        return Sides(sides, _read(rule["else"], load) if "else" in rule else None)
    if "components" in rule:
        return Components({n: _read(r, load) for n, r in rule["components"].items()}, rule["dim"])
    return Directional(_read(rule["normal"], load), _read(rule["tangential"], load))


def write(field: Field, file: str | Path) -> None:
    """Writes a grid with its cells and its boundary to one file, NumPy's .npz without pickled objects."""
    arrays, about = arrays_of("values", field)
    text = json.dumps({"grid": about, "dims": {name: dims for name, (_, dims) in arrays.items()}})
    stored = {**{name: np.asarray(array) for name, (array, _) in arrays.items()}, DESCRIPTION: np.array(text)}
    write_atomic(Path(file), lambda f: write_arrays(f, stored))


def read(file: str | Path) -> Any:
    """The grid that `write` has written, on the default backend."""
    stored = read_arrays(Path(file))
    found = json.loads(str(stored.pop(DESCRIPTION)))
    return grid_of("values", found["grid"], {name: (array, found["dims"][name]) for name, array in stored.items()})
