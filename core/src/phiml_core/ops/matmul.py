"""Products of matrices with named dims."""

import functools
from typing import Any

from phiml_core.shape import Shape, ShapeError
from phiml_core.tensor.tensor import Tensor

from .vector import dot

__all__ = ["matmul"]


def matmul(a: Any, b: Any) -> Any:
    """`a @ b`: the dual dims of `a` are summed over with the primal dims of the same names of `b`.

    Where `a` has no dual dims, it is a row vector: its primal dims are summed over with those of `b`.  All other dims align by name.

    Raises:
        ShapeError: there are no such pairs of dims.
    """
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        return NotImplemented
    x_dims, y_dims = _pairs(a.shape, b.shape)
    return dot(a, x_dims, b, y_dims)


@functools.lru_cache(maxsize=1024)
def _pairs(a: Shape, b: Shape) -> tuple[str, str]:
    """The names of the dims that are summed over, of each."""
    primal = b.primal.names
    pairs = [(n, n.removeprefix("~")) for n in a.dual.names if n.removeprefix("~") in primal]
    if not a.dual:
        pairs = [(n, n) for n in a.primal.names if n in primal]
    if not pairs:
        wanted = a.dual or a.primal
        raise ShapeError(
            f"Cannot compute {a} @ {b}: none of the dims {wanted} of the first has a primal dim of the same name in the "
            f"second.  Rename one: rename_dims(t, …), or name the pairs: dot(a, '~x', b, 'y')."
        )
    return ",".join(p for p, _ in pairs), ",".join(q for _, q in pairs)
