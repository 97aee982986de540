"""Block Jacobi: exact solves of the parts of a system within blocks of unknowns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from ..host import sides
from .factored import from_matrix
from .word import Preconditioner, preconditioner, register_preconditioner

__all__ = ["Block"]


@dataclass(frozen=True)
class Block:
    """Exact solves within blocks, whatever couples them left out.

    Attributes:
        dims: names, separated by commas; unknowns that differ only along these are a block.  By default the channel dims, e.g. the
            components of a vector, or if there are none the last dim: lines of a grid.
    """

    dims: str | None = None


@preconditioner.dispatch
def _(how: Block, operator, like):
    return _blocks(how.dims, operator, like), "block"


register_preconditioner("block", lambda operator, like: _blocks(None, operator, like))


def _blocks(names: str | None, operator: Any, like: Tensor) -> Preconditioner:
    _, unknowns = sides(operator, like)
    inside = unknowns.only(names) if names else unknowns.channel
    if not inside:
        inside = unknowns.only(unknowns.names[-1])
    number = _numbers(unknowns, inside)
    return from_matrix(("block", number.tobytes()), lambda matrix: _factor(matrix, number), operator)


def _numbers(unknowns: Shape, inside: Shape) -> np.ndarray:
    """The block that each unknown belongs to."""
    sizes = [1 if n in inside.names else s for n, s in zip(unknowns.names, unknowns.sizes, strict=True)]
    return np.broadcast_to(np.arange(int(np.prod(sizes))).reshape(sizes), unknowns.sizes).ravel().astype(np.int64)


def _factor(matrix: Any, number: np.ndarray) -> Any:
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import splu

    entries = coo_array(matrix)
    row, column = entries.coords
    kept = number[row] == number[column]
    n = len(number)
    blocks = coo_array((entries.data[kept], (row[kept], column[kept])), shape=(n, n)).tocsr()
    diagonal = blocks.diagonal()
    empty = np.asarray(abs(blocks).sum(1)).ravel() == 0
    size = np.abs(diagonal).max(initial=0.0) or 1.0
    # rows without entries are left as they are; a singular block becomes regular by what rounding would make it
    lift = np.where(empty, 1.0, np.where(diagonal < 0, -1e-10, 1e-10) * size)
    lines = np.arange(n)
    return splu((blocks + coo_array((lift, (lines, lines)), shape=(n, n))).tocsc()).solve
