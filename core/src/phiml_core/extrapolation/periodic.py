"""The periodic boundary."""

from phiml_core.tensor.tensor import Tensor

from .copying import Copying, copied
from .extrapolation import Extrapolation, ghost

__all__ = ["PERIODIC", "Periodic"]


class Periodic(Copying):
    """Values repeat from the opposite side.

    >>> from phiml_core import math, extrapolation
    >>> math.pad(math.wrap([1, 2, 3], math.spatial('x')), {'x': (1, 1)}, extrapolation.PERIODIC).numpy()
    array([3, 1, 2, 3, 1])
    """

    __slots__ = ()
    name = "periodic"
    primitive_mode = "wrap"

    def derivative(self) -> Extrapolation:
        return self

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return True, False


@ghost.dispatch
def _(boundary: Periodic, value: Tensor, dim, upper, width):
    return copied(value, "wrap", dim, upper, width)


PERIODIC = Periodic()
