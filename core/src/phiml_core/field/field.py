"""Field: values at places in space, with a rule for what lies beyond them."""

from typing import Any, Self

from phiml_core.shape import Shape
from phiml_core.tensor.arithmetic import OPS, Arithmetic, binary
from phiml_core.tensor.axis import Axis

__all__ = ["Field"]


class Field(Arithmetic):
    """A function of space, known by its values at the regions of a geometry.

    A kind of field is a subclass with the attributes below.  The parts that vary in a simulation, `values` and
    `boundary`, are the leaves of the tree; the rest is static.  Operators call the words of tensors (`binary`,
    `unary`), to which a kind of field adds methods.

    Attributes:
        values: tensor with the dims of the sample points, channel and batch dims.
        boundary: `Extrapolation`, the values beyond the sampled region.
        geometry: the regions (cells, points) the values belong to.
    """

    __slots__ = ("__weakref__",)
    __value_attrs__: tuple[str, ...] = ("values", "boundary")
    __static_attrs__: tuple[str, ...] = ("geometry",)
    layout_rank = 1_000_000  # in an operation on fields and tensors the field decides
    __array_ufunc__ = None  # np.ones(2) * field goes to the field
    values: Any
    boundary: Any
    geometry: Any

    @property
    def shape(self) -> Shape:
        """Dims of the sample points, channel and batch dims."""
        raise NotImplementedError

    @property
    def extrapolation(self) -> Any:
        """The boundary; the name that users of earlier versions of PhiFlow know."""
        return self.boundary

    @property
    def spatial_rank(self) -> int:
        """Number of axes of space."""
        return self.geometry.spatial_rank

    @property
    def dtype(self) -> Any:
        """Type of the values."""
        return self.values.dtype

    @property
    def backend(self) -> Any:
        """Backend of the values."""
        return self.values.backend

    def with_values(self, values: Any) -> Self:
        """A field of the same kind with other values at the same places."""
        raise NotImplementedError

    def with_boundary(self, boundary: Any) -> Self:
        """The same field with another boundary."""
        raise NotImplementedError

    with_extrapolation = with_boundary

    def at(self, to: Any, keep_boundary: bool = False) -> Any:
        """The field at the places of another one, of the kind of that: `resample(self, to)`; also written `self @ to`."""
        from .sample import resample

        return resample(self, to, keep_boundary)

    def __matmul__(self, to: Any) -> Any:
        return self.at(to) if isinstance(to, Field) else NotImplemented

    def __rmatmul__(self, value: Any) -> Any:
        from .sample import resample

        return resample(value, self)

    def numpy(self, order: Any = None) -> Any:
        """The values as a NumPy array with axes in `order`; see `Tensor.numpy`."""
        return self.values.numpy(self.shape if order is None else order)

    # --- slicing ---

    def __getitem__(self, selection: Any) -> Any:
        from phiml_core.tensor.words import slice_dim

        if isinstance(selection, str):  # a component, or several: 'x,y'
            selection = {"vector": selection}
        if not isinstance(selection, dict):
            raise TypeError(
                f"A field is sliced by the names of dims, e.g. field.x[0] or field[{{'x': 0}}], or by components, field['x'], "
                f"not by {selection!r}."
            )
        value: Any = self
        for name, item in selection.items():
            value = slice_dim(value, name, item)
        return value

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_" or name not in self.shape.names:
            shown = "" if name[:1] == "_" else f"  Dims: {', '.join(self.shape.names)}."
            raise AttributeError(f"{type(self).__name__} has neither an attribute nor a dim {name!r}.{shown}")
        return Axis(self, name)

    # --- operators ---

    def __floordiv__(self, other: Any) -> Any:
        return binary(self, other, OPS["floor_divide"])

    def __mod__(self, other: Any) -> Any:
        return binary(self, other, OPS["remainder"])

    def __lt__(self, other: Any) -> Any:
        return binary(self, other, OPS["less"])

    def __le__(self, other: Any) -> Any:
        return binary(self, other, OPS["less_equal"])

    def __gt__(self, other: Any) -> Any:
        return binary(self, other, OPS["greater"])

    def __ge__(self, other: Any) -> Any:
        return binary(self, other, OPS["greater_equal"])

    def __pos__(self) -> Any:
        return self

    # --- reductions over all non-batch dims, as for tensors ---

    @property
    def sum(self) -> Any:
        """Sum of all values, over all dims but batch dims."""
        return self.values.sum

    @property
    def mean(self) -> Any:
        """Mean of all values, over all dims but batch dims."""
        return self.values.mean

    @property
    def max(self) -> Any:
        """Largest value, over all dims but batch dims."""
        return self.values.max

    @property
    def min(self) -> Any:
        """Smallest value, over all dims but batch dims."""
        return self.values.min

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.shape}"
