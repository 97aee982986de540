"""Element-wise functions."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.dtype import as_dtype
from phiml_core.backend.precision import current
from phiml_core.tensor.arithmetic import OPS, apply, binary, unary
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor

from .create import wrap

__all__ = [
    "abs_", "arccos", "arcsin", "arctan", "cast", "ceil", "clip", "conjugate", "cos", "cosh", "divide_no_nan", "erf", "exp", "floor",
    "imag", "is_finite", "is_inf", "is_nan", "log", "log10", "log1p", "log2", "maximum", "minimum", "real", "round_", "safe_div", "sigmoid",
    "sign", "sin", "sinh", "sqrt", "tan", "tanh", "to_complex", "to_float", "to_int32", "to_int64", "where",
]  # fmt: skip


def _other(x: Any, op: Any) -> Any:
    """Numbers become tensors, trees are mapped."""
    from phiml_core.tree import is_tree, tree_map

    return tree_map(lambda t: unary(t, op), x) if is_tree(x) else unary(wrap(x), op)


unary.register((object,), _other)


def _pair(a: Any, b: Any, op: Any) -> Any:
    """Two values of which none is a tensor: native arrays and numbers; what is neither is left to the other operand's class."""
    if type(a) in (bool, int, float, complex):
        a = wrap(a)
    elif not isinstance(a, Tensor):
        return NotImplemented
    return binary(a, b, op)


binary.register((object, object), _pair)


def abs_(x: Any) -> Any:
    """Magnitude of each element."""
    return unary(x, OPS["abs"])


def sign(x: Any) -> Any:
    """-1, 0 or 1 for each element."""
    return unary(x, OPS["sign"])


def sqrt(x: Any) -> Any:
    """Square root."""
    return unary(x, OPS["sqrt"])


def exp(x: Any) -> Any:
    """e to the power x."""
    return unary(x, OPS["exp"])


def log(x: Any) -> Any:
    """Natural logarithm."""
    return unary(x, OPS["log"])


def log1p(x: Any) -> Any:
    """log(1 + x), accurate for small x."""
    return unary(x, OPS["log1p"])


def log2(x: Any) -> Any:
    """Logarithm to base 2."""
    return unary(x, OPS["log2"])


def log10(x: Any) -> Any:
    """Logarithm to base 10."""
    return unary(x, OPS["log10"])


def sin(x: Any) -> Any:
    """Sine of radians."""
    return unary(x, OPS["sin"])


def cos(x: Any) -> Any:
    """Cosine of radians."""
    return unary(x, OPS["cos"])


def tan(x: Any) -> Any:
    """Tangent of radians."""
    return unary(x, OPS["tan"])


def arcsin(x: Any) -> Any:
    """Inverse sine, in radians."""
    return unary(x, OPS["asin"])


def arccos(x: Any) -> Any:
    """Inverse cosine, in radians."""
    return unary(x, OPS["acos"])


def arctan(x: Any, divide_by: Any = None) -> Any:
    """Inverse tangent, in radians; with `divide_by` the angle of the point (divide_by, x)."""
    return unary(x, OPS["atan"]) if divide_by is None else binary(x, divide_by, OPS["atan2"])


def sinh(x: Any) -> Any:
    """Hyperbolic sine."""
    return unary(x, OPS["sinh"])


def cosh(x: Any) -> Any:
    """Hyperbolic cosine."""
    return unary(x, OPS["cosh"])


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return unary(x, OPS["tanh"])


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return unary(x, OPS["sigmoid"])


def erf(x: Any) -> Any:
    """Error function."""
    return unary(x, OPS["erf"])


def floor(x: Any) -> Any:
    """Largest integer not above x, as the type of x."""
    return unary(x, OPS["floor"])


def ceil(x: Any) -> Any:
    """Smallest integer not below x, as the type of x."""
    return unary(x, OPS["ceil"])


def round_(x: Any) -> Any:
    """Nearest integer, half to even, as the type of x."""
    return unary(x, OPS["round"])


def is_finite(x: Any) -> Any:
    """Whether each element is neither infinite nor NaN."""
    return unary(x, OPS["isfinite"])


def is_nan(x: Any) -> Any:
    """Whether each element is NaN."""
    return unary(x, OPS["isnan"])


def is_inf(x: Any) -> Any:
    """Whether each element is infinite."""
    return unary(x, OPS["isinf"])


def real(x: Any) -> Any:
    """Real part."""
    return unary(x, OPS["real"])


def imag(x: Any) -> Any:
    """Imaginary part."""
    return unary(x, OPS["imag"])


def conjugate(x: Any) -> Any:
    """Complex conjugate."""
    return unary(x, OPS["conj"])


def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y, element by element."""
    return binary(x, y, OPS["maximum"])


def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y, element by element."""
    return binary(x, y, OPS["minimum"])


def clip(x: Any, lower_limit: Any = 0, upper_limit: Any = 1) -> Any:
    """x limited to the interval from `lower_limit` to `upper_limit`, which are numbers or tensors."""
    if isinstance(lower_limit, Tensor) or isinstance(upper_limit, Tensor):
        return maximum(lower_limit, minimum(x, upper_limit))
    return apply(OPS["clip"], (x, lower_limit, upper_limit))


def where(condition: Any, value_true: Any, value_false: Any) -> Any:
    """`value_true` where the condition holds, `value_false` elsewhere; operands align by name.

    Args:
        condition: boolean tensor, or numbers of which those that are not 0 hold.
        value_true, value_false: tensors or numbers; the result has the type that both have in common, and the dims of all three.
    """
    return apply(OPS["where"], (condition, value_true, value_false))


def divide_no_nan(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0; the gradient there is 0 too."""
    zero = y == 0
    return where(zero, 0.0, x / where(zero, 1.0, y))


safe_div = divide_no_nan


def cast(x: Any, dtype: Any) -> Any:
    """x with elements of another type: `float`, `int`, `bool`, `complex` (at the precision of the context) or a `DType`."""
    if type(x) is Dense:
        precision = current()
        spec = x.spec
        key = ("cast", spec, dtype)
        plan = precision.plans.get(key)
        if plan is None:
            target = as_dtype(dtype, precision.bits)
            astype = spec.backend.bind(primitive.astype)
            run = spec.backend.fuse(lambda a: astype(a, target), spec.wide or target.precision == 64)
            plan = precision.keep(key, (run, spec.with_dtype(target)))
        return Dense(plan[0](x.native_array), plan[1])
    if isinstance(x, Stacked):
        return x.map(lambda c: cast(c, dtype))
    from phiml_core.tree import is_tree, tree_map

    if isinstance(x, Tensor):
        from phiml_core.tensor.words import restructure

        return restructure(x, cast, (x,), (dtype,))
    return tree_map(lambda t: cast(t, dtype), x) if is_tree(x) else cast(wrap(x), dtype)


def to_float(x: Any) -> Any:
    """x as floating point numbers of the precision of the context."""
    return cast(x, float)


def to_int32(x: Any) -> Any:
    """x as 32-bit integers."""
    return cast(x, "int32")


def to_int64(x: Any) -> Any:
    """x as 64-bit integers."""
    return cast(x, "int64")


def to_complex(x: Any) -> Any:
    """x as complex numbers of the precision of the context."""
    return cast(x, complex)
