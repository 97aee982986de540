"""Small grids and right-hand sides that the tests of solvers share."""

import numpy as np
from phiml_core import math
from phiml_core.math import spatial

from ..operator import MaskedLaplace, poisson

__all__ = ["METHODS", "SIDES", "TIGHT", "dense", "largest", "masked", "operator", "rhs", "tensor"]

RNG = np.random.default_rng(0)
RESOLUTION = spatial(x=6, y=5)
SIDES = {
    "closed": "neumann",
    "open": "dirichlet",
    "periodic": "periodic",
    "mixed": {"x": ("periodic", "periodic"), "y": ("neumann", "dirichlet")},
}
METHODS = ("transform", "CG", "direct")
TIGHT = math.Solve(rel_tol=1e-13, suppress=(Exception,))
NOISE = RNG.normal(size=(3, 6, 5))
SOLID = np.zeros((6, 5), bool)
SOLID[2:4, 1:3] = True


def tensor(array, *dims):
    """Data in the precision of the context."""
    return math.tensor(np.asarray(array, f"f{math.get_precision() // 8}"), *dims)


def operator(sides="mixed", dx=0.5, **options):
    """The Laplacian of a box, or scale · Laplacian + shift."""
    return poisson(RESOLUTION, dx, SIDES[sides], **options)


def masked(sides="closed"):
    """The Laplacian around an obstacle."""
    box = operator(sides)
    free, weights = ~SOLID, []
    for axis, (lower, upper) in enumerate(box.boundary):
        f = np.moveaxis(free, axis, 0)
        if lower == "periodic":
            w = f & np.roll(f, 1, 0)
        else:
            w = f[1:] & f[:-1]
            w = np.concatenate([f[:1], w]) if lower == "dirichlet" else w
            w = np.concatenate([w, f[-1:]]) if upper == "dirichlet" else w
        weights.append(tensor(np.moveaxis(w, 0, axis), spatial("x,y")))
    return MaskedLaplace(box, tuple(weights), fractions=True)


def dense(of):
    """The matrix of an operator, in double precision with NumPy."""
    with math.backend("numpy"), math.precision(64):
        columns = of()(tensor(np.eye(30).reshape(30, 6, 5), math.batch("column"), spatial("x,y")))
        return columns.numpy("x,y,column").reshape(30, 30)


def rhs(of, i=0):
    """A right-hand side in the range of an operator, as an array."""
    return (dense(of) @ NOISE[i].ravel()).reshape(6, 5)


def largest(t):
    """The largest magnitude of a tensor."""
    return float(math.max_(abs(t), t.shape))
