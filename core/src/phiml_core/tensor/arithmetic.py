"""Element-wise operations as values, and the two words that operators call."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.dispatch import generic

__all__ = ["OPS", "Arithmetic", "Elementwise", "apply", "binary", "unary"]


class Elementwise:
    """An element-wise operation: its array word, and the rule from operand types to the type computed in and returned.

    Rules: 'same' (that of the operands), 'float' (at least floating point), 'bool' (compares; returns bool), 'logical' (of bools),
    'test' (keeps the operand type, returns bool), 'real' (returns the real type), 'int' (no floats), 'choose' (first operand is a
    condition).
    """

    __slots__ = ("name", "primitive", "rule", "symbol")

    def __init__(self, name: str, rule: str, symbol: str = ""):
        self.name, self.rule, self.symbol = name, rule, symbol
        self.primitive: Any = getattr(primitive, name)

    def __call__(self, *values: Any) -> Any:
        if len(values) == 1:
            return unary(values[0], self)
        if len(values) == 2:
            return binary(values[0], values[1], self)
        return apply(self, values)

    def __repr__(self) -> str:
        return self.name


OPS = {
    op.name: op
    for op in [
        *(Elementwise(n, "same") for n in ("negative", "positive", "sign", "conj")),
        *(Elementwise(n, "float") for n in (
            "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
            "tanh", "asinh", "acosh", "atanh", "sigmoid", "erf",
        )),
        *(Elementwise(n, "round") for n in ("floor", "ceil", "round")),
        *(Elementwise(n, "test") for n in ("isfinite", "isnan", "isinf")),
        *(Elementwise(n, "real") for n in ("abs", "real", "imag", "angle")),
        Elementwise("logical_not", "logical"), Elementwise("invert", "int", "~"),
        Elementwise("add", "same", "+"), Elementwise("subtract", "same", "-"), Elementwise("multiply", "same", "*"),
        Elementwise("divide", "float", "/"), Elementwise("floor_divide", "same", "//"), Elementwise("remainder", "same", "%"),
        Elementwise("pow", "same", "**"), Elementwise("atan2", "float"),
        Elementwise("maximum", "same"), Elementwise("minimum", "same"),
        Elementwise("equal", "bool", "=="), Elementwise("not_equal", "bool", "!="), Elementwise("less", "bool", "<"),
        Elementwise("less_equal", "bool", "<="), Elementwise("greater", "bool", ">"), Elementwise("greater_equal", "bool", ">="),
        Elementwise("logical_and", "logical", "&"), Elementwise("logical_or", "logical", "|"), Elementwise("logical_xor", "logical", "^"),
        Elementwise("bitwise_and", "int", "&"), Elementwise("bitwise_or", "int", "|"), Elementwise("bitwise_xor", "int", "^"),
        Elementwise("left_shift", "int", "<<"), Elementwise("right_shift", "int", ">>"),
        Elementwise("where", "choose"), Elementwise("clip", "same"),
    ]
}  # fmt: skip


@generic(on="x")
def unary(x: Any, op: Elementwise) -> Any:
    """`op(x)` for each element of a tensor, of a number, or of the tensors of a tree."""


@generic(on=("a", "b"))
def binary(a: Any, b: Any, op: Elementwise) -> Any:
    """`op(a, b)` for each pair of elements, aligned by the names of their dims."""


_ADD = OPS["add"]
_SUBTRACT = OPS["subtract"]
_MULTIPLY = OPS["multiply"]
_DIVIDE = OPS["divide"]
_POW = OPS["pow"]
_NEGATIVE = OPS["negative"]
_ABS = OPS["abs"]


class Arithmetic:
    """The operators that tensors, fields and boundaries share: each calls a word."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return binary(self, other, _ADD)

    def __radd__(self, other: Any) -> Any:
        return binary(other, self, _ADD)

    def __sub__(self, other: Any) -> Any:
        return binary(self, other, _SUBTRACT)

    def __rsub__(self, other: Any) -> Any:
        return binary(other, self, _SUBTRACT)

    def __mul__(self, other: Any) -> Any:
        return binary(self, other, _MULTIPLY)

    def __rmul__(self, other: Any) -> Any:
        return binary(other, self, _MULTIPLY)

    def __truediv__(self, other: Any) -> Any:
        return binary(self, other, _DIVIDE)

    def __rtruediv__(self, other: Any) -> Any:
        return binary(other, self, _DIVIDE)

    def __pow__(self, other: Any) -> Any:
        return binary(self, other, _POW)

    def __rpow__(self, other: Any) -> Any:
        return binary(other, self, _POW)

    def __neg__(self) -> Any:
        return unary(self, _NEGATIVE)

    def __abs__(self) -> Any:
        return unary(self, _ABS)


_many: Callable[..., Any] | None = None


def apply(op: Elementwise, values: tuple[Any, ...]) -> Any:
    """`op` on any number of operands, aligned by the names of their dims."""
    assert _many is not None
    return _many(op, values)


def install_many(function: Callable[..., Any]) -> None:
    """Let `function(op, values)` handle operations of three and more operands."""
    global _many
    _many = function
