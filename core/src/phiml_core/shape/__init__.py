"""Named, typed dimensions."""

from .shape import EMPTY, Shape, make_shape  # first: the function `shape` takes the name of this module

# isort: split
from .dim import Varying
from .errors import DimTypeConflict, IncompatibleShapes, ItemNameError, ShapeError, UnknownDim
from .filters import (
    batch,
    channel,
    dual,
    instance,
    non_batch,
    non_channel,
    non_dual,
    non_instance,
    non_primal,
    non_spatial,
    primal,
    shape,
    spatial,
)
from .merge import concat_shapes, merge_shapes
from .parse import select

__all__ = [
    "EMPTY",
    "DimTypeConflict",
    "IncompatibleShapes",
    "ItemNameError",
    "Shape",
    "ShapeError",
    "UnknownDim",
    "Varying",
    "batch",
    "channel",
    "concat_shapes",
    "dual",
    "instance",
    "make_shape",
    "merge_shapes",
    "non_batch",
    "non_channel",
    "non_dual",
    "non_instance",
    "non_primal",
    "non_spatial",
    "primal",
    "select",
    "shape",
    "spatial",
]
