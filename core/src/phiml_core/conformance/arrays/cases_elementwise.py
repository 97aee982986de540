"""Functions of one array, element by element."""

from typing import Any

import numpy as np
from scipy import special

from phiml_core.backend.dtype import dtype_named

from .case import add
from .data import ABOVE, BOOLS, COMPLEX, INTS, POSITIVE, SIGNED, UNIT, WORDS

FAMILY = "elementwise"


def sigmoid(x):
    """1 / (1 + e^-x)."""
    return special.expit(x)


SMOOTH: dict[str, Any] = {
    "abs": (np.abs, SIGNED), "negative": (np.negative, SIGNED), "positive": (np.positive, SIGNED), "sqrt": (np.sqrt, POSITIVE),
    "exp": (np.exp, SIGNED), "expm1": (np.expm1, SIGNED), "log": (np.log, POSITIVE), "log1p": (np.log1p, POSITIVE),
    "log2": (np.log2, POSITIVE), "log10": (np.log10, POSITIVE), "sin": (np.sin, SIGNED), "cos": (np.cos, SIGNED),
    "tan": (np.tan, UNIT), "asin": (np.arcsin, UNIT), "acos": (np.arccos, UNIT), "atan": (np.arctan, SIGNED),
    "sinh": (np.sinh, SIGNED), "cosh": (np.cosh, SIGNED), "tanh": (np.tanh, SIGNED), "asinh": (np.arcsinh, SIGNED),
    "acosh": (np.arccosh, ABOVE), "atanh": (np.arctanh, UNIT), "sigmoid": (sigmoid, SIGNED), "erf": (special.erf, SIGNED),
    "real": (np.real, SIGNED), "conj": (np.conj, SIGNED),
}  # fmt: skip
STEPS: dict[str, Any] = {
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "imag": np.imag,
    "angle": np.angle,
}
COMPLEX_TOO = (
    "abs negative positive sqrt exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "real imag conj angle sign"
).split()
TESTS: dict[str, Any] = {"isfinite": np.isfinite, "isnan": np.isnan, "isinf": np.isinf}

for _name, (_function, _x) in SMOOTH.items():
    add(FAMILY, _name, _function, _x, moving=(0,), pointwise=True)
for _name, _function in STEPS.items():
    add(FAMILY, _name, _function, SIGNED, moving=(0,), second=False, pointwise=True)
_FUNCTIONS: dict[str, Any] = {n: f for n, (f, _) in SMOOTH.items()} | STEPS
for _name in COMPLEX_TOO:
    add(
        FAMILY,
        _name,
        _FUNCTIONS[_name],
        COMPLEX,
        label="complex",
        moving=() if _name == "sign" else (0,),
        pointwise=True,
    )
for _name, _function in _FUNCTIONS.items():
    _x = SMOOTH[_name][1] if _name in SMOOTH else SIGNED
    add(FAMILY, _name, _function, np.array(_x[0, 0]), label="no axes", pointwise=True)
    add(FAMILY, _name, _function, _x[:0], label="empty", pointwise=True)
    add(FAMILY, _name, _function, _x[:1, :1], label="one", pointwise=True)
for _name in ("abs", "negative", "positive", "sign", "real", "conj"):
    add(FAMILY, _name, _FUNCTIONS[_name], INTS, label="integers")
for _name, _function in TESTS.items():
    for _x in (np.array([1.0, np.nan, np.inf, -np.inf]), COMPLEX, INTS, np.zeros((0, 2))):
        add(FAMILY, _name, _function, _x)

add(FAMILY, "logical_not", np.logical_not, BOOLS)
add(FAMILY, "logical_not", np.logical_not, BOOLS[:0])
add(FAMILY, "invert", np.invert, INTS)
add(FAMILY, "invert", np.invert, WORDS, label="unsigned")

# far ends
_ENDS = np.array([-np.inf, -1e30, -200.0, -0.0, 0.0, 200.0, 1e30, np.inf, np.nan])
for _name in ("exp", "log", "sqrt", "sigmoid", "tanh", "erf", "abs", "sign", "floor", "atan"):
    if _name != "sigmoid" and _name != "exp":
        add(FAMILY, _name, _FUNCTIONS[_name], _ENDS, label="ends", pointwise=True)
    else:  # what overflows or underflows in single precision alone is left out
        add(FAMILY, _name, _FUNCTIONS[_name], _ENDS[[0, 3, 4, 7, 8]], label="ends", pointwise=True)
add(FAMILY, "sigmoid", lambda x: (x > 0) * 1.0, np.array([-200.0, 200.0]) * 1e3, label="far", pointwise=True)
add(FAMILY, "round", np.rint, np.array([-1.5, -0.5, 0.5, 1.5, 2.5]), label="half to even")

# element types
_KINDS = ("bool", "int8", "int32", "int64", "uint8", "uint32", "float32", "float64", "complex64", "complex128")


def _cast(x, dtype):
    return x.astype(dtype.to_numpy())


for _x, _targets in (
    (BOOLS, _KINDS),
    (INTS, ("bool", "int8", "int64", "float32", "float64", "complex64", "complex128")),
    (np.abs(INTS).astype(np.uint32), ("int32", "int64", "float32", "float64")),
    (WORDS, ("int64", "float64")),
    (SIGNED, ("bool", "int32", "int64", "complex64", "complex128")),
    (COMPLEX, ("bool",)),
):
    for _target in _targets:
        add(FAMILY, "astype", _cast, _x, dtype_named(_target), label=f"{_x.dtype.kind} to {_target}")
add(FAMILY, "astype", _cast, SIGNED, dtype_named("float64"), label="wider", moving=(0,), second=False)
add(FAMILY, "astype", _cast, SIGNED[:0], dtype_named("int32"), label="empty")
