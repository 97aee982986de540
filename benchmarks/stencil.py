"""A stencil applied by this library, compiled, beside the shifted sum one writes by hand in the same framework.

`python benchmarks/stencil.py [--backend jax] [--sizes 256 512 1024]`
Single precision; whole calls, with everything that recognising arguments and handing out tensors costs.
"""

from __future__ import annotations

import argparse
from typing import Any

import _timing as timing
import numpy as np
from native.shifted_sums import LIBRARIES, face_weights, shifted_sum


def operators(n: int, k: Any) -> dict[str, tuple[Any, Any]]:
    """Name to our operator and to what makes the one by hand from a library and native coefficients."""
    from phiml_core import math
    from phiml_core.math import spatial
    from phiml_solvers.operator import Stencil, poisson
    from phiml_solvers.trace import structured

    grid = spatial(x=n, y=n)
    wx, wy = math.neighbor_mean(k, dims="x"), math.neighbor_mean(k, dims="y")
    star = {(0, 0): -4.0, (1, 0): 1.0, (-1, 0): 1.0, (0, 1): 1.0, (0, -1): 1.0}

    def weighted(x: Any) -> Any:
        total = 0
        for d, w in (("x", wx), ("y", wy)):
            flux = math.pad((x[{d: slice(1, None)}] - x[{d: slice(None, -1)}]) * w, {d: (1, 1)}, 0)
            total = total + flux[{d: slice(1, None)}] - flux[{d: slice(None, -1)}]
        return total

    native = k.native("x,y")
    return {
        "constant, zero beyond": (
            Stencil.of(star, grid, "absent"),
            lambda library: shifted_sum(library, "constant", -4.0, 1.0),
        ),
        "constant, periodic": (
            Stencil.of(star, grid, "periodic"),
            lambda library: shifted_sum(library, "wrap", -4.0, 1.0),
        ),
        "constant, mirrored": (
            Stencil.of(star, grid, "neumann"),
            lambda library: shifted_sum(library, "symmetric", -4.0, 1.0),
        ),
        "Laplacian of a box": (
            poisson(grid, 1.0, "neumann"),
            lambda library: shifted_sum(library, "symmetric", -4.0, 1.0),
        ),
        "varying, periodic": (
            structured(lambda x: k * math.laplace(x, padding="periodic"), k),
            lambda library: shifted_sum(library, "wrap", -4.0 * native, native),
        ),
        "face weights": (
            structured(weighted, k),
            lambda library: face_weights(library, wx.native("x,y"), wy.native("x,y")),
        ),
    }


def compare(backend: str, n: int) -> list[str]:
    """One row per operator."""
    from phiml_core import math
    from phiml_core.math import spatial, tensor

    library = LIBRARIES[backend]()
    rng = np.random.default_rng(0)
    values, coefficients = (rng.uniform(1, 2, (n, n)).astype(np.float32) for _ in range(2))
    rows = []
    with math.backend(backend):
        x, native = tensor(values, spatial("x,y")), library.array(values)
        for name, (operator, make) in operators(n, tensor(coefficients, spatial("x,y"))).items():
            hand, ours = make(library), math.jit_compile(lambda x, operator=operator: operator(x))
            error = abs(np.asarray(hand(native)) - ours(x).numpy("x,y")).max()
            found = timing.interleave(
                {
                    "by hand": lambda hand=hand: library.wait(hand(native)),
                    "ours": lambda ours=ours: library.wait(ours(x).native_array),
                },
                at_least=0.01,
                budget=15,
            )
            low, high = found["ours"].quartiles
            rows.append(
                f"| {backend} | {n}² | {name} | `{type(operator).__name__}` | {timing.seconds(found['by hand'].median)} | "
                f"{timing.seconds(found['ours'].median)} | {1 / found['ours'].ratio:.2f} ({1 / high:.2f} – {1 / low:.2f}) | "
                f"{found[timing.A_A].ratio:.2f} | {error:.0e} |"
            )
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=LIBRARIES, default="jax")
    parser.add_argument("--sizes", type=int, nargs="+", default=(256, 512, 1024))
    arguments = parser.parse_args()
    print(
        "| backend | size | stencil | operator | by hand | ours | ours / by hand | A/A | difference |\n|" + "---|" * 9
    )
    for n in arguments.sizes:
        compare(arguments.backend, n)


if __name__ == "__main__":
    main()
