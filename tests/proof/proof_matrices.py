"""Matrices that ship with SciPy and PyAMG, and what one assembles by their tools: more than fifty systems."""

from functools import partial

import numpy as np
import pyamg.gallery as gallery
import scipy.linalg
import scipy.sparse as sp
from scipy.sparse import csgraph

__all__ = ["MATRICES"]


def diffusion(n, pattern, jump=1e4):
    """Five points, harmonic means of coefficients that jump between cells; zero beyond the sides."""
    random = np.random.default_rng(n)
    if pattern == "cells":
        high = random.uniform(size=(n, n)) > 0.5
    elif pattern == "stripes":
        high = np.add.outer(np.arange(n), 0 * np.arange(n)) % 4 < 2
    else:
        high = np.hypot(*np.meshgrid(np.arange(n) - n / 2, np.arange(n) - n / 3)) < n / 4
    k = np.pad(np.where(high, jump, 1.0), 1, mode="edge")
    number = np.arange(n * n).reshape(n, n)
    diagonal, rows, columns, entries = np.zeros((n, n)), [], [], []
    for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        other = k[1 + dx : n + 1 + dx, 1 + dy : n + 1 + dy]
        face = 2 / (1 / k[1:-1, 1:-1] + 1 / other)
        diagonal += face
        inside = np.zeros((n + 2, n + 2), bool)
        inside[1:-1, 1:-1] = True
        inside = inside[1 + dx : n + 1 + dx, 1 + dy : n + 1 + dy]
        rows.append(number[inside])
        columns.append((number + dx * n + dy)[inside])
        entries.append(-face[inside])
    rows.append(number.ravel())
    columns.append(number.ravel())
    entries.append(diagonal.ravel())
    place = np.concatenate(rows), np.concatenate(columns)
    return sp.csr_array((np.concatenate(entries), place), shape=(n * n, n * n))


def convection(n, peclet, angle):
    """Central diffusion and upwind advection on a square."""
    one, line = sp.eye_array(n), sp.diags_array([-np.ones(n - 1), 2 * np.ones(n), -np.ones(n - 1)], offsets=[-1, 0, 1])
    upwind = sp.diags_array([-np.ones(n - 1), np.ones(n)], offsets=[-1, 0])
    parts = sp.kron(line, one) + sp.kron(one, line)
    return sp.csr_array(parts + peclet * (np.cos(angle) * sp.kron(upwind, one) + np.sin(angle) * sp.kron(one, upwind)))


def stencil(epsilon, theta, kind, n=20):
    return gallery.stencil_grid(gallery.diffusion_stencil_2d(epsilon, theta, kind), (n, n), format="csr")


def graph(n, density, shift):
    random = sp.random_array((n, n), density=density, rng=np.random.default_rng(n))
    return csgraph.laplacian(sp.csr_array(random + random.T)) + shift * sp.eye_array(n)


def example(name):
    return gallery.load_example(name)["A"]


def elasticity(n):
    return gallery.linear_elasticity((n, n), format="csr")[0]


def triangles(n):
    vertices, elements = gallery.regular_triangle_mesh(n, n)
    matrix = sp.lil_array((len(vertices), len(vertices)))
    for element in elements:
        corners = np.c_[np.ones(3), vertices[element]]
        slopes = np.linalg.inv(corners)[1:]
        matrix[np.ix_(element, element)] += abs(np.linalg.det(corners)) / 2 * slopes.T @ slopes
    return sp.csr_array(matrix + 1e-3 * sp.eye_array(len(vertices)))


def scattered(n):
    """PyAMG draws from NumPy's global numbers; the diagonal keeps the matrix regular."""
    state = np.random.get_state()
    np.random.seed(n)
    matrix = gallery.sprand(n, n, 0.1)
    np.random.set_state(state)
    return sp.csr_array(matrix + 4 * sp.eye_array(n))


def shifted(matrix, shift):
    return sp.csr_array(matrix + shift * sp.eye_array(matrix.shape[0]))


MATRICES = {
    **{
        f"poisson {'x'.join(map(str, s))}": partial(gallery.poisson, s, format="csr")
        for s in ((200,), (25, 30), (9, 8, 10))
    },
    **{f"diffusion {p} {n}": partial(diffusion, n, p) for p in ("cells", "stripes", "disc") for n in (12, 30)},
    **{
        f"anisotropic {e:g} {t:.2f} {kind}": partial(stencil, e, t, kind)
        for e in (1e-3, 1e3)
        for t in (0, np.pi / 6, np.pi / 4)
        for kind in ("FE", "FD")
    },
    **{f"advection-diffusion {p:g} {a:g}": partial(convection, 20, p, a) for p in (0.1, 10, 1000) for a in (0, 0.7)},
    **{f"advection {a:g}": lambda a=a: gallery.advection_2d((20, 20), a)[0] for a in (0.2, 0.8)},
    **{f"elasticity {n}": partial(elasticity, n) for n in (6, 12)},
    **{f"triangles {n}": partial(triangles, n) for n in (6, 12)},
    **{
        f"example {n}": partial(example, n)
        for n in ("airfoil", "bar", "helmholtz_2D", "knot", "recirc_flow", "unit_cube", "unit_square")
    },
    **{f"gauge {b:g}": partial(gallery.gauge_laplacian, 12, 1.0, b) for b in (0.1, 0.3)},
    **{f"random {n}": partial(scattered, n) for n in (40, 200)},
    **{f"graph {n} {s:g}": partial(graph, n, 0.05, s) for n in (60, 300) for s in (1e-3, 1.0)},
    "helmholtz, real": lambda: shifted(gallery.poisson((20, 20), format="csr"), -1.234),
    "hilbert": lambda: scipy.linalg.hilbert(10),
    "pascal": lambda: scipy.linalg.pascal(12).astype(float),
    "toeplitz": lambda: scipy.linalg.toeplitz(0.5 ** np.arange(50)),
    "circulant": lambda: scipy.linalg.circulant([3.0, 1.0, 0.5, *np.zeros(40)]),
    "companion": lambda: scipy.linalg.companion([1.0, -2.0, 0.5, 3.0, -1.0]),
    "hadamard": lambda: scipy.linalg.hadamard(16).astype(float),
    "leslie": lambda: scipy.linalg.leslie([0.1, 2.0, 1.0, 0.1], [0.2, 0.8, 0.7]),
    "dft": lambda: scipy.linalg.dft(24),
}
