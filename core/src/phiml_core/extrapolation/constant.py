"""The boundary of fixed values."""

from typing import Any

from phiml_core.ops.create import wrap
from phiml_core.ops.repeat import expand
from phiml_core.ops.slicing import index
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from .extrapolation import Extrapolation, ghost

__all__ = ["ONE", "ZERO", "Constant"]


class Constant(Extrapolation):
    """Values outside are `value`: a number or a tensor, e.g. one value per batch item or vector component.

    The value is a leaf of the tree: it may change from call to call of a compiled function, and has a gradient.

    >>> from phiml_core import math, extrapolation
    >>> math.pad(math.wrap([1, 2, 3], math.spatial('x')), {'x': (1, 1)}, extrapolation.Constant(7)).numpy()
    array([7, 1, 2, 3, 7])
    """

    __slots__ = ("value",)
    __value_attrs__ = ("value",)
    __static_attrs__ = ()
    primitive_mode = "constant"
    value: Tensor

    def __init__(self, value: Any):
        self.value = value if isinstance(value, Tensor) else wrap(value)

    @property
    def constants(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (self.value,)

    @property
    def plan_key(self) -> Any:  # type: ignore[override]
        value = self.value
        return ("constant", value.spec) if type(value) is Dense and not value.spec.shape else None

    def __with_attrs__(self, value: Any) -> "Constant":
        if isinstance(value, (Tensor, int, float, complex)):
            return Constant(value)
        new = object.__new__(Constant)  # a transform passes other things through trees, e.g. structures of tensors
        new.value = value
        return new

    @property
    def shape(self) -> Shape:
        return self.value.shape

    def __getitem__(self, selection: dict[str, Any]) -> Extrapolation:
        mine = {n: s for n, s in selection.items() if n in self.value.shape.names}
        return Constant(index(self.value, mine)) if mine else self

    def item(self, dim: Shape, i: int) -> Extrapolation:
        own = self.value.shape
        if dim.name not in own.names:
            return self
        named = dim.item_names is not None and own.get_item_names(dim.name) is not None
        return Constant(index(self.value, {dim.name: dim.item_names[i] if named else i}))  # type: ignore[index]

    def derivative(self) -> Extrapolation:
        return ZERO

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return False, False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Constant):
            return False
        a, b = self.value, other.value
        if a is b:
            return True
        if not (a.available and b.available) or a.shape != b.shape:
            return False
        return bool((a == b).all)

    def __hash__(self) -> int:
        return hash((Constant, self.value.shape))

    def __reduce__(self) -> Any:
        return Constant, (self.value,)

    def __repr__(self) -> str:
        value = self.value
        if value.shape or not value.available or value.dtype.kind is not float:
            return repr(value)
        text = f"{value.item():g}"
        return text if set(text) & set(".en") else f"{text}.0"


@ghost.dispatch
def _(boundary: Constant, value: Tensor, dim, upper, width):
    return expand(boundary.value, value.shape[dim].with_size(width))


ZERO, ONE = Constant(0), Constant(1)
