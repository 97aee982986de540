"""Everything a simulation script needs: `from phiml_physics.flow import *`.

NumPy computes, unless another default backend was chosen: `from phiml_jax.flow import *` gives the same names and
chooses JAX.
"""

from phiml_core import extrapolation, math
from phiml_core.backend import backend, precision, set_precision, use
from phiml_core.extrapolation import (
    ANTISYMMETRIC,
    BOUNDARY,
    ONE,
    PERIODIC,
    SYMMETRIC,
    ZERO,
    ZERO_GRADIENT,
    combine_sides,
)
from phiml_core.field import Field, Geometry, resample, sample
from phiml_core.marks import animate, plot
from phiml_core.math import (
    Shape,
    Tensor,
    arange,
    arccos,
    arcsin,
    arctan,
    assert_close,
    batch,
    cast,
    ceil,
    channel,
    check_gradient,
    clip,
    close,
    concat,
    convert,
    cos,
    cosh,
    custom_gradient,
    dot,
    dual,
    erf,
    exp,
    expand,
    floor,
    gather,
    gradient,
    instance,
    is_finite,
    is_inf,
    is_nan,
    iterate,
    jit_compile,
    l1_loss,
    l2_loss,
    linspace,
    log,
    log2,
    log10,
    maximum,
    mean,
    median,
    meshgrid,
    minimum,
    non_batch,
    non_channel,
    non_dual,
    non_instance,
    non_primal,
    non_spatial,
    nonzero,
    normalize,
    ones,
    ones_like,
    pack_dims,
    primal,
    rename_dims,
    safe_div,
    scatter,
    shape,
    sigmoid,
    sign,
    sin,
    sinh,
    solve_linear,
    spatial,
    sqrt,
    stack,
    stop_gradient,
    tan,
    tanh,
    tensor,
    unpack_dim,
    unstack,
    value_and_gradient,
    vec,
    where,
    wrap,
    zeros,
    zeros_like,
)  # fmt: skip
from phiml_core.plugin.ondemand import load as _load
from phiml_core.solve import Diverged, NotConverged, Solve, record_solves

from phiml_physics import advect, diffuse, field, fluid, geom
from phiml_physics.fluid import Obstacle
from phiml_physics.geom import Box, Cuboid, Image, Sphere, UniformGrid, image_geometry, union
from phiml_physics.grid import CenteredGrid, Noise, StaggeredGrid
from phiml_physics.operators import curl, divergence, laplace, spatial_gradient

for _plugin in ("physics", "solvers"):  # now, for methods that come while a function is traced make it be traced again
    _load(_plugin)

PI, INF = 3.141592653589793, float("inf")

__all__ = [
    "ANTISYMMETRIC", "BOUNDARY", "Box", "CenteredGrid", "Cuboid", "Diverged", "Field", "Geometry", "INF", "Image",
    "Noise", "NotConverged", "ONE", "Obstacle", "PERIODIC", "PI", "SYMMETRIC", "Shape", "Solve", "Sphere", "StaggeredGrid",
    "Tensor", "UniformGrid", "ZERO", "ZERO_GRADIENT", "advect", "animate", "arange", "arccos", "arcsin", "arctan",
    "assert_close", "backend", "batch", "cast", "ceil", "channel", "check_gradient", "clip", "close", "combine_sides",
    "concat", "convert", "cos", "cosh", "curl", "custom_gradient", "diffuse", "divergence", "dot", "dual", "erf",
    "exp", "expand", "extrapolation", "field", "floor", "fluid", "gather", "geom", "gradient", "image_geometry",
    "instance", "is_finite", "is_inf", "is_nan", "iterate", "jit_compile", "l1_loss", "l2_loss", "laplace",
    "linspace", "log", "log10", "log2", "math", "maximum", "mean", "median", "meshgrid", "minimum", "non_batch",
    "non_channel", "non_dual", "non_instance", "non_primal", "non_spatial", "nonzero", "normalize", "ones",
    "ones_like", "pack_dims", "plot", "precision", "primal", "record_solves", "rename_dims", "resample", "safe_div",
    "sample", "scatter", "set_precision", "shape", "sigmoid", "sign", "sin", "sinh", "solve_linear", "spatial",
    "spatial_gradient", "sqrt", "stack", "stop_gradient", "tan", "tanh", "tensor", "union", "unpack_dim", "unstack",
    "use", "value_and_gradient", "vec", "where", "wrap", "zeros", "zeros_like",
]  # fmt: skip
