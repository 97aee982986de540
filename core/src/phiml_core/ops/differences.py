"""Neighbours of grid values, and finite differences."""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.extrapolation import Extrapolation, as_extrapolation
from phiml_core.shape import Shape, ShapeError, channel, select, spatial
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .join import stack
from .pad import pad
from .reduce import max_, mean, min_, sum_

__all__ = [
    "laplace",
    "neighbor_max",
    "neighbor_mean",
    "neighbor_min",
    "neighbor_reduce",
    "neighbor_sum",
    "shift",
    "spatial_gradient",
]

ZERO_GRADIENT = "zero-gradient"
SHIFT, GRADIENT, NEIGHBORS = channel("shift"), channel("gradient"), channel("_neighbors")


def shift(
    x: Tensor,
    offsets: Sequence[int],
    dims: Any = spatial,
    padding: Any = ZERO_GRADIENT,
    stack_dim: Shape | None = SHIFT,
) -> list[Tensor]:
    """`x` seen from neighbouring points: for each offset o the tensor whose item i is x[i + o], along each of the dims.

    Args:
        x: tensor.
        offsets: whole numbers.
        dims: dims to go along: names, shape or filter.
        padding: boundary that says what lies beyond the sides; None leaves out items without all their neighbours.
        stack_dim: dim of the results that has one item for each of `dims`; None for a single dim without it.

    Returns:
        One tensor for each offset.

    Raises:
        ShapeError: several dims without `stack_dim`.
    """
    found = select(x.shape, dims)
    if stack_dim is None and found.rank != 1:
        raise ShapeError(f"shift without stack_dim goes along one dim, but {dims!r} selects {found} of {x.shape}.")
    columns = [_neighbors(x, offsets, name, padding) for name in found.names]
    if stack_dim is None:
        return columns[0]
    return [stack(list(row), stack_dim.with_size(found.names)) for row in zip(*columns, strict=True)]


def _neighbors(x: Tensor, offsets: Sequence[int], dim: str, padding: Any) -> list[Tensor]:
    """`x` shifted along one dim by each of the offsets."""
    lower, upper = max(0, -min(offsets)), max(0, max(offsets))
    size: Any = x.shape.get_size(dim)
    if padding is None:
        size -= lower + upper
    else:
        x = pad(x, {dim: (lower, upper)}, padding)
    return [x[{dim: slice(lower + o, lower + o + size)}] for o in offsets]


def _component(value: Any, name: str) -> Any:
    """A number for all dims, or the component of a vector for one of them."""
    if isinstance(value, (tuple, list)):
        value = wrap(value)
    if isinstance(value, Tensor) and value.shape.channel and value.shape.channel.item_names:
        return value[{value.shape.channel.name: name}]
    if isinstance(value, Tensor) and value.shape.channel:
        raise ShapeError(f"Which component of {value.shape} belongs to dim {name!r}?  Name them, e.g. vec(x=…, y=…).")
    return value


def spatial_gradient(
    grid: Tensor,
    dx: Any = 1,
    difference: str = "central",
    padding: Any = ZERO_GRADIENT,
    dims: Any = spatial,
    stack_dim: Shape | None = GRADIENT,
) -> Tensor:
    """Finite differences along dims, divided by the distance of the points.

    Args:
        grid: tensor.
        dx: distance of the points, a number or vector.
        difference: 'central' (second order), 'forward' or 'backward' (first order).
        padding: boundary that says what lies beyond the sides; None leaves out items without all their neighbours.
        dims: dims to go along: names, shape or filter.
        stack_dim: dim of the components; None for a single dim without it.

    Raises:
        ValueError: unknown kind of difference.
        ShapeError: several dims without `stack_dim`.
    """
    offsets = {"central": (-1, 1), "forward": (0, 1), "backward": (-1, 0)}.get(difference)
    if offsets is None:
        raise ValueError(f"Unknown difference {difference!r}.  Use 'central', 'forward' or 'backward'.")
    found = select(grid.shape, dims)
    if stack_dim is None and found.rank != 1:
        raise ShapeError(
            f"spatial_gradient without stack_dim goes along one dim, but {dims!r} selects {found} of {grid.shape}."
        )
    width = offsets[1] - offsets[0]
    parts = []
    for name in found.names:
        left, right = _neighbors(grid, offsets, name, padding)
        parts.append((right - left) * (1.0 / (_component(dx, name) * width)))
    return parts[0] if stack_dim is None else stack(parts, stack_dim.with_size(found.names))


def laplace(
    x: Tensor, dx: Any = 1, padding: Any = ZERO_GRADIENT, dims: Any = spatial, weights: Tensor | None = None
) -> Tensor:
    """The sum of second differences, divided by the squared distance of the points; second order.

    Args:
        x: tensor.
        dx: distance of the points, a number or vector.
        padding: boundary that says what lies beyond the sides; None leaves out items without all their neighbours.
        dims: dims to go along: names, shape or filter.
        weights: factor of each direction, a vector.

    Raises:
        ShapeError: `dims` selects none of the dims.
    """
    found = select(x.shape, dims)
    boundary: Extrapolation | None = None if padding is None else as_extrapolation(padding)
    total: Any = None
    for name in found.names:
        left, right = _neighbors(x, (-1, 1), name, boundary)
        center = x
        if boundary is None:
            inner = {n: slice(1, -1) for n in found.names}
            center, others = x[inner], {n: s for n, s in inner.items() if n != name}
            left, right = left[others], right[others]
        factor = 1.0 / _component(dx, name) ** 2
        factor = factor if weights is None else factor * _component(weights, name)
        part = (left + right - 2 * center) * factor
        total = part if total is None else total + part
    if total is None:
        name = getattr(dims, "__name__", repr(dims))
        raise ShapeError(f"laplace needs dims to go along, but {name} selects none of {x.shape}.")
    return total


def neighbor_reduce(
    reduce_fun: Callable[..., Tensor], grid: Tensor, dims: Any = spatial, padding: Any = None
) -> Tensor:
    """A reduction such as `mean` over the 2ᵈ points around each point midway between neighbours.

    Args:
        reduce_fun: takes a tensor and the dim to reduce.
        grid: tensor.
        dims: dims along which the points in the middle lie: names, shape or filter.
        padding: None: one point less along each dim; a boundary: as many, each midway to the next.
    """
    for name in select(grid.shape, dims).names:
        grid = reduce_fun(stack(_neighbors(grid, (0, 1), name, padding), NEIGHBORS), NEIGHBORS.name)
    return grid


def neighbor_mean(grid: Tensor, dims: Any = spatial, padding: Any = None) -> Tensor:
    """Means of neighbours: values midway between the points, see `neighbor_reduce`."""
    return neighbor_reduce(mean, grid, dims, padding)


def neighbor_sum(grid: Tensor, dims: Any = spatial, padding: Any = None) -> Tensor:
    """Sums of neighbours, see `neighbor_reduce`."""
    return neighbor_reduce(sum_, grid, dims, padding)


def neighbor_max(grid: Tensor, dims: Any = spatial, padding: Any = None) -> Tensor:
    """The larger of neighbours, see `neighbor_reduce`."""
    return neighbor_reduce(max_, grid, dims, padding)


def neighbor_min(grid: Tensor, dims: Any = spatial, padding: Any = None) -> Tensor:
    """The smaller of neighbours, see `neighbor_reduce`."""
    return neighbor_reduce(min_, grid, dims, padding)
