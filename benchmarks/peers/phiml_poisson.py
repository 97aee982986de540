"""A Poisson problem in phiml: a linear function of a tensor, traced to a sparse matrix, solved by conjugate gradients.

`python -m peers.phiml_poisson BACKEND CASE RESOLUTION` prints one line of JSON: seconds per solve and the true relative residual,
or the error.  In a process of its own: phiml switches JAX to 64 bits.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from typing import Any

import _timing  # noqa: F401  pins the threads before NumPy is loaded
import numpy as np
from native import poisson


def measure(arguments: Any) -> dict[str, Any]:
    from phiml import math

    math.use(arguments.backend)
    weights = poisson.CASES[arguments.case](arguments.shape)
    b = poisson.right_hand_side(weights)
    names = "xyz"[: b.ndim]
    dims = math.spatial(",".join(names))
    faces = [math.tensor(w.astype(np.float32), dims) for w in weights]

    def operator(x, faces):
        total = 0 * x
        for name, w in zip(names, faces):
            flux = (x[{name: slice(1, None)}] - x[{name: slice(None, -1)}]) * w
            total -= math.pad(flux, {name: (0, 1)}, 0) - math.pad(flux, {name: (1, 0)}, 0)
        return total

    y = math.tensor(b, dims)
    solve = math.Solve("CG", poisson.TOLERANCE, 0, x0=y * 0, max_iterations=20000)
    linear = math.jit_compile_linear(lambda x: operator(x, faces))

    def plain(y):
        return math.solve_linear(linear, y, solve)

    def once():  # inside jit_compile the traced matrix meets an array conversion that JAX refuses
        return plain(y).numpy(names)

    start = time.perf_counter()
    x = once()
    first, times = time.perf_counter() - start, []
    while len(times) < 5 and (len(times) < 1 or time.perf_counter() - start < arguments.budget):
        begin = time.perf_counter()
        once()
        times.append(time.perf_counter() - begin)
    left = poisson.relative_residual(poisson.matrix(weights), b, x)
    return {"seconds": float(np.median(times)), "first": first, "rounds": len(times), "residual": left}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=("numpy", "jax"))
    parser.add_argument("case", choices=poisson.CASES)
    parser.add_argument("shape", type=lambda text: tuple(map(int, text.split("x"))), help="for example 128x128")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds after which no further round starts")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        result = measure(arguments)
    except Exception as error:  # whatever stops it is the result
        result = {"error": f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:200]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
