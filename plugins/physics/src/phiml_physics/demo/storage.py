"""States of the plume as arrays of a scene folder, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from phiml_core.math import Tensor

from phiml_physics.grid import CenteredGrid, StaggeredGrid
from phiml_physics.scene.fields import described, tensor_of

from .plume import Plume, State

__all__ = ["arrays_of", "state_of"]


def arrays_of(state: State) -> dict[str, tuple[np.ndarray, list[dict[str, Any]]]]:
    """Everything that the next step depends on, as named arrays with dims."""
    found = {"smoke": described(state.smoke.values), "pressure": described(state.pressure.values)}
    for name, component in zip(state.velocity.geometry.names, state.velocity.components, strict=True):
        found[f"velocity_{name}"] = described(component)
    return found


def state_of(plume: Plume, arrays: Mapping[str, tuple[np.ndarray, Any]]) -> State:
    """The state from the arrays of a frame."""

    def tensor(name: str) -> Tensor:
        return tensor_of(*arrays[name])

    start = plume.start()
    velocity = start.velocity
    components = [tensor(f"velocity_{n}") for n in velocity.geometry.names]
    return State(
        CenteredGrid.of(tensor("smoke"), start.smoke.boundary, start.smoke.geometry),
        StaggeredGrid.from_components(components, velocity.boundary, velocity.geometry),
        CenteredGrid.of(tensor("pressure"), start.pressure.boundary, start.pressure.geometry),
    )
