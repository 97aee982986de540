"""The layout of traced tensors: an affine function of the arguments of a trace."""

from collections.abc import Callable
from typing import Any, NoReturn

from phiml_core.backend.backend import Backend
from phiml_core.backend.dtype import KINDS, DType, as_dtype
from phiml_core.backend.precision import current
from phiml_core.math import expand, wrap
from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor import Stacked, show
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.flatten import Recording

from .errors import not_linear, not_traceable
from .term import Along, Source, Term, like_terms

__all__ = ["Linear", "argument", "called", "holds_linear", "joint_type", "linear", "offset_of", "zeros_like"]


MANY = 512
"""Terms up to which each is kept as it was written, so that Laplacians are recognised."""


class Linear(Tensor):
    """bias + a sum of terms, each linear in an argument of the trace.

    Attributes:
        source: what the tensors of one trace share.
        terms: see `Term`.
        bias: tensor that does not depend on the arguments, or None for 0.
    """

    __slots__ = ("_dtype", "_shape", "bias", "source", "terms")
    layout_rank = 1000  # everything else is a coefficient
    is_recording = True

    def __init__(self, source: Source, shape: Shape, terms: Any, bias: Tensor | None, dtype: DType):
        self.source, self._shape, self.bias, self._dtype = source, shape, bias, dtype
        self.terms = terms

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def backend(self) -> Backend:
        return self.source.backend

    @property
    def available(self) -> bool:
        return False

    def full_bias(self) -> Tensor:
        """The bias with all dims of the tensor."""
        return zeros_like(self) if self.bias is None else expand(self.bias, self.shape)

    def with_(self, shape: Shape | None = None, terms: Any = None, bias: Any = None, dtype: DType | None = None) -> Any:
        """A tensor of the same trace; without terms it is a plain tensor."""
        shape = self._shape if shape is None else shape
        terms = self.terms if terms is None else terms
        return linear(self.source, shape, terms, bias, dtype or self._dtype)

    # --- reading values ---

    @property
    def spec(self) -> NoReturn:
        """What native arrays of other layouts are described by; a traced tensor has none."""
        raise Recording("A tensor that records a linear function has no native array.")

    def _unknown(self, *_: Any, **__: Any) -> NoReturn:
        raise not_linear("reading the values", "which are not known while a linear function is traced")

    native = numpy = item = __bool__ = __float__ = __int__ = __index__ = __complex__ = _unknown  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("A traced tensor cannot be stored.")

    __hash__ = Tensor.__hash__


@show.dispatch
def _(value: Linear):
    return f"{value.shape} linear in the argument, {len(value.terms)} terms"


def zeros_like(value: Tensor) -> Tensor:
    """Zeros without memory."""
    return expand(wrap(value.dtype.kind(0)), value.shape) if value.shape else wrap(value.dtype.kind(0))


def linear(source: Source, shape: Shape, terms: Any, bias: Tensor | None, dtype: DType) -> Any:
    """A traced tensor of like terms, or the bias alone if there are none."""
    terms = like_terms(terms)
    if len(terms) > MANY:
        from .collected import collected

        terms = collected(terms, shape)
    result = Linear(source, merge_shapes(shape), terms, bias, dtype)
    return result if terms else result.full_bias()


def argument(source: Source, leaf: int, dtype: DType) -> Linear:
    """An argument of the trace itself."""
    shape = source.shapes[leaf]
    return Linear(source, shape, (Term(leaf, tuple([Along(n, 0) for n in shape.names])),), None, dtype)


def called(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The value of a function of traced tensors.

    Raises:
        NotTraceable: it passes them to a transform of functions, such as a derivative or a loop, which takes native arrays.
    """
    try:
        return function(*args, **kwargs)
    except Recording as error:
        raise not_traceable(
            "a derivative, a loop or another function of native arrays",
            "the values of its argument are not known; where x is solved for, the function is taken as it is",
        ) from error


def joint_type(*values: Any) -> DType:
    """The element type of what several values become together."""
    kinds, found = [], []
    for v in values:
        if isinstance(v, Tensor):
            kinds.append(v.dtype.kind)
            found.append(v.dtype)
        else:
            kinds.append(type(v) if type(v) in KINDS else float)
    kind = KINDS[max(KINDS.index(k) for k in kinds)]
    if kind is int:
        ints = [d for d in found if d.kind is int]
        return max(ints, key=lambda d: d.bits) if ints else as_dtype(int, current().bits)
    return as_dtype(kind, current().bits)


def offset_of(value: Any) -> Any:
    """The part of an operand that does not depend on the arguments; None for what is known to be 0."""
    if isinstance(value, Linear):
        return value.bias
    if not isinstance(value, Tensor):
        return None if value == 0 else value
    if isinstance(value, Dense) and value.available and not value.backend.is_traced(value.native_array):
        return value if value.backend.to_numpy(value.native_array).any() else None
    return value


def holds_linear(value: Any) -> bool:
    """Whether a tensor is traced, or stacked of any that is."""
    return isinstance(value, Linear) or (isinstance(value, Stacked) and any(map(holds_linear, value.components)))


def plain(value: Any) -> Any:
    """A coefficient as one array."""
    return value if isinstance(value, Dense) or not isinstance(value, Tensor) else as_dense(value)
