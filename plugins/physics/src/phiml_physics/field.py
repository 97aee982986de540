"""The functions of fields, under the names that users of PhiFlow know: `from phiml_physics import field`."""

from typing import Any

from phiml_core.extrapolation import ZERO_GRADIENT
from phiml_core.field import Field, resample, sample
from phiml_core.math import (
    abs_,
    cast,
    ceil,
    concat,
    convert,
    cos,
    divide_no_nan,
    exp,
    floor,
    gradient,
    imag,
    is_finite,
    jacobian,
    jit_compile,
    jit_compile_linear,
    l1_loss,
    l2_loss,
    log,
    max_,
    maximum,
    mean,
    min_,
    minimum,
    pack_dims,
    real,
    rename_dims,
    round_,
    safe_mul,
    sign,
    sin,
    solve_linear,
    sqrt,
    stack,
    stop_gradient,
    sum_,
    tan,
    to_float,
    to_int32,
    to_int64,
    unstack,
    where,
)

from .grid import CenteredGrid, Noise, StaggeredGrid
from .grid.boundaries import grid_boundary
from .grid.measures import center_of_mass, integrate, normalize, support
from .grid.resized import downsample2x, pad, shift, stagger, upsample2x
from .operators import curl, divergence, fourier_laplace, fourier_poisson, laplace, spatial_gradient
from .scene.fields import read, write

functional_gradient = gradient
isfinite = is_finite
abs = abs_
sum = sum_
max = max_
min = min_
round = round_


def vec_length(field: Field) -> Field:
    """Lengths of the vectors of a field; of a staggered grid at the centers of its cells."""
    from phiml_core import math

    centered = field.at_centers() if isinstance(field, StaggeredGrid) else field
    return centered.with_values(math.vec_length(centered.values, "vector")).with_boundary(0)


vec_abs = vec_length


def vec_squared(field: Field) -> Field:
    """Squared lengths of the vectors of a field; of a staggered grid at the centers of its cells."""
    from phiml_core import math

    centered = field.at_centers() if isinstance(field, StaggeredGrid) else field
    return centered.with_values(math.vec_squared(centered.values, "vector")).with_boundary(0)


def mask(field: Field) -> Field:
    """1 at all places of a field, 0 beyond."""
    return field.with_values(1.0).with_boundary(0) if isinstance(field, CenteredGrid) else field * 0.0 + 1.0


def as_boundary(value: Any, geometry: Any) -> Any:
    """A boundary as grids with these axes hold it: from a number, a vector, a name, sides, or an `Extrapolation`.

    Args:
        geometry: geometry or field of the space.
    """
    space = geometry.geometry if isinstance(geometry, Field) else geometry
    return grid_boundary(value, space.vector.item_names)


def bake_extrapolation(grid: Any) -> Any:
    """The grid with the values of its boundary among its own: on all outer faces, or in one more cell around a centered grid."""
    return grid.with_boundary(ZERO_GRADIENT) if isinstance(grid, StaggeredGrid) else pad(grid, 1)


def assert_close(*fields: Field, rel_tolerance: float = 1e-5, abs_tolerance: float = 0.0) -> None:
    """Raise AssertionError unless all fields have the same values within |a - b| <= abs + rel |b|."""
    from phiml_core import math

    first = fields[0]
    for other in fields[1:]:
        for a, b in zip(_arrays(first), _arrays(other), strict=True):
            difference, size = abs_(a - b), abs_(b)
            if not bool(math.all_(difference <= abs_tolerance + rel_tolerance * size, difference.shape)):
                largest = float(max_(difference, difference.shape))
                raise AssertionError(f"{first} and {other} differ by up to {largest:.3g}.")


def _arrays(field: Field) -> list:
    values = field.values if isinstance(field, Field) else field
    return list(unstack(values, "vector")) if "vector" in values.shape.names else [values]


__all__ = [
    "CenteredGrid", "Field", "Noise", "StaggeredGrid", "abs_", "as_boundary", "assert_close", "bake_extrapolation", "cast",
    "ceil", "center_of_mass", "concat", "convert", "cos", "curl", "divergence", "divide_no_nan", "downsample2x", "exp",
    "floor", "fourier_laplace", "fourier_poisson", "functional_gradient", "gradient", "imag", "integrate", "is_finite",
    "isfinite", "jacobian", "jit_compile", "jit_compile_linear", "l1_loss", "l2_loss", "laplace", "log", "mask", "max_",
    "maximum", "mean", "min_", "minimum", "normalize", "pack_dims", "pad", "read", "real", "rename_dims", "resample", "round_", "safe_mul",
    "sample", "shift", "sign", "sin", "solve_linear", "spatial_gradient", "sqrt", "stack", "stagger", "stop_gradient",
    "sum_", "support", "tan", "to_float", "to_int32", "to_int64", "unstack", "upsample2x", "vec_abs", "vec_length", "vec_squared", "where", "write",
]  # fmt: skip
