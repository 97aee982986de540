"""The operators that only tensors have: division without rest, comparisons, and those of bits and conditions."""

from typing import Any

from .arithmetic import OPS, Arithmetic, binary, unary

__all__ = ["Operators"]

_FLOOR_DIVIDE = OPS["floor_divide"]
_REMAINDER = OPS["remainder"]
_BITWISE_AND = OPS["bitwise_and"]
_BITWISE_OR = OPS["bitwise_or"]
_BITWISE_XOR = OPS["bitwise_xor"]
_LEFT_SHIFT = OPS["left_shift"]
_RIGHT_SHIFT = OPS["right_shift"]
_EQUAL = OPS["equal"]
_NOT_EQUAL = OPS["not_equal"]
_LESS = OPS["less"]
_LESS_EQUAL = OPS["less_equal"]
_GREATER = OPS["greater"]
_GREATER_EQUAL = OPS["greater_equal"]
_POSITIVE = OPS["positive"]
_INVERT = OPS["invert"]


class Operators(Arithmetic):
    """All operators of tensors but `@`: each calls a word."""

    __slots__ = ()

    def __floordiv__(self, other: Any) -> Any:
        return binary(self, other, _FLOOR_DIVIDE)

    def __rfloordiv__(self, other: Any) -> Any:
        return binary(other, self, _FLOOR_DIVIDE)

    def __mod__(self, other: Any) -> Any:
        return binary(self, other, _REMAINDER)

    def __rmod__(self, other: Any) -> Any:
        return binary(other, self, _REMAINDER)

    def __and__(self, other: Any) -> Any:
        return binary(self, other, _BITWISE_AND)

    def __rand__(self, other: Any) -> Any:
        return binary(other, self, _BITWISE_AND)

    def __or__(self, other: Any) -> Any:
        return binary(self, other, _BITWISE_OR)

    def __ror__(self, other: Any) -> Any:
        return binary(other, self, _BITWISE_OR)

    def __xor__(self, other: Any) -> Any:
        return binary(self, other, _BITWISE_XOR)

    def __rxor__(self, other: Any) -> Any:
        return binary(other, self, _BITWISE_XOR)

    def __lshift__(self, other: Any) -> Any:
        return binary(self, other, _LEFT_SHIFT)

    def __rlshift__(self, other: Any) -> Any:
        return binary(other, self, _LEFT_SHIFT)

    def __rshift__(self, other: Any) -> Any:
        return binary(self, other, _RIGHT_SHIFT)

    def __rrshift__(self, other: Any) -> Any:
        return binary(other, self, _RIGHT_SHIFT)

    def __eq__(self, other: Any) -> Any:  # type: ignore[override]
        return binary(self, other, _EQUAL)

    def __ne__(self, other: Any) -> Any:  # type: ignore[override]
        return binary(self, other, _NOT_EQUAL)

    def __lt__(self, other: Any) -> Any:
        return binary(self, other, _LESS)

    def __le__(self, other: Any) -> Any:
        return binary(self, other, _LESS_EQUAL)

    def __gt__(self, other: Any) -> Any:
        return binary(self, other, _GREATER)

    def __ge__(self, other: Any) -> Any:
        return binary(self, other, _GREATER_EQUAL)

    def __pos__(self) -> Any:
        return unary(self, _POSITIVE)

    def __invert__(self) -> Any:
        return unary(self, _INVERT)
