"""Products of matrices with named dims."""

from typing import Any

from phiml_core.shape import ShapeError
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
    primal = b.shape.primal.names
    pairs = [(n, n.removeprefix("~")) for n in a.shape.dual.names if n.removeprefix("~") in primal]
    if not a.shape.dual:
        pairs = [(n, n) for n in a.shape.primal.names if n in primal]
    if not pairs:
        wanted = a.shape.dual or a.shape.primal
        raise ShapeError(
            f"Cannot compute {a.shape} @ {b.shape}: none of the dims {wanted} of the first has a primal dim of the same name in the "
            f"second.  Rename one: rename_dims(t, …), or name the pairs: dot(a, '~x', b, 'y')."
        )
    return dot(a, ",".join(p for p, _ in pairs), b, ",".join(q for _, q in pairs))
