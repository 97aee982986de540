"""Linear functions of a grid (x=5, y=6), with the class of operator that tracing finds, and helpers to compare with."""

import numpy as np
from phiml_core import math
from phiml_core.math import batch, channel, instance, spatial, sum_, tensor, wrap

RNG = np.random.default_rng(7)
SIZES = (5, 6)
GRID = spatial(x=5, y=6)
VARYING = RNG.uniform(1, 2, SIZES)
MASK = RNG.uniform(size=SIZES) < 0.4
INDICES = RNG.integers(0, 5, (7, 2))
PLACES = RNG.uniform(-2, 7, (7, 2))
SIDES = ["zero-gradient", "periodic", 0, "symmetric", "antisymmetric", {"x": "periodic", "y": (0, "zero-gradient")}]


def varying():
    return tensor(VARYING, spatial("x,y"))


def mask():
    return wrap(MASK, spatial("x,y"))


def indices():
    return wrap(INDICES, instance("points"), channel(vector="x,y"))


def places():
    return wrap(PLACES, instance("points"), channel(vector="x,y"))


def weighted_laplace(x, weights, dims="x,y"):
    """∇ · (w ∇x) without flux through the sides, w at faces the mean of both cells."""
    total = 0
    for d in dims.split(","):
        inner = math.neighbor_mean(weights, dims=d)
        flux = math.pad((x[{d: slice(1, None)}] - x[{d: slice(None, -1)}]) * inner, {d: (1, 1)}, 0)
        total = total + flux[{d: slice(1, None)}] - flux[{d: slice(None, -1)}]
    return total


def weighted_periodic(x, weights):
    total = 0
    for d in "xy":
        flux = (math.roll(x, {d: -1}) - x) * 0.5 * (weights + math.roll(weights, {d: -1}))
        total = total + flux - math.roll(flux, {d: 1})
    return total


