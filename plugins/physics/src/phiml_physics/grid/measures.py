"""Numbers and places that sum a grid up."""

from typing import Any

from phiml_core import math
from phiml_core.field import sample
from phiml_core.math import Tensor, instance, stack
from phiml_core.shape import Shape, channel

from .centered import CenteredGrid
from .errors import GridError

__all__ = ["center_of_mass", "integrate", "normalize", "support"]

LIST = instance("nonzero")


def center_of_mass(density: CenteredGrid) -> Tensor:
    """The mean position, weighted by a density: tensor (…, vector) in length."""
    _check(density, "center of mass")
    total = math.sum_(density.values, density.resolution)
    axes = math.unstack(density.points, "vector")
    found = [math.sum_(density.values * x, density.resolution) / total for x in axes]
    return stack(found, channel(vector=density.geometry.names))


def integrate(field: CenteredGrid, region: Any = None) -> Tensor:
    """The integral of a field over a geometry, by how much of each cell lies inside; by default over all cells."""
    _check(field, "integral")
    share = 1.0 if region is None else sample(region, field.geometry, soft=True)
    return math.sum_(field.values * share, field.resolution) * field.geometry.volume


def normalize(field: CenteredGrid, norm: Any, epsilon: float = 1e-5) -> CenteredGrid:
    """The field times the number that gives it the sum of `norm`, for each element of a batch.

    Args:
        norm: grid on the same cells.
        epsilon: least sum that is divided by.
    """
    _check(field, "normalised grid")
    total, wanted = (math.sum_(f.values, f.resolution) for f in (field, norm))
    return field * (wanted / math.maximum(total, epsilon))


def support(field: CenteredGrid, list_dim: Shape = LIST) -> Tensor:
    """The positions whose values are not 0: tensor (nonzero, vector) in length."""
    _check(field, "support")
    indices = math.to_float(math.nonzero(field.values, list_dim))
    names, cells = field.geometry.names, field.geometry
    parts = zip(math.unstack(indices, "vector"), cells.lower, cells.spacing, strict=True)
    return stack([(i + 0.5) * h + low for i, low, h in parts], channel(vector=names))


def _check(field: Any, what: str) -> None:
    if not isinstance(field, CenteredGrid):
        raise GridError(f"The {what} is that of a centered grid, not of {field!r}.  Take at_centers(), or a component.")
