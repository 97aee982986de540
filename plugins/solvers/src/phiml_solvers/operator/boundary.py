"""Boundaries of a grid as an operator sees them: what lies beyond each side."""

from collections.abc import Mapping
from typing import Any

from phiml_core.shape import Shape

__all__ = [
    "ABSENT",
    "DIRICHLET",
    "NEUMANN",
    "OPEN_ENDS",
    "PERIODIC",
    "UnknownSide",
    "free_faces",
    "has_transform",
    "parse_boundary",
    "transform_kind",
]

PERIODIC, NEUMANN, DIRICHLET = "periodic", "neumann", "dirichlet"
ABSENT = "absent"
"""Nothing lies beyond the side; what a stencil would read there counts as zero: x is zero a whole cell beyond the last center."""
OPEN_ENDS = {DIRICHLET: 2.0, ABSENT: 1.0}
"""Sides that something can flow through, and by how much nearer than a cell the place is where x is zero."""
_NAMES = {
    "periodic": PERIODIC, "neumann": NEUMANN, "closed": NEUMANN, "wall": NEUMANN, "zero-gradient": NEUMANN,
    "dirichlet": DIRICHLET, "open": DIRICHLET, "zero": DIRICHLET, "absent": ABSENT,
}  # fmt: skip


class UnknownSide(ValueError):
    """A boundary was named that operators do not know, or that cannot stand on one side alone."""


def _side(name: Any) -> str:
    found = _NAMES.get(name) if isinstance(name, str) else None
    if found is None:
        raise UnknownSide(
            f"Unknown boundary {name!r} of a grid operator.  Known: {PERIODIC!r}; {NEUMANN!r} (no flux through the face, "
            f"also 'closed'); {DIRICHLET!r} (zero at the face, also 'open'); {ABSENT!r} (zero a cell beyond the last center)."
        )
    return found


def parse_boundary(boundary: Any, resolution: Shape) -> tuple[tuple[str, str], ...]:
    """(lower, upper) boundary of each dim, from one name, a pair, or names or pairs by dim.

    Raises:
        UnknownSide: a name is not known, a dim is missing, or only one of two sides is periodic.
    """
    pairs = []
    for dim in resolution.names:
        sides = boundary
        if isinstance(boundary, Mapping):
            if dim not in boundary:
                raise UnknownSide(f"The boundary {dict(boundary)} lacks dim {dim!r} of the grid {resolution}.  Add it.")
            sides = boundary[dim]
        lower, upper = (sides, sides) if isinstance(sides, str) else sides
        pair = _side(lower), _side(upper)
        if PERIODIC in pair and pair != (PERIODIC, PERIODIC):
            raise UnknownSide(f"Dim {dim!r} is periodic on one side only: {pair}.  Make both sides periodic, or none.")
        pairs.append(pair)
    return tuple(pairs)


_KINDS = {
    (PERIODIC, PERIODIC): "fft",
    (NEUMANN, NEUMANN): "dct2",
    (DIRICHLET, DIRICHLET): "dst2",
    (NEUMANN, DIRICHLET): "dct4",
    (DIRICHLET, NEUMANN): "dst4",
    (ABSENT, ABSENT): "dst1",
}


def transform_kind(pair: tuple[str, str]) -> str:
    """The transform that diagonalises second differences of cell values between these boundaries.

    Raises:
        UnknownSide: there is none.
    """
    if pair not in _KINDS:
        raise UnknownSide(
            f"No transform diagonalises differences between the sides {pair}: {ABSENT!r} has one on both sides of a dim only.  Make both "
            "alike, or solve by 'CG'."
        )
    return _KINDS[pair]


def has_transform(boundary: tuple[tuple[str, str], ...]) -> bool:
    """Whether transforms diagonalise the Laplacian between these boundaries."""
    return all([pair in _KINDS for pair in boundary])


def free_faces(pair: tuple[str, str], cells: int) -> int:
    """Number of faces along a dim that something can flow through: inner faces and open outer ones."""
    return cells if pair[0] == PERIODIC else cells - 1 + sum([side in OPEN_ENDS for side in pair])
