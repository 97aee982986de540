"""Functions of two and three arrays, element by element."""

from typing import Any

import numpy as np

from .case import add
from .data import BOOLS, COMPLEX, INTS, POSITIVE, SIGNED, UNIT, WORDS

FAMILY = "binary"
ROW, COLUMN, OTHER = SIGNED[:1], SIGNED[:, :1], SIGNED[::-1, ::-1] + 0.03125

SMOOTH: dict[str, Any] = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "atan2": np.arctan2,
          "maximum": np.maximum, "minimum": np.minimum, "remainder": np.remainder}  # fmt: skip
COMPARE: dict[str, Any] = {"equal": np.equal, "not_equal": np.not_equal, "less": np.less, "less_equal": np.less_equal,
           "greater": np.greater, "greater_equal": np.greater_equal}  # fmt: skip
LOGIC: dict[str, Any] = {"logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor}
BITS: dict[str, Any] = {"bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor}
SHIFTS: dict[str, Any] = {"left_shift": np.left_shift, "right_shift": np.right_shift}

for _name, _function in SMOOTH.items():
    _far: dict[str, Any] = {"second": False} if _name in ("maximum", "minimum", "add", "subtract", "remainder") else {}
    _x, _y = (POSITIVE, UNIT) if _name in ("divide", "remainder") else (SIGNED, OTHER)
    add(FAMILY, _name, _function, _x, _y, moving=(0, 1), pointwise=True, **_far)
    add(FAMILY, _name, _function, _x[:1], _y[:, :1], label="broadcast", moving=(0, 1), pointwise=True, **_far)
    add(FAMILY, _name, _function, _x, 0.75, label="number", moving=(0,), pointwise=True, **_far)
    add(FAMILY, _name, _function, 0.75, _x, label="number first", moving=(1,), pointwise=True, **_far)
    add(FAMILY, _name, _function, np.array(_x[0, 0]), np.array(_y[0, 0]), label="no axes", pointwise=True)
    add(FAMILY, _name, _function, _x[:0], _y[:1], label="empty", pointwise=True)
for _name in ("add", "subtract", "multiply", "divide"):
    add(FAMILY, _name, SMOOTH[_name], COMPLEX, COMPLEX[::-1], label="complex", moving=(0, 1))
    add(FAMILY, _name, SMOOTH[_name], COMPLEX, 2.0, label="complex, number", moving=(0,), second=False)
for _name in ("add", "subtract", "multiply", "maximum", "minimum", "remainder"):
    add(FAMILY, _name, SMOOTH[_name], INTS, INTS[::-1], label="integers")
    add(FAMILY, _name, SMOOTH[_name], INTS, -3, label="integers, number")
for _x, _y in ((SIGNED, POSITIVE), (SIGNED, -POSITIVE), (SIGNED, 0.75)):
    add(FAMILY, "floor_divide", np.floor_divide, _x, _y, pointwise=True)
    add(FAMILY, "remainder", np.remainder, _x, _y, label="signs", pointwise=True)
add(FAMILY, "floor_divide", np.floor_divide, 5.0, POSITIVE, label="number first", pointwise=True)
add(FAMILY, "floor_divide", np.floor_divide, INTS, INTS[::-1], label="integers")
add(FAMILY, "floor_divide", np.floor_divide, INTS, -2, label="integers, number")
add(FAMILY, "divide", np.divide, np.array([1.0, -1.0, 0.0]), np.zeros(3), label="by zero", pointwise=True)
for _name in ("maximum", "minimum"):
    add(FAMILY, _name, SMOOTH[_name], np.array([np.nan, 1.0, np.inf]), np.array([1.0, np.nan, 2.0]), label="nan")

add(FAMILY, "pow", np.power, POSITIVE, OTHER, moving=(0, 1), pointwise=True)
for _exponent in (2, 3, -1, 0.5, 2.0, 1.5):
    add(FAMILY, "pow", np.power, POSITIVE, _exponent, label=f"{_exponent}", moving=(0,), pointwise=True)
for _exponent in (0, 1):
    add(FAMILY, "pow", np.power, POSITIVE, _exponent, label=f"{_exponent}", moving=(0,), second=False, pointwise=True)
add(FAMILY, "pow", np.power, SIGNED, 2, label="square of negative", moving=(0,), pointwise=True)
add(FAMILY, "pow", np.power, 2.0, SIGNED, label="number first", moving=(1,), pointwise=True)
add(FAMILY, "pow", np.power, INTS, 2, label="integers")
add(FAMILY, "pow", np.power, COMPLEX, 2, label="complex", moving=(0,))

for _name, _function in COMPARE.items():
    for _x, _y in (
        (SIGNED, np.where(BOOLS, SIGNED, OTHER)),
        (SIGNED, ROW),
        (SIGNED, 0.5),
        (INTS, INTS[::-1]),
        (INTS, 3),
    ):
        add(FAMILY, _name, _function, _x, _y)
    add(FAMILY, _name, _function, SIGNED[:0], SIGNED[:0], label="empty")
    add(FAMILY, _name, _function, np.array([np.nan, 1.0]), np.array([np.nan, np.nan]), label="nan")
for _name in ("equal", "not_equal"):
    add(FAMILY, _name, COMPARE[_name], COMPLEX, np.where(BOOLS, COMPLEX, 1), label="complex")
    add(FAMILY, _name, COMPARE[_name], BOOLS, BOOLS[::-1], label="bools")
for _name, _function in LOGIC.items():
    for _y in (BOOLS[::-1], BOOLS[:1], True):
        add(FAMILY, _name, _function, BOOLS, _y)
for _name, _function in BITS.items():
    for _x, _y in ((INTS, INTS[::-1]), (INTS, 5), (WORDS, WORDS[::-1])):
        add(FAMILY, _name, _function, _x, _y)
for _name, _function in SHIFTS.items():
    for _x, _y in ((np.abs(INTS), np.abs(INTS[::-1])), (np.abs(INTS), 2), (WORDS, 8)):
        add(FAMILY, _name, _function, _x, _y)

add(FAMILY, "where", np.where, BOOLS, SIGNED, OTHER, moving=(1, 2), second=False)
add(FAMILY, "where", np.where, BOOLS, SIGNED, 0.5, label="number", moving=(1,), second=False)
add(FAMILY, "where", np.where, BOOLS, 0.5, SIGNED, label="number first", moving=(2,), second=False)
add(FAMILY, "where", np.where, BOOLS[:1], SIGNED[:, :1], OTHER, label="broadcast", moving=(1, 2), second=False)
add(FAMILY, "where", np.where, BOOLS, INTS, INTS[::-1], label="integers")
add(FAMILY, "where", np.where, BOOLS, COMPLEX, COMPLEX[::-1], label="complex", moving=(1, 2), second=False)
add(FAMILY, "where", np.where, BOOLS[:0], SIGNED[:0], SIGNED[:0], label="empty")
add(FAMILY, "clip", np.clip, SIGNED, -0.75, 1.25, moving=(0,), second=False)
add(FAMILY, "clip", np.clip, INTS, -2, 3, label="integers")
add(FAMILY, "clip", np.clip, SIGNED[:0], -0.75, 1.25, label="empty")
