"""Products of sparse tensors with vectors, eager, beside the sparse product of each library: `python benchmarks/sparse.py [numpy] [jax] …`.

The matrices have 1e5 non-zeros in single precision: at random positions, and the Laplace operator of a 141 × 141 grid.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import _timing as timing  # first: pins the threads

os.environ.setdefault("PHIML_TORCH_INDUCTOR", "0")
import numpy as np
import scipy.sparse as sp
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import dual, spatial

BACKENDS = ("numpy", "jax", "torch", "tensorflow")


def matrices() -> dict[str, Any]:
    n = 141
    line = sp.diags_array([1.0, -2.0, 1.0], offsets=[-1, 0, 1], shape=(n, n))
    laplace = sp.kron(line, sp.eye_array(n)) + sp.kron(sp.eye_array(n), line)
    scattered = sp.random_array((20000, 20000), density=1e5 / 20000**2, rng=np.random.default_rng(0))
    return {"random": scattered.tocsr().astype(np.float32), "Laplace": laplace.tocsr().astype(np.float32)}


def by_library(name: str, matrix: Any, vector: np.ndarray) -> Callable[[], Any]:
    """The library's own product of its sparse array with a vector."""
    rows, columns = spatial(x=matrix.shape[0]), dual(x=matrix.shape[1])
    native, v = math.native_sparse(math.from_scipy(matrix, rows, columns)), math.tensor(vector, spatial("x")).native()
    if name == "tensorflow":
        import tensorflow as tf

        column = v[:, None]
        return lambda: tf.sparse.sparse_dense_matmul(native, column)
    if name == "jax":
        import jax
        from jax.experimental.sparse import BCSR

        compressed = BCSR.from_bcoo(native)
        product = jax.jit(lambda m, x: m @ x)
        return lambda: product(compressed, v)
    return lambda: native @ v


def ours(matrix: Any, vector: np.ndarray, format: str) -> Callable[[], Any]:
    t = math.to_format(math.from_scipy(matrix, spatial(x=matrix.shape[0]), dual(x=matrix.shape[1])), format)
    v = math.tensor(vector, spatial("x"))
    return lambda: (t @ v).native_array


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", choices=BACKENDS, default=BACKENDS)
    for name in parser.parse_args().backends:
        for label, matrix in matrices().items():
            vector = np.random.default_rng(1).normal(size=matrix.shape[1]).astype(np.float32)
            with backend(name):
                candidates = {"library": by_library(name, matrix, vector)}
                candidates |= {f: ours(matrix, vector, f) for f in ("csr", "csc", "coo", "compact-cols")}
                print(f"\n{name}, {label}, {matrix.nnz} non-zeros\n")
                print(timing.report(timing.interleave(candidates, pairs=15, at_least=0.005, budget=4)))


if __name__ == "__main__":
    main()
