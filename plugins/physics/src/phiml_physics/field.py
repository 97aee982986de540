"""The functions of fields, under the names that users of PhiFlow know: `from phiml_physics import field`."""

from phiml_core.field import Field, resample, sample
from phiml_core.math import (
    abs_,
    cast,
    concat,
    cos,
    divide_no_nan,
    exp,
    imag,
    is_finite,
    l1_loss,
    l2_loss,
    log,
    max_,
    maximum,
    mean,
    min_,
    minimum,
    real,
    rename_dims,
    round_,
    sign,
    sin,
    sqrt,
    stack,
    stop_gradient,
    sum_,
    tan,
    to_float,
    unstack,
    where,
)

from .grid import CenteredGrid, StaggeredGrid
from .operators import curl, divergence, laplace, spatial_gradient

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
    "CenteredGrid", "Field", "StaggeredGrid", "abs_", "assert_close", "cast", "concat", "cos", "curl", "divergence",
    "divide_no_nan", "exp", "imag", "is_finite", "l1_loss", "l2_loss", "laplace", "log", "max_", "maximum", "mean",
    "min_", "minimum", "real", "rename_dims", "resample", "round_", "sample", "sign", "sin", "spatial_gradient",
    "sqrt", "stack", "stop_gradient", "sum_", "tan", "to_float", "unstack", "vec_abs", "vec_length", "vec_squared",
    "where",
]  # fmt: skip
