"""Linear interpolation of grids at positions given in cells."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from phiml_core.backend.precision import current
from phiml_core.extrapolation import Extrapolation, as_extrapolation
from phiml_core.shape import Shape, ShapeError, UnknownDim, channel
from phiml_core.tensor.arithmetic import OPS
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure
from phiml_core.transform.custom_gradient import custom_gradient
from phiml_core.tree import is_tree, tree_map

from .cells import Cells, Rule, lerp
from .create import wrap
from .join import stack
from .layouts import has_own_layout
from .pad import pad
from .repeat import store
from .unstack import unstack

__all__ = ["closest_grid_values", "corner_values", "grid_sample", "linear", "named_components"]


def grid_sample(grid: Any, coordinates: Tensor, extrap: Any) -> Any:
    """The values of a grid at positions between its points, by linear interpolation.

    Args:
        grid: tensor or tree of tensors with the dims that the coordinates name; further dims are kept.
        coordinates: positions in cells, (…, vector): 0 is the first value along a dim, n - 1 the last.  The item names
            of the channel dim name the dims, in any order.  Dims that `grid` has too (such as batch dims) pair up.
        extrap: what holds beyond the sides: an `Extrapolation`, a name or a number, also per side.

    Returns:
        The dims of `coordinates` without the channel dim, and those of `grid` that are not interpolated.

    Raises:
        UnknownDim: the coordinates name a dim that `grid` has not.
        UnknownBoundary: no such boundary.

    The derivative along the coordinates is that of the cell that begins at the floor: at whole numbers one-sided.

    >>> from phiml_core import math
    >>> math.grid_sample(math.wrap([1., 3., 2.], math.spatial('x')), math.wrap([0.5], math.channel(vector='x')), 0)
    2.0
    """
    if not isinstance(grid, Tensor):
        return tree_map(lambda t: grid_sample(t, coordinates, extrap), grid) if is_tree(grid) else wrap(grid)
    if has_own_layout(grid):
        return restructure(grid, grid_sample, (grid,), (coordinates, extrap))
    return _by_layout(grid, coordinates, as_extrapolation(extrap), _sample)


def corner_values(grid: Tensor, coordinates: Tensor, extrap: Any) -> tuple[list[Tensor], list[Tensor]]:
    """The values at the 2ᵈ corners of the cell around each position, and the fraction of the way along each dim.

    Arguments as of `grid_sample`.  The corners are in product order of the components of `coordinates`, the first
    outermost; `linear(corners, fractions)` is what `grid_sample` returns; the least and the greatest corner bound it.
    """
    found: tuple[Any, Any] = _by_layout(grid, coordinates, as_extrapolation(extrap), _corners)
    return found


def linear(corners: list[Tensor], fractions: list[Tensor]) -> Tensor:
    """The multilinear interpolation of corner values, see `corner_values`."""
    return lerp(_Words, corners, fractions)


class _Words:
    add, subtract, multiply = OPS["add"], OPS["subtract"], OPS["multiply"]


def closest_grid_values(grid: Tensor, coordinates: Tensor, extrap: Any, stack_dim_prefix: str = "closest_") -> Tensor:
    """The values at the corners of the cell around each position, along a channel dim of size 2 per interpolated dim.

    Arguments as of `grid_sample`.
    """
    corners, _ = corner_values(grid, coordinates, extrap)
    names, _ = named_components(grid.shape, coordinates)
    for name in reversed(names):
        dim = channel(stack_dim_prefix + name)
        corners = [stack(list(pair), dim) for pair in zip(corners[::2], corners[1::2], strict=True)]
    return corners[0]


def named_components(shape: Shape, coordinates: Tensor) -> tuple[tuple[str, ...], str]:
    """The dims that the components of `coordinates` name, and the dim of the components."""
    dims = coordinates.shape.channel
    if dims.rank > 1 and "vector" in dims.names:
        dims = dims["vector"]
    if dims.rank != 1:
        raise ShapeError(
            f"Coordinates need one channel dim whose item names are dims of the grid {shape}, but their shape is "
            f"{coordinates.shape}.  Make them by vec(x=…, y=…), or name it 'vector'."
        )
    names = dims.item_names
    if names is None:
        names = shape.spatial.names
        if len(names) != dims.size:
            raise ShapeError(
                f"Which dims of the grid {shape} are the {dims.size} components of {coordinates.shape}?  "
                f"Name them, e.g. channel({dims.name}='{','.join(names)}')."
            )
    missing = [n for n in names if n not in shape.names]
    if missing:
        raise UnknownDim(
            f"The coordinates name {', '.join(missing)}, but the grid has the dims {shape}.  Rename the items of "
            f"{dims}, or pass only the components that the grid has."
        )
    return names, dims.name


def _by_layout(grid: Tensor, coordinates: Tensor, boundary: Extrapolation, run: Callable[..., Any]) -> Any:
    """Bring grid and coordinates into dense form, going item by item where sizes or boundaries differ."""
    coordinates = coordinates if isinstance(coordinates, Tensor) else wrap(coordinates)
    names, vector = named_components(grid.shape, coordinates)
    along = boundary.component_dim
    for t in (grid, coordinates):
        if isinstance(t, Stacked) and t.dim.name not in (vector if t is coordinates else "") and not t.shape.is_uniform:
            along = t.dim.name
    if along is not None and (along in grid.shape.names or (along in coordinates.shape.names and along != vector)):
        dim = grid.shape[along] if along in grid.shape.names else coordinates.shape[along]
        return _each(grid, coordinates, boundary, run, dim, vector)
    grid = as_dense(grid)
    missing = tuple(n for n in names if n not in grid.spec.axes)
    if missing:
        grid = as_dense(store(grid, missing))
    padded, rules, shifts = _rules(grid, names, boundary)
    positions = tuple(
        as_dense(c + 1 if shift else c) for c, shift in zip(unstack(coordinates, vector), shifts, strict=True)
    )
    return run(as_dense(padded), positions, names, rules)


def _each(grid: Tensor, coordinates: Tensor, boundary: Extrapolation, run: Any, dim: Shape, vector: str) -> Any:
    count: Any = dim.size
    grids = unstack(grid, dim.name) if dim.name in grid.shape.names else (grid,) * count
    own = dim.name in coordinates.shape.names and dim.name != vector
    points = unstack(coordinates, dim.name) if own else (coordinates,) * count
    found = [_by_layout(g, p, boundary.item(dim, i), run) for i, (g, p) in enumerate(zip(grids, points, strict=True))]
    if isinstance(found[0], Tensor):
        return stack(found, dim)
    corners, fractions = zip(*found, strict=True)
    joined = [stack(list(c), dim) for c in zip(*corners, strict=True)]
    return joined, [stack(list(f), dim) for f in zip(*fractions, strict=True)] if own else fractions[0]


def _rules(
    grid: Dense, names: tuple[str, ...], boundary: Extrapolation
) -> tuple[Tensor, tuple[Rule, ...], tuple[bool, ...]]:
    """How positions lead back inside; sides that no position inside stands for get a margin of one cell instead."""
    rules: list[Rule] = []
    widths: dict[str, tuple[int, int]] = {}
    for name in names:
        lower, upper = (boundary.side(name, up).plan_key for up in (False, True))
        known = (
            ("edge", "wrap", "symmetric", "antisymmetric") if lower == upper else ("edge", "symmetric", "antisymmetric")
        )
        if lower not in known or upper not in known:
            widths[name] = int(lower not in known), int(upper not in known)
        rules.append((lower if lower in known else "edge", upper if upper in known else "edge"))
    ordered = {n: widths[n] for n in grid.shape.names if n in widths}  # where two margins meet, the last dim decides
    shifts = tuple(widths.get(n, (0, 0))[0] == 1 for n in names)
    return (pad(grid, ordered, boundary) if ordered else grid), tuple(rules), shifts


# --- dense ---


def _cells(grid: Dense, positions: tuple[Dense, ...], names: Any, rules: Any, program: str) -> tuple[Any, Cells]:
    precision = current()
    specs = tuple(p.spec for p in positions)
    key = (program, Cells, grid.spec, specs, names, rules)
    plan = precision.plans.get(key)
    if plan is None:
        cells = Cells(grid.spec, specs, names, rules)
        plan = precision.keep(key, (cells.backend.fuse(getattr(cells, program), cells.wide), cells))
    return plan


def _sample(grid: Dense, positions: tuple[Dense, ...], names: tuple[str, ...], rules: tuple[Rule, ...]) -> Tensor:
    if any(t.backend.any_traced((t.native_array,)) for t in (grid, *positions)):
        return _differentiable(names, rules)(grid, *positions)
    return _forward(grid, positions, names, rules)


def _forward(grid: Dense, positions: tuple[Dense, ...], names: Any, rules: Any) -> Dense:
    run, cells = _cells(grid, positions, names, rules, "read")
    return Dense(run(grid.native_array, *[p.native_array for p in positions]), cells.out)


@lru_cache(1024)
def _differentiable(names: tuple[str, ...], rules: tuple[Rule, ...]) -> Callable[..., Tensor]:
    def sample(grid: Any, *positions: Any) -> Tensor:
        return _forward(as_dense(grid), tuple(map(as_dense, positions)), names, rules)

    def adjoint(inputs: tuple[Any, ...], output: Any, output_gradient: Any) -> tuple[Any, ...]:
        grid, *positions = map(as_dense, inputs)
        run, cells = _cells(grid, tuple(positions), names, rules, "adjoint")
        gradient = as_dense(store(output_gradient))
        have = gradient.spec.stored.names
        assert have == cells.out.stored.names, (have, cells.out)
        on_grid, *on_positions = run(grid.native_array, gradient.native_array, *[p.native_array for p in positions])
        back = [Dense(on_grid, make_spec(grid.spec.stored, grid.shape, cells.backend, cells.dtype))]
        for p, g in zip(positions, on_positions, strict=True):
            back.append(Dense(g, make_spec(p.spec.stored, p.shape, cells.backend, cells.dtype)))
        return tuple(b if i.dtype.kind in (float, complex) else None for b, i in zip(back, inputs, strict=True))

    return custom_gradient(sample, adjoint)


def _corners(grid: Dense, positions: tuple[Dense, ...], names: Any, rules: Any) -> tuple[list[Tensor], list[Tensor]]:
    run, cells = _cells(grid, positions, names, rules, "read_corners")
    found = run(grid.native_array, *[p.native_array for p in positions])
    count = 2 ** len(names)
    specs = [make_spec(p.spec.stored, p.shape, cells.backend, cells.float) for p in positions]
    return [Dense(x, cells.out) for x in found[:count]], [
        Dense(x, s) for x, s in zip(found[count:], specs, strict=True)
    ]
