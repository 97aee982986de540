"""The boundary of products with a factor that may be zero outside."""

from typing import Any

from phiml_core.ops.elementwise import where
from phiml_core.ops.reduce import all_, any_
from phiml_core.ops.repeat import expand
from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor.tensor import Tensor

from .constant import Constant
from .extrapolation import Extrapolation, ghost

__all__ = ["Masked", "masked"]


class Masked(Extrapolation):
    """Values outside are 0 where a factor is, else those of another rule.

    It is what holds for the product of a field of fixed values outside and a field that is continued from inside, as long as
    the fixed values are arguments of compiled code.  Once they are known, one of both remains: see `masked`.
    """

    __slots__ = ("factor", "rule")
    __value_attrs__ = ("factor", "rule")
    __static_attrs__ = ()
    factor: Tensor
    rule: Extrapolation

    def __init__(self, factor: Tensor, rule: Extrapolation):
        self.factor, self.rule = factor, rule

    def __with_attrs__(self, factor: Any, rule: Any) -> "Masked":
        return Masked(factor, rule)

    @property
    def shape(self) -> Shape:
        return merge_shapes(self.factor.shape, self.rule.shape)

    def side(self, dim: str, upper: bool) -> Extrapolation:
        return Masked(self.factor, self.rule.side(dim, upper))

    def __getitem__(self, selection: dict[str, Any]) -> Extrapolation:
        factor: Any = Constant(self.factor)[selection]
        return Masked(factor.value, self.rule[selection])

    def item(self, dim: Shape, i: int) -> Extrapolation:
        factor: Any = Constant(self.factor).item(dim, i)
        return Masked(factor.value, self.rule.item(dim, i))

    def derivative(self) -> Extrapolation:
        rule = self.rule.derivative()
        return rule if isinstance(rule, Constant) else Masked(self.factor, rule)

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return self.rule.outer_faces(dim)

    @property
    def is_flexible(self) -> bool:
        return self.rule.is_flexible

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Masked) and Constant(self.factor) == Constant(other.factor) and self.rule == other.rule

    def __hash__(self) -> int:
        return hash((Masked, self.factor.shape, self.rule))

    def __reduce__(self) -> Any:
        return Masked, (self.factor, self.rule)

    def __repr__(self) -> str:
        return f"(0 where {self.factor} is, else {self.rule})"


def masked(factor: Tensor, rule: Extrapolation) -> Extrapolation:
    """The boundary of a product: 0 where the factor is known to be, `rule` where it is known not to be, else `Masked`."""
    if factor.available:
        zero = factor == 0
        if bool(all_(zero, zero.shape)):
            return Constant(factor)
        if not bool(any_(zero, zero.shape)):
            return rule
    return Masked(factor, rule)


@ghost.dispatch
def _(boundary: Masked, value: Tensor, dim, upper, width):
    inner = expand(ghost(boundary.rule, value, dim, upper, width), value.shape[dim].with_size(width))
    return where(boundary.factor == 0, 0 * inner, inner)
