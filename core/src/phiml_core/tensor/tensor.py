"""The abstract tensor: an array whose dims have names and types.  Its operators call words."""

from typing import Any, NoReturn

from phiml_core.backend.backend import Backend
from phiml_core.backend.dtype import DType
from phiml_core.shape import Shape

from .arithmetic import OPS, unary
from .axis import Axis
from .operators import Operators

__all__ = ["Tensor"]

_REAL = OPS["real"]
_IMAG = OPS["imag"]


class Tensor(Operators):
    """An array with named, typed dims.  Immutable; made by `tensor`, `wrap`, `stack` and operations on tensors.

    Operations align dims by name and type, whatever their order.  `t.x[1:3]` and `t.vector['x']` slice, `t.native('x,y')` gives
    the native array in a chosen order of dims.  A layout is a subclass with a `layout_rank` and methods of the words in
    `phiml_core.tensor.words`.
    """

    __slots__ = ("__weakref__",)
    __array_ufunc__ = None  # np.ones(2) + tensor goes to the tensor
    __array_priority__ = 1000
    layout_rank: int = 0
    is_recording: bool = False
    """Whether a layout records what is done to it instead of computing; compiled functions then run as they are."""

    @property
    def shape(self) -> Shape:
        """Names, sizes, types and item names of the dims."""
        raise NotImplementedError

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        raise NotImplementedError

    @property
    def backend(self) -> Backend:
        """The backend of the native arrays."""
        raise NotImplementedError

    @property
    def default_backend(self) -> Backend:
        """The backend of the native arrays; the name that users of PhiML know."""
        return self.backend

    @property
    def real(self) -> Any:
        """The real parts of the values."""
        return unary(self, _REAL)

    @property
    def imag(self) -> Any:
        """The imaginary parts of the values, 0 for real numbers."""
        return unary(self, _IMAG)

    @property
    def rank(self) -> int:
        """Number of dims."""
        return self.shape.rank

    @property
    def device(self) -> Any:
        """The device that holds the values."""
        from phiml_core.ops import native

        return native.device(self)

    @property
    def available(self) -> bool:
        """Whether the values can be read; false inside compiled functions."""
        from phiml_core.ops import native

        return native.is_available(self)

    def native(self, order: Any = None) -> Any:
        """The native array with dims in the given order.

        Args:
            order: `'x,y'`, a `Shape` or a sequence of names, holding every dim; may be left out for at most one dim.  In a sequence,
                groups such as `('x', 'y')` or the filter `batch` stand for dims that are packed into one axis.

        Raises:
            ShapeError: no order given for several dims, a dim missing, or the shape is non-uniform.
        """
        from phiml_core.ops import native

        return native.to_native(self, order)

    def numpy(self, order: Any = None) -> Any:
        """The values as a NumPy array with dims in the given order; see `native`."""
        from phiml_core.ops import native

        return native.to_numpy(self, order)

    def item(self) -> Any:
        """The only value as a Python number.  Raises ShapeError if there are several."""
        from phiml_core.ops import native

        return native.item(self, "item")

    def __matmul__(self, other: Any) -> Any:
        from phiml_core.ops.matmul import matmul

        return matmul(self, other)

    # --- numbers ---

    def __bool__(self) -> bool:
        from phiml_core.ops import native

        return bool(native.item(self, "bool"))

    def __float__(self) -> float:
        from phiml_core.ops import native

        return float(native.item(self, "float"))

    def __int__(self) -> int:
        from phiml_core.ops import native

        return int(native.item(self, "int"))

    def __index__(self) -> int:
        if self.dtype.kind is not int:
            raise TypeError(f"Only integer tensors can be indices, not {self.dtype}.")
        return int(self)

    def __complex__(self) -> complex:
        from phiml_core.ops import native

        return complex(native.item(self, "complex"))

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        from .format import formatted

        return formatted(self, spec)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"A tensor {self.shape} has no order of dims.  Use t.numpy('{','.join(self.shape.names)}').")

    def __repr__(self) -> str:
        from .show import show

        return show(self)

    # --- slicing ---

    def __getitem__(self, selection: Any) -> "Tensor":
        from phiml_core.ops.slicing import index

        return index(self, selection)

    def __setitem__(self, selection: Any, value: Any) -> NoReturn:
        raise TypeError(
            "Tensors do not change.  Make a new one: where(mask, value, t), scatter(t, indices, value), or concat() of slices."
        )

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":
            raise AttributeError(name)
        shape = self.shape
        if name not in shape._index:
            if "~" + name in shape._index:
                name = "~" + name
            else:
                raise AttributeError(
                    f"Tensor {shape} has neither a dim nor an attribute {name!r}.  Dims: {', '.join(shape.names) or 'none'}."
                )
        return Axis(self, name)

    def dimension(self, name: Any) -> Any:
        """The dim called `name`, to be sliced; the same as `t.name` for names that clash with attributes."""
        return Axis(self, name if isinstance(name, str) else name.name)

    def __iter__(self) -> Any:
        if self.rank == 0:
            raise TypeError("A tensor without dims holds one value and cannot be iterated over.")
        if self.rank > 1:
            raise TypeError(
                f"Iterating over a tensor {self.shape} is ambiguous.  Name the dim: for item in t.{self.shape.names[0]}: …"
            )
        return iter(Tensor.__getattr__(self, self.shape.name))

    def __len__(self) -> int:
        if self.rank != 1:
            raise TypeError(
                f"The length of a tensor {self.shape} is ambiguous.  Use t.shape.get_size(dim) or t.shape.volume."
            )
        return self.shape.volume

    # --- reductions over all non-batch dims, as attributes ---

    @property
    def sum(self) -> Any:
        """Sum over all dims but batch dims."""
        return _reduce(self, "SUM")

    @property
    def mean(self) -> Any:
        """Mean over all dims but batch dims."""
        return _reduce(self, "MEAN")

    @property
    def max(self) -> Any:
        """Largest value over all dims but batch dims."""
        return _reduce(self, "MAX")

    @property
    def min(self) -> Any:
        """Smallest value over all dims but batch dims."""
        return _reduce(self, "MIN")

    @property
    def std(self) -> Any:
        """Standard deviation over all dims but batch dims."""
        from phiml_core.ops.reduce import std

        return std(self)

    @property
    def any(self) -> Any:
        """Whether any value is true, over all dims but batch dims."""
        return _reduce(self, "ANY")

    @property
    def all(self) -> Any:
        """Whether all values are true, over all dims but batch dims."""
        return _reduce(self, "ALL")

    def __hash__(self) -> int:
        return id(self)


def _reduce(value: Tensor, name: str) -> Any:
    from phiml_core.ops import reduce
    from phiml_core.shape import non_batch

    from . import words

    return words.reduce(value, getattr(reduce, name), non_batch)
