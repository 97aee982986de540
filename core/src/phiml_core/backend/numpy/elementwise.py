"""Element-wise words for NumPy arrays."""

import operator
from typing import Any

import numpy as np

from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

ARRAY = np.ndarray | np.generic

DIRECT = {
    "abs": np.abs, "negative": np.negative, "positive": np.positive, "sign": np.sign, "sqrt": np.sqrt, "exp": np.exp,
    "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "log2": np.log2, "log10": np.log10, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "floor": np.floor, "ceil": np.ceil,
    "round": np.rint, "isfinite": np.isfinite, "isnan": np.isnan, "isinf": np.isinf, "logical_not": np.logical_not,
    "invert": np.invert, "real": np.real, "imag": np.imag, "conj": np.conj, "angle": np.angle,
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "floor_divide": np.floor_divide,
    "remainder": np.remainder, "pow": operator.pow, "atan2": np.arctan2, "maximum": np.maximum, "minimum": np.minimum,
    "equal": np.equal, "not_equal": np.not_equal, "less": np.less, "less_equal": np.less_equal, "greater": np.greater,
    "greater_equal": np.greater_equal, "logical_and": np.logical_and, "logical_or": np.logical_or,
    "logical_xor": np.logical_xor, "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor, "left_shift": np.left_shift, "right_shift": np.right_shift, "where": np.where,
    "clip": np.clip,
}  # fmt: skip
for _name, _function in DIRECT.items():
    getattr(primitive, _name).register((ARRAY,), _function)


@primitive.sigmoid.dispatch
def _(x: np.ndarray | np.generic) -> Any:
    x = np.asarray(x)
    e = np.exp(-np.abs(x))  # of the magnitude, so that nothing overflows
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(x.dtype, copy=False)


@primitive.erf.dispatch
def _(x: np.ndarray | np.generic) -> Any:
    from scipy.special import erf

    return erf(x)


@primitive.astype.dispatch
def _(x: np.ndarray | np.generic, dtype: DType) -> Any:
    return x.astype(dtype.name, copy=False) if isinstance(x, np.ndarray) else x.astype(dtype.name)
