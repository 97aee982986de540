"""States of the plume as arrays of a scene folder, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.math import Tensor
from phiml_core.shape import Shape, make_shape

from phiml_physics.grid import CenteredGrid, StaggeredGrid

from .plume import Plume, State

__all__ = ["arrays_of", "state_of"]


def described(value: Tensor) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """A tensor as an array with the description of its axes."""
    shape = value.shape
    dims = [{"name": n, "type": t, "item_names": i} for n, _, t, i in zip(*shape.columns, strict=True)]
    return value.numpy(shape), dims


def arrays_of(state: State) -> dict[str, tuple[np.ndarray, list[dict[str, Any]]]]:
    """Everything that the next step depends on, as named arrays with dims."""
    found = {"smoke": described(state.smoke.values), "pressure": described(state.pressure.values)}
    for name, component in zip(state.velocity.geometry.names, state.velocity.components, strict=True):
        found[f"velocity_{name}"] = described(component)
    return found


def state_of(plume: Plume, arrays: Mapping[str, tuple[np.ndarray, Any]]) -> State:
    """The state from the arrays of a frame."""

    def tensor(name: str) -> Tensor:
        array, dims = arrays[name]
        names = tuple(d.name for d in dims)
        shape: Shape = make_shape(names, array.shape, tuple(d.type for d in dims), tuple(d.item_names for d in dims))
        return math.tensor(array, shape)

    start = plume.start()
    velocity = start.velocity
    components = [tensor(f"velocity_{n}") for n in velocity.geometry.names]
    return State(
        CenteredGrid.of(tensor("smoke"), start.smoke.boundary, start.smoke.geometry),
        StaggeredGrid.from_components(components, velocity.boundary, velocity.geometry),
        CenteredGrid.of(tensor("pressure"), start.pressure.boundary, start.pressure.geometry),
    )
