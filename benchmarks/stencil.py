"""A stencil applied by JAX, compiled, beside the shifted sum one would write by hand.

    python benchmarks/stencil.py [--size 512]

Medians of interleaved runs; single precision.  `ours` is the same program compiled by JAX, `by jit_compile` includes the call.
"""

import argparse
import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import jit_compile, spatial, tensor
from phiml_core.tensor import Dense
from phiml_solvers.operator import Stencil, poisson
from phiml_solvers.trace import structured

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--size", type=int, default=512)
parser.add_argument("--runs", type=int, default=60)
options = parser.parse_args()
n = options.size
rng = np.random.default_rng(0)
X, K = rng.normal(size=(n, n)).astype(np.float32), rng.uniform(1, 2, (n, n)).astype(np.float32)
WINDOWS = {(-1, 0): np.s_[:-2, 1:-1], (1, 0): np.s_[2:, 1:-1], (0, -1): np.s_[1:-1, :-2], (0, 1): np.s_[1:-1, 2:]}


def by_hand(mode, center, sides):
    def f(x):
        wide = jnp.pad(x, 1, mode)
        return center * x + sides * sum(wide[w] for w in WINDOWS.values())

    return jax.jit(f)


def faces_by_hand(wx, wy):
    def f(x):
        flux_x, flux_y = wx * (x[1:] - x[:-1]), wy * (x[:, 1:] - x[:, :-1])
        flux_x, flux_y = jnp.pad(flux_x, ((1, 1), (0, 0))), jnp.pad(flux_y, ((0, 0), (1, 1)))
        return flux_x[1:] - flux_x[:-1] + flux_y[:, 1:] - flux_y[:, :-1]

    return jax.jit(f)


def median_times(functions):
    for f in functions:
        f()
    times = [[] for _ in functions]
    for _ in range(options.runs):
        for f, kept in zip(functions, times):
            start = time.perf_counter()
            f()
            kept.append(time.perf_counter() - start)
    return [statistics.median(t) for t in times]


with backend("jax"):
    x, k = tensor(X, spatial("x,y")), tensor(K, spatial("x,y"))
    jx, jk = jnp.asarray(X), jnp.asarray(K)
    grid = spatial(x=n, y=n)
    wx, wy = math.neighbor_mean(k, dims="x"), math.neighbor_mean(k, dims="y")
    star = {(0, 0): -4.0, (1, 0): 1.0, (-1, 0): 1.0, (0, 1): 1.0, (0, -1): 1.0}

    def weighted(x):
        total = 0
        for d, w in (("x", wx), ("y", wy)):
            flux = math.pad((x[{d: slice(1, None)}] - x[{d: slice(None, -1)}]) * w, {d: (1, 1)}, 0)
            total = total + flux[{d: slice(1, None)}] - flux[{d: slice(None, -1)}]
        return total

    cases = {
        "constant, zero beyond": (Stencil.of(star, grid, "absent"), by_hand("constant", -4.0, 1.0)),
        "constant, periodic": (Stencil.of(star, grid, "periodic"), by_hand("wrap", -4.0, 1.0)),
        "constant, mirrored": (Stencil.of(star, grid, "neumann"), by_hand("symmetric", -4.0, 1.0)),
        "box": (poisson(grid, 1.0, "neumann"), by_hand("symmetric", -4.0, 1.0)),
        "varying": (structured(lambda x: k * math.laplace(x, padding="periodic"), x), by_hand("wrap", -4.0 * jk, jk)),
        "face weights": (
            structured(weighted, x),
            faces_by_hand(wx.native("x,y"), wy.native("x,y")),
        ),
    }
    for name, (operator, hand) in cases.items():
        compiled = jit_compile(lambda x, operator=operator: operator(x))
        program = jax.jit(lambda a, operator=operator: operator(Dense(a, x.spec)).native("x,y"))
        error = abs(np.asarray(hand(jx)) - compiled(x).numpy("x,y")).max()
        ours, called, by = median_times(
            [
                lambda program=program: program(jx).block_until_ready(),
                lambda compiled=compiled: compiled(x).native_array.block_until_ready(),
                lambda hand=hand: hand(jx).block_until_ready(),
            ]
        )
        print(
            f"{name:22} {type(operator).__name__:14} by hand {by * 1e3:6.3f} ms   ours {ours * 1e3:6.3f} ms, ratio {ours / by:5.2f}   "
            f"by jit_compile {called * 1e3:6.3f} ms   difference {error:.1e}"
        )
