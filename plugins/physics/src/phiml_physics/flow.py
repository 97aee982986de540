"""Everything a simulation script needs: `from phiml_physics.flow import *`.

NumPy computes, unless another default backend was chosen: `from phiml_jax.flow import *` gives the same names and
chooses JAX.
"""

import numpy as np
from phiml_core import extrapolation, math
from phiml_core import marks as vis
from phiml_core.backend import backend, precision, set_precision, use
from phiml_core.extrapolation import (
    ANTIREFLECT,
    ANTISYMMETRIC,
    BOUNDARY,
    ONE,
    PERIODIC,
    REFLECT,
    SYMMETRIC,
    ZERO,
    ZERO_GRADIENT,
    Extrapolation,
    combine_by_direction,
    combine_sides,
)
from phiml_core.field import Field, Geometry, resample, sample
from phiml_core.marks import animate, overlay, plot, show
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
    hessian,
    instance,
    is_finite,
    is_inf,
    is_nan,
    iterate,
    jacobian,
    jit_compile,
    jit_compile_linear,
    l1_loss,
    l2_loss,
    linspace,
    log,
    log1p,
    log2,
    log10,
    map_c2b,
    map_c2d,
    map_d2b,
    map_d2c,
    map_i2b,
    map_s2b,
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
    random_normal,
    random_uniform,
    rename_dims,
    safe_div,
    scatter,
    seed,
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
from phiml_core.solve import ConvergenceException, Diverged, NotConverged, Solve, SolveTape, record_solves

from phiml_physics import advect, diffuse, field, fluid, geom
from phiml_physics.fluid import Obstacle
from phiml_physics.geom import Box, Cuboid, Image, Sphere, UniformGrid, embed, image_geometry, infinite_cylinder, union
from phiml_physics.grid import CenteredGrid, Noise, StaggeredGrid
from phiml_physics.operators import curl, divergence, laplace, spatial_gradient
from phiml_physics.scene import Scene

for _plugin in ("physics", "solvers"):  # now, for methods that come while a function is traced make it be traced again
    _load(_plugin)

PI, INF, NAN = 3.141592653589793, float("inf"), float("nan")
functional_gradient = gradient

__all__ = [
    "ANTIREFLECT", "ANTISYMMETRIC", "BOUNDARY", "Box", "CenteredGrid", "ConvergenceException", "Cuboid", "Diverged",
    "Extrapolation", "Field", "Geometry", "INF", "Image", "NAN", "Noise", "NotConverged", "ONE", "Obstacle",
    "PERIODIC", "PI", "REFLECT", "SYMMETRIC", "Scene", "Shape", "Solve", "SolveTape", "Sphere", "StaggeredGrid",
    "Tensor", "UniformGrid", "ZERO", "ZERO_GRADIENT", "advect", "animate", "arange", "arccos", "arcsin", "arctan",
    "assert_close", "backend", "batch", "cast", "ceil", "channel", "check_gradient", "clip", "close",
    "combine_by_direction", "combine_sides", "concat", "convert", "cos", "cosh", "curl", "custom_gradient", "diffuse",
    "divergence", "dot", "dual", "embed", "erf", "exp", "expand", "extrapolation", "field", "floor", "fluid",
    "functional_gradient", "gather", "geom", "gradient", "hessian", "image_geometry", "infinite_cylinder", "instance",
    "is_finite", "is_inf", "is_nan", "iterate", "jacobian", "jit_compile", "jit_compile_linear", "l1_loss", "l2_loss",
    "laplace", "linspace", "log", "log10", "log1p", "log2", "map_c2b", "map_c2d", "map_d2b", "map_d2c", "map_i2b",
    "map_s2b", "math", "maximum", "mean", "median", "meshgrid", "minimum", "non_batch", "non_channel", "non_dual",
    "non_instance", "non_primal", "non_spatial", "nonzero", "normalize", "np", "ones", "ones_like", "overlay",
    "pack_dims", "plot", "precision", "primal", "random_normal", "random_uniform", "record_solves", "rename_dims",
    "resample", "safe_div", "sample", "scatter", "seed", "set_precision", "shape", "show", "sigmoid", "sign", "sin",
    "sinh", "solve_linear", "spatial", "spatial_gradient", "sqrt", "stack", "stop_gradient", "tan", "tanh", "tensor",
    "union", "unpack_dim", "unstack", "use", "value_and_gradient", "vec", "vis", "where", "wrap", "zeros",
    "zeros_like",
]  # fmt: skip
