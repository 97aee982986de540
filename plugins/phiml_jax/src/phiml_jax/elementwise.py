"""Element-wise words for JAX arrays and tracers."""

from typing import Any

import jax
import jax.numpy as jnp
from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

from .trait import Jax

ARRAY = Jax.array_types[0] | Jax.array_types[1]

DIRECT = {
    "abs": jnp.abs, "negative": jnp.negative, "positive": jnp.positive, "sign": jnp.sign, "sqrt": jnp.sqrt, "exp": jnp.exp,
    "expm1": jnp.expm1, "log": jnp.log, "log1p": jnp.log1p, "log2": jnp.log2, "log10": jnp.log10, "sin": jnp.sin, "cos": jnp.cos,
    "tan": jnp.tan, "asin": jnp.arcsin, "acos": jnp.arccos, "atan": jnp.arctan, "sinh": jnp.sinh, "cosh": jnp.cosh,
    "tanh": jnp.tanh, "asinh": jnp.arcsinh, "acosh": jnp.arccosh, "atanh": jnp.arctanh, "floor": jnp.floor, "ceil": jnp.ceil,
    "round": jnp.rint, "isfinite": jnp.isfinite, "isnan": jnp.isnan, "isinf": jnp.isinf, "logical_not": jnp.logical_not,
    "invert": jnp.invert, "real": jnp.real, "imag": jnp.imag, "conj": jnp.conj, "angle": jnp.angle, "sigmoid": jax.nn.sigmoid,
    "erf": jax.lax.erf, "add": jnp.add, "subtract": jnp.subtract, "multiply": jnp.multiply, "divide": jnp.divide,
    "floor_divide": jnp.floor_divide, "remainder": jnp.remainder, "pow": jnp.power, "atan2": jnp.arctan2, "maximum": jnp.maximum,
    "minimum": jnp.minimum, "equal": jnp.equal, "not_equal": jnp.not_equal, "less": jnp.less, "less_equal": jnp.less_equal,
    "greater": jnp.greater, "greater_equal": jnp.greater_equal, "logical_and": jnp.logical_and, "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor, "bitwise_and": jnp.bitwise_and, "bitwise_or": jnp.bitwise_or,
    "bitwise_xor": jnp.bitwise_xor, "left_shift": jnp.left_shift, "right_shift": jnp.right_shift, "where": jnp.where,
    "clip": jnp.clip,
}  # fmt: skip
for _name, _function in DIRECT.items():
    getattr(primitive, _name).register((ARRAY,), _function)


def _astype(x: Any, dtype: DType) -> Any:
    if dtype.precision == 64 or x.dtype.itemsize == 8:
        with jax.enable_x64(True):
            return x.astype(dtype.name)
    return x.astype(dtype.name)


primitive.astype.register((ARRAY,), _astype)