FUNCTIONS = {
    "identity": (lambda x: x, "Identity"),
    "multiple": (lambda x: 3.0 * x, "Diagonal"),
    "division": (lambda x: -x / 4 + x / varying(), "Diagonal"),
    "varying": (lambda x: varying() * x, "Diagonal"),
    "where": (lambda x: math.where(mask(), x, 2.0 * x), "Diagonal"),
    "masked": (lambda x: x * mask(), "Diagonal"),
    "zero": (lambda x: x - x, "Zero"),
    "laplace": (lambda x: math.laplace(x, dx=0.5), "BoxLaplace"),
    "laplace, periodic": (lambda x: math.laplace(x, dx=0.5, padding="periodic"), "BoxLaplace"),
    "laplace, mirrored": (lambda x: math.laplace(x, padding="antisymmetric"), "BoxLaplace"),
    "laplace, anisotropic": (lambda x: math.laplace(x, dx=math.vec(x=0.5, y=2.0)), "BoxLaplace"),
    "laplace, zero": (lambda x: math.laplace(x, padding=0), "BoxLaplace"),
    "diffusion": (lambda x: x - 0.1 * math.laplace(x, padding="periodic"), "BoxLaplace"),
    "laplace along x": (lambda x: math.laplace(x, dims="x"), "BoxLaplace"),
    "weighted laplace": (lambda x: weighted_laplace(x, varying()), "MaskedLaplace"),
    "weighted laplace, periodic": (lambda x: weighted_periodic(x, varying()), "MaskedLaplace"),
    "reaction": (lambda x: math.laplace(x) - varying() * x, "Stencil"),
    "scaled laplace": (lambda x: varying() * math.laplace(x), "Stencil"),
    "biharmonic": (lambda x: math.laplace(math.laplace(x)), "Stencil"),
    "upwind": (lambda x: x - math.pad(x, {"x": (1, 0)}, 0).x[:-1], "Stencil"),
    "shift": (lambda x: math.pad(x, {"x": (2, 0), "y": (0, 1)}, "zero-gradient").x[:-2].y[1:], "Stencil"),
    "roll": (lambda x: math.roll(x, {"x": 2, "y": -1}), "Stencil"),
    "averages": (lambda x: math.neighbor_mean(x), "TracedOperator"),
    "gradient": (lambda x: math.spatial_gradient(x), "TracedOperator"),
    "forward gradient": (lambda x: math.spatial_gradient(x, difference="forward", padding="periodic"), "TracedOperator"),
    "crop": (lambda x: x.x[1:4].y[2:], "TracedOperator"),
    "row": (lambda x: x.x[2], "TracedOperator"),
    "padded": (lambda x: math.pad(x, {"x": (2, 3), "y": (4, 1)}, "symmetric"), "TracedOperator"),
    "padded around": (lambda x: math.pad(x, {"x": (7, 6)}, "periodic"), "TracedOperator"),
    "padded by names": (lambda x: math.pad(x, {"x": (1, 2), "y": (1, 1)}, SIDES[-1]), "TracedOperator"),
    "concat": (lambda x: math.concat([x.x[3:], 2.0 * x, math.zeros(spatial(x=1, y=6))], "x"), "TracedOperator"),
    "stack": (lambda x: math.stack([x, -x, math.laplace(x)], channel(c="a,b,l")), "TracedOperator"),
    "stack, sum": (lambda x: math.sum_(math.stack([x, 2.0 * x], channel(c="a,b")), "c"), "Diagonal"),
    "transposed": (lambda x: math.rename_dims(x, "x,y", spatial("y,x")), "TracedOperator"),
    "expand": (lambda x: math.expand(x.y[0], channel(c=3)), "TracedOperator"),
    "sum": (lambda x: math.sum_(x), "TracedOperator"),
    "sum over x": (lambda x: math.sum_(x * varying(), "x"), "TracedOperator"),
    "without mean": (lambda x: x - math.mean(x), "TracedOperator"),
    "profile": (lambda x: x + math.mean(x, "y") * varying(), "TracedOperator"),
    "flip": (lambda x: math.flip(x, "x"), "SparseMatrix"),
    "every second": (lambda x: x.x[::2].y[::-2], "SparseMatrix"),
    "chosen": (lambda x: x[{"x": [0, 3, 3]}], "SparseMatrix"),
    "gather": (lambda x: math.gather(x, indices()), "SparseMatrix"),
    "gather, laplace": (lambda x: math.gather(math.laplace(x), indices()), "SparseMatrix"),
    "interpolate": (lambda x: math.grid_sample(x, places(), "zero-gradient"), "SparseMatrix"),
    "interpolate, periodic": (lambda x: math.grid_sample(x, places(), "periodic"), "SparseMatrix"),
    "interpolate, zero": (lambda x: math.grid_sample(x, places(), 0), "SparseMatrix"),
    "scatter": (lambda x: math.scatter(GRID, indices(), math.gather(x, indices()), "add"), "SparseMatrix"),
    "pack": (lambda x: math.pack_dims(x, "x,y", instance("points")), "SparseMatrix"),
    "pack, unpack": (
        lambda x: math.unpack_dim(math.pack_dims(x, "x,y", instance("points")), "points", spatial(x=5, y=6)),
        "SparseMatrix",
    ),
    "boolean mask": (lambda x: math.boolean_mask(x, "x", wrap(np.arange(5) % 2 == 0, spatial("x"))), "SparseMatrix"),
    "running sum": (lambda x: math.cumulative_sum(x, "x"), "DenseMatrix"),
    "matrix": (lambda x: math.dot(wrap(VARYING[:4, :5], spatial("z,x")), "x", x, "x"), "DenseMatrix"),
    "two matrices": (
        lambda x: math.dot(
            wrap(VARYING[:3], spatial("w,y")), "y", math.dot(wrap(VARYING[:4, :5], spatial("z,x")), "x", x, "x"), "y"
        ),
        "Separable",
    ),
    "spectral": (lambda x: math.spectral_scale(x, {"x": "dct2", "y": "fft"}, 0.5), "SparseMatrix"),
}  # fmt: skip


def grid(values=None):
    return tensor(RNG.normal(size=SIZES) if values is None else values, spatial("x,y"))


def unit_grids():
    """One grid for each cell with a 1 there."""
    n = GRID.volume
    return tensor(np.eye(n).reshape(n, *SIZES), batch("b"), spatial("x,y"))


def inner(a, b):
    total = a * b
    return complex(sum_(total, total.shape).numpy())


def largest(t):
    return float(abs(t).numpy(t.shape).max()) if t.shape.volume else 0.0
