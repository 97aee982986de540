"""Overhead of eager operations over the native call, beside phiml: `python benchmarks/eager_overhead.py [numpy] [jax] [torch] [tensorflow]`.

Each library runs in processes of its own, alternating, since phiml switches JAX to 64 bits for the whole process.
Within a process every round times the native call and the library's call of each operation one after the other; the
overhead is the median of their differences.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import _timing as timing  # first: pins the threads
from peers import phiml_overhead as peer

ROUNDS, CALLS, PROCESSES = 31, 200, 3
LIBRARIES = ("ours", "phiml")
BACKENDS = ("numpy", "jax", "torch", "tensorflow")


def timed(function: Callable[[], Any], calls: int) -> float:
    """Seconds per call; asynchronous results are not waited for: what is compared is the time to hand out the work."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def native_operations(backend: str) -> dict[str, Callable[[], Any]]:
    """The operations in the library behind a backend."""
    if backend == "tensorflow":
        return peer.native_tensorflow()
    if backend == "torch":
        return peer.native_torch()
    if backend == "jax":
        import jax.numpy as xp
    else:
        import numpy as xp
    return peer.native_operations(xp)


def measure(library: str, backend: str) -> dict[str, tuple[float, float, float]]:
    """Median overhead, median native time and median A/A difference of each operation, in microseconds."""
    if library == "phiml":
        operations = peer.phiml(backend)
    else:
        import _ours

        operations = _ours.operations(backend)
    native = native_operations(backend)
    calls = CALLS if backend == "numpy" else CALLS // 4
    result = {}
    for name, operation in operations.items():
        for function in (operation, native[name]):
            timed(function, 20)
        rows = []
        for _ in range(ROUNDS):
            rows.append([1e6 * timed(f, calls) for f in (native[name], operation, native[name])])
        result[name] = (
            statistics.median(own - (first + again) / 2 for first, own, again in rows),
            statistics.median((first + again) / 2 for first, _, again in rows),
            statistics.median(abs(first - again) for first, _, again in rows),
        )
    return result


def compare(backend: str) -> str:
    """Table of both libraries on one backend."""
    found: dict[str, list[dict[str, list[float]]]] = {library: [] for library in LIBRARIES}
    for _ in range(PROCESSES):
        for library in LIBRARIES:
            command = [sys.executable, __file__, "--child", library, backend]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found[library].append(json.loads(output.splitlines()[-1]))

    def median(library: str, name: str, which: int) -> float:
        return statistics.median(run[name][which] for run in found[library])

    names = list(found["ours"][0])
    rows, sums, positive = [], dict.fromkeys(LIBRARIES, 0.0), dict.fromkeys(LIBRARIES, 0.0)
    for position, name in enumerate(names):
        ours, theirs = median("ours", name, 0), median("phiml", name, 0)
        if position < peer.COUNTED:
            for library, value in zip(LIBRARIES, (ours, theirs)):
                sums[library] += value
                positive[library] += max(value, 0)  # one call may beat the native one, which must not pay for another
        noise = max(median(library, name, 2) for library in LIBRARIES)
        rows.append(
            [
                name,
                f"{median('ours', name, 1):.2f}",
                f"{ours:.2f}",
                f"{theirs:.2f}",
                f"{ours / theirs:.2f}",
                f"{noise:.2f}",
            ]
        )
    rows.append(["sum", "", f"{sums['ours']:.1f}", f"{sums['phiml']:.1f}", f"{sums['ours'] / sums['phiml']:.3f}", ""])
    rows.append(
        [
            "sum, none below 0",
            "",
            f"{positive['ours']:.1f}",
            f"{positive['phiml']:.1f}",
            f"{positive['ours'] / positive['phiml']:.3f}",
            "",
        ]
    )
    return timing.table(["operation", "native µs", "ours +µs", "phiml +µs", "ours / phiml", "A/A µs"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", default=BACKENDS)
    parser.add_argument("--child", nargs=2, metavar=("LIBRARY", "BACKEND"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(*arguments.child)))
        return
    for backend in arguments.backends:
        print(f"\nEager overhead on 4 × 3 tensors, {backend}\n")
        print(compare(backend), flush=True)


if __name__ == "__main__":
    main()
