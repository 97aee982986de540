"""Products and solutions."""

import numpy as np

from .case import add
from .data import RNG, SIGNED, exact

FAMILY = "linear algebra"
SIZES = {"a": 3, "b": 4, "c": 2, "d": 1}


def einsum(x, others, subscripts):
    """The sum of products of all arrays over the axes that `subscripts` does not keep."""
    return np.einsum(subscripts, x, *others)


for _subscripts in (
    "ab,bc->ac",
    "ab,cb->ca",
    "ab,ba->",
    "ab,ab->ab",
    "ab,b->a",
    "ab,->ba",
    "ab,bc,c->a",
    "abd,cd->abc",
):
    _xs = [exact(RNG.uniform(-1, 1, [SIZES[i] for i in part])) for part in _subscripts.partition("->")[0].split(",")]
    add(FAMILY, "einsum", einsum, _xs[0], tuple(_xs[1:]), _subscripts, label=_subscripts, moving=(0, 1))
add(FAMILY, "einsum", einsum, SIGNED, (), "ij->i", label="one", moving=(0,), second=False)
add(FAMILY, "einsum", einsum, SIGNED[:0], (SIGNED[:0],), "ij,ij->j", label="over nothing")
add(
    FAMILY, "einsum", einsum, exact(SIGNED + 0.5j), (exact(SIGNED - 0.25j),), "ij,ij->j", label="complex", moving=(0, 1)
)

_MATRIX = exact(np.eye(3) * 4 + RNG.uniform(size=(2, 3, 3)))
add(FAMILY, "solve", np.linalg.solve, _MATRIX, exact(RNG.uniform(size=(2, 3, 2))), moving=(0, 1))
add(FAMILY, "solve", np.linalg.solve, _MATRIX[0], exact(RNG.uniform(size=(3, 1))), label="one system", moving=(0, 1))
_COMPLEX = exact(_MATRIX + 0.5j)
_RIGHT = exact(RNG.uniform(size=(2, 3, 2)))
add(FAMILY, "solve", np.linalg.solve, _COMPLEX, _RIGHT, label="complex matrix")
add(FAMILY, "solve", np.linalg.solve, _MATRIX, exact(_RIGHT - 0.25j), label="complex right-hand sides")
_BROKEN = np.where(np.arange(2)[:, None, None] == 1, np.nan, _MATRIX)
add(FAMILY, "solve", np.linalg.solve, exact(_BROKEN), _RIGHT, label="one matrix not finite")
