"""Grids, obstacles and velocities that several tests share."""

import numpy as np
from phiml_core import math
from phiml_core.math import spatial
from phiml_solvers import MaskedLaplace, poisson

SIDES = {
    "periodic": ("periodic", "periodic"),
    "closed": ("neumann", "neumann"),
    "open": ("dirichlet", "dirichlet"),
    "open above": ("neumann", "dirichlet"),
    "open below": ("dirichlet", "neumann"),
}


def tensor(array, *dims):
    """A tensor in the precision of the context."""
    return math.tensor(np.asarray(array, f"f{math.get_precision() // 8}"), *dims)


def largest(t):
    return float(math.max_(abs(t), t.shape))


def open_faces(box, solid):
    """1 for the free faces between two fluid cells (or a fluid cell and an open side), by dim."""
    fluid = ~np.asarray(solid)
    weights = []
    for axis, (lower, upper) in enumerate(box.boundary):
        f = np.moveaxis(fluid, axis, 0)
        if lower == "periodic":
            w = f & np.roll(f, 1, 0)
        else:
            w = f[1:] & f[:-1]
            w = np.concatenate([f[:1], w]) if lower == "dirichlet" else w
            w = np.concatenate([w, f[-1:]]) if upper == "dirichlet" else w
        weights.append(tensor(np.moveaxis(w, 0, axis), spatial(*box.dims)))
    return tuple(weights)


def grid(sizes, sides="closed", solid=None, dx=1.0):
    """Poisson operator of a grid; `sides` a name or one per dim, `solid` a boolean array."""
    names = "xyz"[: len(sizes)]
    sides = [sides] * len(sizes) if isinstance(sides, str) else sides
    boundary = {n: SIDES[s] for n, s in zip(names, sides)}
    box = poisson(spatial(**dict(zip(names, sizes))), dx, boundary)
    return box if solid is None else MaskedLaplace(box, open_faces(box, solid), fractions=True)


def box_of(operator):
    return getattr(operator, "box", operator)


def weighted(operator, faces):
    return [v * w for v, w in zip(faces, operator.weights)] if isinstance(operator, MaskedLaplace) else faces


def random_faces(operator, rng, smooth=False):
    """A velocity on the free faces: noise, or a few long waves that also blow against walls."""
    faces = []
    for dim in operator.dims:
        sizes = box_of(operator).face_resolution(dim).sizes
        if smooth:
            at = np.meshgrid(*[np.linspace(0, 1, n) for n in sizes], indexing="ij")
            v = np.full(sizes, 0.3)
            for _ in range(6):
                v += rng.normal() * np.prod([np.cos(np.pi * rng.integers(0, 5) * x + rng.uniform(0, 6)) for x in at], 0)
        else:
            v = rng.normal(size=sizes)
        faces.append(tensor(v, spatial(*operator.dims)))
    return faces


def disc(sizes):
    at = np.meshgrid(*[np.arange(n) + 0.5 for n in sizes], indexing="ij")
    return sum((x - c * n) ** 2 for x, c, n in zip(at, (0.5, 0.35, 0.45), sizes)) < (sizes[0] / 6) ** 2


def boxes(sizes, fraction=0.2):
    """Boxes at random places that fill a fraction of the grid."""
    rng, solid, n = np.random.default_rng(1), np.zeros(sizes, bool), sizes[0]
    while solid.mean() < fraction:
        extent = [rng.integers(max(2, n // 32), max(4, n // 6)) for _ in sizes]
        start = [rng.integers(0, size - e) for size, e in zip(sizes, extent)]
        solid[tuple(slice(a, a + e) for a, e in zip(start, extent))] = True
    return solid


def porous(sizes):
    """A lattice of round obstacles."""
    at = np.meshgrid(*[np.arange(n) + 0.5 for n in sizes], indexing="ij")
    return np.prod([np.sin(8 * np.pi * x / n) for x, n in zip(at, sizes)], 0) > 0.3


def with_pocket(sizes):
    """A hollow box whose inside is cut off."""
    solid = np.zeros(sizes, bool)
    solid[tuple(slice(n // 4, n // 2 + 2) for n in sizes)] = True
    solid[tuple(slice(n // 4 + 2, n // 2) for n in sizes)] = False
    return solid


OBSTACLES = {"disc": disc, "boxes": boxes, "porous": porous, "pocket": with_pocket}


def project(operator, faces, settings):
    """The faces without divergence, and how the solve went."""
    from phiml_core.solve import LinearProblem
    from phiml_solvers import solve_increments

    faces = weighted(operator, faces)
    parts, info = solve_increments(LinearProblem(operator, operator.divergence(faces)), settings)
    for part in parts:
        slopes = weighted(operator, [operator.gradient(part, dim) for dim in operator.dims])
        faces = [v - g for v, g in zip(faces, slopes)]
    return faces, info
