"""The boundary across which nothing changes."""

from phiml_core.ops.repeat import expand
from phiml_core.ops.slicing import slice_dim
from phiml_core.tensor.tensor import Tensor

from .constant import ZERO
from .copying import Copying
from .extrapolation import Extrapolation, ghost

__all__ = ["BOUNDARY", "ZERO_GRADIENT", "ZeroGradient"]


class ZeroGradient(Copying):
    """Values outside equal the outermost value inside (homogeneous Neumann).

    >>> from phiml_core import math, extrapolation
    >>> math.pad(math.wrap([1, 2, 3], math.spatial('x')), {'x': (2, 1)}, extrapolation.ZERO_GRADIENT).numpy()
    array([1, 1, 1, 2, 3, 3])
    """

    __slots__ = ()
    name = "zero-gradient"
    primitive_mode = "edge"

    def derivative(self) -> Extrapolation:
        return ZERO

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return True, True

    @property
    def is_flexible(self) -> bool:
        return True


@ghost.dispatch
def _(boundary: ZeroGradient, value: Tensor, dim, upper, width):
    edge = slice_dim(value, dim, -1 if upper else 0)
    return expand(edge, value.shape[dim].with_size(width))


ZERO_GRADIENT = BOUNDARY = ZeroGradient()
