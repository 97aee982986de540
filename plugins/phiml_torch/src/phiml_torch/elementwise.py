"""Element-wise words for PyTorch tensors."""

import functools
import operator
from typing import Any

import torch
from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

from .trait import DTYPES

ARRAY = torch.Tensor

DIRECT = {
    "abs": torch.abs, "negative": torch.neg, "positive": torch.positive, "sqrt": torch.sqrt,
    "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p, "log2": torch.log2, "log10": torch.log10,
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "asin": torch.asin, "acos": torch.acos, "atan": torch.atan,
    "sinh": torch.sinh, "cosh": torch.cosh, "tanh": torch.tanh, "asinh": torch.asinh, "acosh": torch.acosh,
    "atanh": torch.atanh, "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "isfinite": torch.isfinite,
    "isnan": torch.isnan, "isinf": torch.isinf, "logical_not": torch.logical_not,
    "real": torch.real, "angle": torch.angle, "sigmoid": torch.sigmoid, "erf": torch.erf,
    "conj": torch.conj_physical, "divide": operator.truediv, "pow": operator.pow, "equal": operator.eq,
    "not_equal": operator.ne, "bitwise_and": operator.and_, "bitwise_or": operator.or_, "bitwise_xor": operator.xor,
}  # fmt: skip
for _name, _function in DIRECT.items():
    getattr(primitive, _name).register((ARRAY,), _function)

UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)


def _fixed(x: Any) -> Any:
    return x.detach() if isinstance(x, torch.Tensor) else x


def _floor_divide(x: Any, y: Any) -> Any:
    return operator.floordiv(_fixed(x), _fixed(y))  # constant between its jumps


def _remainder(x: Any, y: Any) -> Any:
    if not any(isinstance(v, torch.Tensor) and v.requires_grad for v in (x, y)):
        return operator.mod(x, y)
    a, b = _fixed(x), _fixed(y)  # PyTorch does not know the derivative by y
    return operator.mod(a, b) + (x - a) - (y - b) * operator.floordiv(a, b)


def _also_unsigned(function: Any) -> Any:
    """A function of two operands that PyTorch lacks for wide unsigned integers: there it is computed in 64 bits."""

    def call(x: Any, y: Any) -> Any:
        like = x if isinstance(x, torch.Tensor) else y
        if like.dtype not in UNSIGNED:
            return function(x, y)
        wide = [v.to(torch.int64) if isinstance(v, torch.Tensor) else v for v in (x, y)]
        result = function(*wide)
        return result if result.dtype is torch.bool else result.to(like.dtype)

    return call


for _name, _function in {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "floor_divide": lambda x, y: _floor_divide(x, y),
    "remainder": lambda x, y: _remainder(x, y), "less": operator.lt, "less_equal": operator.le, "greater": operator.gt,
    "greater_equal": operator.ge, "left_shift": operator.lshift, "right_shift": operator.rshift,
}.items():  # fmt: skip
    getattr(primitive, _name).register((ARRAY,), _also_unsigned(_function))


def as_operand(x: Any, like: torch.Tensor) -> torch.Tensor:
    """A number as a tensor without axes, for functions that take tensors only."""
    return x if isinstance(x, torch.Tensor) else torch.full((), x, dtype=like.dtype, device=like.device)


def _of_tensors(function: Any) -> Any:
    def call(x: Any, y: Any) -> Any:
        return function(as_operand(x, y), as_operand(y, x))

    return call


for _name in ("atan2", "logical_and", "logical_or", "logical_xor"):
    getattr(primitive, _name).register((ARRAY,), _of_tensors(getattr(torch, _name)))


def _extreme(function: Any, limit: str) -> Any:
    def call(x: Any, y: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            x, y = y, x
        if isinstance(y, torch.Tensor) or x.requires_grad:  # where both are equal, each has half of the derivative
            return function(x, as_operand(y, x))
        return torch.clamp(x, **{limit: y})

    return call


primitive.maximum.register((ARRAY,), _extreme(torch.maximum, "min"))
primitive.minimum.register((ARRAY,), _extreme(torch.minimum, "max"))


@primitive.clip.dispatch
def _(x: torch.Tensor, lower: Any, upper: Any) -> Any:
    if x.requires_grad or isinstance(lower, torch.Tensor) or isinstance(upper, torch.Tensor):
        return torch.minimum(torch.maximum(x, as_operand(lower, x)), as_operand(upper, x))
    return torch.clamp(x, lower, upper)


@primitive.where.dispatch
def _(condition: torch.Tensor, x: Any, y: Any) -> Any:
    if not isinstance(x, torch.Tensor) and not isinstance(y, torch.Tensor):
        kind = functools.reduce(torch.promote_types, [torch.tensor(v).dtype for v in (x, y)])
        x = torch.full((), x, dtype=kind, device=condition.device)
    return torch.where(condition, x, y)


@primitive.invert.dispatch
def _(x: torch.Tensor) -> Any:
    return (~x.to(torch.int64)).to(x.dtype) if x.dtype in UNSIGNED else torch.bitwise_not(x)


@primitive.sign.dispatch
def _(x: torch.Tensor) -> Any:
    return torch.where(torch.isnan(x), x, torch.sgn(x)) if x.is_floating_point() else torch.sgn(x)


@primitive.imag.dispatch
def _(x: torch.Tensor) -> Any:
    return torch.imag(x) if x.is_complex() else torch.zeros_like(x)


@primitive.astype.dispatch
def _(x: torch.Tensor, dtype: DType) -> Any:
    if x.is_complex() and dtype.kind is not complex:
        x = x != 0 if dtype.kind is bool else torch.real(x)
    return x.to(DTYPES[dtype])
