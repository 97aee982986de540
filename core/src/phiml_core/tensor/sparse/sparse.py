"""The sparse layout: values at the positions of a pattern, zero elsewhere."""

from typing import Any, NoReturn

from phiml_core.backend.backend import Backend
from phiml_core.backend.dtype import DType
from phiml_core.shape import Shape, instance, merge_shapes

from ..dense import Dense
from ..show import show
from ..tensor import Tensor
from .errors import SparseError
from .pattern import ENTRY, SLOT, Pattern

__all__ = ["Sparse"]


class Sparse(Tensor):
    """A tensor that is zero except where its pattern lists values.

    The pattern names the sparse dims, usually primal ones (rows) and dual ones (columns); `values` is a dense tensor along the lists
    of the pattern and any further dims, such as batch and channel dims.  Made by `sparse_tensor`, `to_format`, `from_scipy` and
    operations on sparse tensors.
    """

    __slots__ = ("_shape", "pattern", "values")
    __value_attrs__ = ("pattern", "values")
    __static_attrs__ = ()
    layout_rank = 2

    pattern: Pattern
    values: Dense

    def __init__(self, pattern: Pattern, values: Dense):
        self.pattern, self.values = pattern, values

    @property
    def shape(self) -> Shape:
        try:
            return self._shape
        except AttributeError:
            p = self.pattern
            self._shape: Shape = merge_shapes(self.values.shape.without(p.lists), p.columns, p.rows)
            return self._shape

    @property
    def dtype(self) -> DType:
        return self.values.dtype

    @property
    def backend(self) -> Backend:
        return self.values.backend

    @property
    def format(self) -> str:
        """Name of the format: 'coo', 'csr', 'csc', 'compact-cols' or 'compact-rows'."""
        return self.pattern.format

    @property
    def sparse_dims(self) -> Shape:
        """The dims that the pattern covers."""
        return self.pattern.shape

    @property
    def value_dims(self) -> Shape:
        """The dims of the values at each position."""
        return self.values.shape.without(self.pattern.lists)

    def with_values(self, values: Dense) -> "Sparse":
        """Other values at the same positions."""
        return Sparse(self.pattern, values)

    def block(self) -> NoReturn:
        """Raises SparseError: nothing becomes dense without being asked."""
        raise SparseError(
            f"A sparse tensor {self.shape} of format {self.format} is no single native array.  Convert it: dense(t) stores all "
            f"{self.shape.volume} values; stored_values(t) are the {self.pattern.count} that are listed."
        )

    def native(self, order: Any = None) -> Any:
        """All values, zeros among them, as one native array; see `Tensor.native`.  `native_sparse` gives a sparse one."""
        from phiml_core.ops.sparse_format import dense

        return dense(self).native(order)

    def numpy(self, order: Any = None) -> Any:
        """All values, zeros among them, as a NumPy array; see `Tensor.numpy`.  `to_scipy` gives a sparse one."""
        from phiml_core.ops.sparse_format import dense

        return dense(self).numpy(order)

    def to_scipy(self) -> Any:
        """The matrix of rows and columns as a SciPy sparse array; see `phiml_core.ops.sparse_native.to_scipy`."""
        from phiml_core.ops.sparse_native import to_scipy

        return to_scipy(self)

    def __reduce__(self) -> Any:
        return Sparse, (self.pattern, self.values)


@show.dispatch
def _(value: Sparse):
    from phiml_core.ops.native import is_available
    from phiml_core.ops.rename import rename_dims

    pattern = value.pattern
    stored = f"{pattern.count} values stored" if pattern.is_full else f"{pattern.count} values stored, some unused"
    text = f"{value.shape} {pattern.format}, {stored}"
    if not is_available(value):
        return f"{text}, traced by {value.backend.name}"
    values = value.values
    names = {ENTRY: "entries", SLOT: "slots"}
    lists = pattern.lists.names
    listed = rename_dims(values, lists, instance(",".join(names[n] for n in lists)))
    return f"{text}: {show(listed)}"
