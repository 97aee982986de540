"""The abstract boundary condition, and the word that fills cells beyond a side."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.shape import EMPTY, Shape
from phiml_core.tensor.arithmetic import Arithmetic
from phiml_core.tensor.tensor import Tensor

__all__ = ["Extrapolation", "IncompatibleBoundaries", "UnknownBoundary", "ghost"]


class UnknownBoundary(ValueError):
    """A boundary condition was named that there is not, or asked of a side for which none is given."""


class IncompatibleBoundaries(TypeError):
    """Two fields were combined whose boundary conditions have no common one."""


class Extrapolation(Arithmetic):
    """A rule for the values beyond the sides of a grid; fields call it their boundary condition.

    Instances are immutable and compare by structure.  A third party makes a boundary by a subclass with a method of
    `ghost`.  Arithmetic combines the boundaries of fields that are combined: `ZERO + 1` is `ONE`; what depends on the
    inner values (zero gradient, periodic, symmetric) stays as it is beside a constant, but its product with 0 is 0.
    """

    __slots__ = ()
    __array_ufunc__ = None

    name: str = ""
    primitive_mode: str | None = None
    """How the array word `pad` calls this rule, if it knows it."""

    plan_key: Any = None
    """What `pad` keeps its plans under; None for rules that only `ghost` knows."""

    constants: tuple[Any, ...] = ()
    """Values that the rule needs, as tensors without dims, in the order of `plan_key`."""

    @property
    def shape(self) -> Shape:
        """Dims along which the rule differs, e.g. batch dims or the vector dim of a constant."""
        return EMPTY

    def side(self, dim: str, upper: bool) -> "Extrapolation":
        """The rule beyond one side, itself without sides."""
        return self

    def component(self, item: str | int) -> "Extrapolation":
        """The rule of one component of a vector, by item name or position."""
        return self[{"vector": item}]

    def __getitem__(self, selection: dict[str, Any]) -> "Extrapolation":
        return self

    def item(self, dim: Shape, i: int) -> "Extrapolation":
        """The rule of item `i` along a dim of the padded tensor, found by its item name where both have names."""
        return self

    @property
    def component_dim(self) -> str | None:
        """The dim along which the rule differs in kind, not only in value; `pad` then goes component by component."""
        return None

    def derivative(self) -> "Extrapolation":
        """The rule for a derivative of the values."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say what holds for derivatives.  Define derivative()."
        )

    def spatial_gradient(self) -> "Extrapolation":
        """The rule for a derivative of the values; the name that users of PhiML know."""
        return self.derivative()

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        """Whether a staggered grid stores its values on the lower and on the upper outer faces along `dim`.

        A value that the boundary fixes, or that is the same as on the opposite side, is not stored.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say which faces are stored.  Define outer_faces().")

    def valid_outer_faces(self, dim: str) -> tuple[bool, bool]:
        """`outer_faces`; the name that users of PhiML know."""
        return self.outer_faces(dim)

    @property
    def is_flexible(self) -> bool:
        """Whether values on the boundary follow from those inside, so that a flow may pass."""
        return False

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(type(self))

    def __reduce__(self) -> Any:
        return type(self), ()

    def __repr__(self) -> str:
        return self.name


@generic(on="boundary")
def ghost(boundary: Extrapolation, value: Tensor, dim: str, upper: bool, width: int) -> Tensor:
    """The values beyond one side of `value`.

    Args:
        boundary: the rule; a third party adds boundaries by a method for its class.
        value: tensor with the dim.
        dim: name of the dim that is extended.
        upper: beyond the last item, else before the first.
        width: number of items wanted, at least 1; may exceed the size of the dim.

    Returns:
        A tensor with `width` items along `dim`; other dims of `value` may be missing where it is constant along them.
    """
    ...
