"""Reductions, and what goes along one axis."""

from typing import Any

import numpy as np

from .case import add
from .data import CUBE, INTS, POSITIVE, SIGNED, TIES, exact

FAMILY = "reduce"
REDUCE: dict[str, Any] = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "max": np.max, "min": np.min}
AXES = ((0,), (1, 2), (0, 1, 2), (2,))


def over(function):
    """A function of NumPy over several axes, called as the array word."""
    return lambda x, axes: function(x, axis=axes)


def along(function, **options):
    """A function of NumPy along one axis, called as the array word."""
    return lambda x, axis: function(x, axis=axis, **options)


for _name, _function in REDUCE.items():
    for _axes in AXES:
        add(FAMILY, _name, over(_function), CUBE, _axes, moving=(0,), second=_name == "prod")
    add(FAMILY, _name, over(_function), CUBE[:, :0], (0,), label="empty")
    add(FAMILY, _name, over(_function), CUBE[:1, :1, :1], (0, 1, 2), label="one")
for _name in ("sum", "prod", "max", "min"):
    add(FAMILY, _name, over(REDUCE[_name]), INTS, (1,), label="integers")
for _name in ("sum", "prod"):
    add(FAMILY, _name, over(REDUCE[_name]), CUBE[:, :0], (1,), label="over nothing")
for _name in ("sum", "prod", "mean"):
    add(
        FAMILY,
        _name,
        over(REDUCE[_name]),
        exact(CUBE + 0.5j),
        (0, 2),
        label="complex",
        moving=(0,),
        second=_name == "prod",
    )
add(FAMILY, "prod", over(np.prod), np.where(np.arange(5) == 2, 0.0, CUBE[0]), (1,), label="with a zero", moving=(0,))
for _name in ("max", "min"):
    _x = np.where(np.arange(5) == 2, np.nan, CUBE[0])
    add(FAMILY, _name, over(REDUCE[_name]), _x, (0,), label="nan")
    add(FAMILY, _name, over(REDUCE[_name]), _x, (1,), label="nan")
    add(FAMILY, _name, over(REDUCE[_name]), np.array([-np.inf, 1.0, np.inf]), (0,), label="infinite")
    add(FAMILY, _name, over(REDUCE[_name]), CUBE > 0, (1,), label="bools")
for _name, _function in {"any": np.any, "all": np.all}.items():
    for _axes in AXES:
        add(FAMILY, _name, over(_function), CUBE > 0.5, _axes)
    add(FAMILY, _name, over(_function), CUBE[:, :0] > 0, (1,), label="over nothing")

for _axis in (0, 1, 2):
    for _name, _function in {"argmax": np.argmax, "argmin": np.argmin}.items():
        add(FAMILY, _name, along(_function), CUBE, _axis)
    add(FAMILY, "cumsum", along(np.cumsum), CUBE, _axis, moving=(0,), second=False)
    add(FAMILY, "sort", along(np.sort), CUBE, _axis, moving=(0,), second=False)
    add(FAMILY, "argsort", along(np.argsort, kind="stable"), CUBE, _axis)
for _name, _function in {"argmax": np.argmax, "argmin": np.argmin, "sort": np.sort}.items():
    add(FAMILY, _name, along(_function), TIES, 1, label="ties")
    add(FAMILY, _name, along(_function), CUBE > 0, 1, label="bools")
add(FAMILY, "argsort", along(np.argsort, kind="stable"), TIES, 1, label="ties")
add(FAMILY, "argsort", along(np.argsort, kind="stable"), TIES * 0.5, 0, label="ties")
add(FAMILY, "cumsum", along(np.cumsum), TIES, 0, label="integers")
for _name, _function in {"cumsum": np.cumsum, "sort": np.sort, "argsort": np.argsort}.items():
    add(FAMILY, _name, along(_function), SIGNED[:0], 1, label="empty")
    add(FAMILY, _name, along(_function), POSITIVE[:1, :1], 1, label="one")
