"""Poisson solves: ours by default, with multigrid and plain; SciPy, PyAMG, a transform by hand, phiml.

`python benchmarks/poisson.py [--sizes 128x128 …] [--cases free boxes porous pores jump cells cells4] [--candidates ours eager scipy …]`
Closed boxes, a true relative residual of 1e-5; the last column shows what was reached and in how many iterations.  Ours computes in
float32, SciPy and PyAMG in float64.  The reference is ours by default, compiled on JAX.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import time
from typing import Any

import _ours
import _timing as timing
import numpy as np
from native import poisson
from phiml_solvers import Multigrid

SIZES = ((128, 128), (256, 256), (512, 512), (1024, 1024), (32, 32, 32), (64, 64, 64), (128, 128, 128))
CANDIDATES = ("ours", "eager", "plain", "scipy", "pyamg", "dct", "phiml")
METHODS = {
    "auto": {},
    "multigrid-CG": {"preconditioner": "multigrid"},
    "multigrid-CG, clusters": {"preconditioner": Multigrid(clusters=True)},
    "plain CG": {"preconditioner": "none"},
}


def title(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def phiml(backend: str, case: str, shape: tuple[int, ...]) -> str:
    """What phiml says in a process of its own."""
    command = [sys.executable, "-m", "peers.phiml_poisson", backend, case, "x".join(map(str, shape))]
    folder = pathlib.Path(__file__).parent
    try:
        output = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90).stdout
        result = json.loads(output.splitlines()[-1])
    except (subprocess.TimeoutExpired, IndexError, ValueError) as error:
        return f"no result ({type(error).__name__})"
    if "error" in result:
        return result["error"]
    return f"{timing.seconds(result['seconds'])} (first {result['first']:.1f} s), residual {result['residual']:.1e}"


def sum_of(x: Any) -> np.ndarray:
    """A solution in float64, which may be given in parts."""
    return sum(np.asarray(part, np.float64) for part in x) if isinstance(x, list) else x


def ours(backend: str, weights: Any, b: np.ndarray, *how: Any) -> Any:
    """A solve with the default backend that it belongs to: with another one, constants would move arrays between the two."""
    from phiml_core import math

    run = _ours.Poisson(backend, weights, b).run(*how)

    def call() -> tuple[Any, Any]:
        math.use(backend)
        return run()

    return call


def builders(case: str, weights: Any, A: Any, b: np.ndarray, chosen: Any) -> dict[str, Any]:
    """Name to a function that builds a function without arguments, which returns (solution, iterations)."""
    found: dict[str, Any] = {}
    if "ours" in chosen:
        methods = [m for m in METHODS if m != "plain CG" and (case.startswith("cells") or "clusters" not in m)]
        for method in methods if case != "free" else ("auto",):
            for backend in ("jax", "numpy"):
                found[f"ours, {method}, {backend}"] = lambda m=method, p=backend: ours(p, weights, b, METHODS[m])
        if case != "free":
            found["ours, multigrid-CG in parts, jax"] = lambda: ours("jax", weights, b, METHODS["multigrid-CG"], True)
    if "eager" in chosen:
        for backend in ("jax", "torch", "tensorflow"):
            found[f"ours, auto, {backend} eager"] = lambda p=backend: ours(p, weights, b, {}, False, True)
    if "plain" in chosen:
        for backend in ("jax", "numpy"):
            found[f"ours, plain CG, {backend}"] = lambda p=backend: ours(p, weights, b, METHODS["plain CG"])
    if "pyamg" in chosen:
        found["PyAMG-CG with set-up"] = lambda: poisson.pyamg_cg(A, b)
        found["PyAMG-CG without set-up"] = lambda: poisson.pyamg_cg(A, b, prepared=True)
    if "dct" in chosen and case == "free":
        for passes in (1, 2):
            found[f"SciPy DCT by hand, passes: {passes}"] = lambda n=passes: poisson.scipy_dct(b, n)
    if "scipy" in chosen:
        found["SciPy CG"] = lambda: poisson.scipy_cg(A, b)
    return found


def poisson_table(case: str, shape: tuple[int, ...], chosen: Any, slow: float) -> None:
    weights = poisson.CASES[case](shape)
    A, b = poisson.matrix(weights), poisson.right_hand_side(weights)
    print(f"\n### {case}, {title(shape)}\n", flush=True)
    fast: dict[str, Any] = {}
    notes: dict[str, str] = {}
    long: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name, build in builders(case, weights, A, b, chosen).items():
        try:
            function = build()
            timing.block(function())
            start = time.perf_counter()
            x, count = function()
            seconds = time.perf_counter() - start
            notes[name] = f"{int(count)} iterations, residual {poisson.relative_residual(A, b, sum_of(x)):.1e}"
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:110]
            continue
        if seconds > (slow if fast else 5 * slow):
            long[name] = seconds
        else:
            fast[name] = function
    if fast:
        print(timing.report(timing.interleave(fast, at_least=0.01, budget=20), notes), flush=True)
    for name, seconds in long.items():
        print(f"{name}: {timing.seconds(seconds)} (one run), {notes[name]}")
    for name, why in failed.items():
        print(f"{name} did not run: {why}")
    if "phiml" in chosen:
        for backend in ("numpy", "jax"):
            print(f"phiml CG, {backend}: {phiml(backend, case, shape)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=lambda text: tuple(map(int, text.split("x"))), default=SIZES)
    parser.add_argument("--cases", nargs="+", choices=poisson.CASES, default=tuple(poisson.CASES))
    parser.add_argument("--candidates", nargs="+", choices=CANDIDATES, default=CANDIDATES)
    parser.add_argument(
        "--slow",
        type=float,
        default=1.0,
        help="seconds above which a solve is run once only; the first one above five times as many",
    )
    arguments = parser.parse_args()
    for shape in arguments.sizes:
        for case in arguments.cases:
            poisson_table(case, shape, arguments.candidates, arguments.slow)


if __name__ == "__main__":
    main()
