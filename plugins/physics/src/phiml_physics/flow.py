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
    batch,
    channel,
    check_gradient,
    convert,
    custom_gradient,
    dual,
    gradient,
    instance,
    iterate,
    jit_compile,
    non_batch,
    non_channel,
    non_spatial,
    shape,
    spatial,
    stack,
    stop_gradient,
    tensor,
    unstack,
    value_and_gradient,
    vec,
    wrap,
)  # fmt: skip
from phiml_core.plugin.ondemand import load as _load
from phiml_core.solve import Diverged, NotConverged, Solve, record_solves

from phiml_physics import advect, diffuse, field, fluid, geom
from phiml_physics.fluid import Obstacle
from phiml_physics.geom import Box, Cuboid, Image, Sphere, UniformGrid, image_geometry, union
from phiml_physics.grid import CenteredGrid, StaggeredGrid
from phiml_physics.operators import curl, divergence, laplace, spatial_gradient

_load("physics")

PI, INF = 3.141592653589793, float("inf")

__all__ = [
    "ANTISYMMETRIC", "BOUNDARY", "Box", "CenteredGrid", "Cuboid", "Diverged", "Field", "Geometry", "INF", "Image",
    "NotConverged", "ONE", "Obstacle", "PERIODIC", "PI", "SYMMETRIC", "Shape", "Solve", "Sphere", "StaggeredGrid",
    "Tensor", "UniformGrid", "ZERO", "ZERO_GRADIENT", "advect", "animate", "backend", "batch", "channel",
    "check_gradient", "combine_sides", "convert", "curl", "custom_gradient", "diffuse", "divergence", "dual",
    "extrapolation", "field", "fluid", "geom", "gradient", "image_geometry", "instance", "iterate", "jit_compile",
    "laplace", "math", "non_batch", "non_channel", "non_spatial", "plot", "precision", "record_solves", "resample",
    "sample", "set_precision", "shape", "spatial", "spatial_gradient", "stack", "stop_gradient", "tensor", "union",
    "unstack", "use", "value_and_gradient", "vec", "wrap",
]  # fmt: skip
