"""How long cells are in terms of what flows between them: decides along which dims they are taken together first."""

from math import log2

from phiml_core.math import mean
from phiml_core.tensor.dense import Dense

__all__ = ["proportions"]


def proportions(dims: tuple[str, ...], spacing: tuple[float, ...], faces: list[Dense]) -> tuple[float, ...]:
    """Length of a cell along each dim, rounded to powers of two of the shortest.

    Coefficients count where they are known: ten times the flow between neighbours is a cell 3.2 times as short.  Of traced ones the
    given `spacing` is all there is to know.
    """
    lengths = list(spacing)
    if all(c.available for c in faces):
        means = [float(mean(c, c.shape)) for c in faces]
        if all(0 < m < float("inf") for m in means):
            lengths = [m**-0.5 for m in means]
    shortest = min(lengths)
    return tuple(2.0 ** round(log2(length / shortest)) for length in lengths)
