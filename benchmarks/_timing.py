"""Interleaved timing: every round runs every candidate once, so that a change of load hits all of them alike.

The figure to trust is the *ratio within a round*: its median and quartiles over all rounds.  The first candidate is the
reference and runs twice a round; the ratio of the two (the A/A line) says how much of a ratio is noise.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # a second thread on shared cores costs up to 100x; NumPy must not be loaded yet

MIN_PAIRS = 15
A_A = "A/A"


def block(value: Any) -> Any:
    """Waits for all asynchronous (JAX) arrays in `value`; returns it."""
    jax = sys.modules.get("jax")
    return value if jax is None else jax.block_until_ready(value)


@dataclass(frozen=True)
class Timing:
    """Seconds per call of one candidate, one entry per round, and those of the reference in the same rounds."""

    name: str
    times: tuple[float, ...]
    reference: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def best(self) -> float:
        return min(self.times)

    @property
    def ratio(self) -> float:
        """Median over the rounds of (reference / this): above 1 is faster than the reference."""
        return statistics.median(self._ratios())

    @property
    def quartiles(self) -> tuple[float, float]:
        low, _, high = statistics.quantiles(self._ratios(), n=4)
        return low, high

    def _ratios(self) -> list[float]:
        return [r / t for r, t in zip(self.reference, self.times, strict=True)]


def calls_for(function: Callable[[], Any], at_least: float) -> int:
    """Number of calls that together take at least `at_least` seconds; the first calls may still compile or find cold caches."""
    block(function())
    times = []
    for _ in range(5):
        start = time.perf_counter()
        block(function())
        times.append(time.perf_counter() - start)
    return max(1, round(at_least / max(min(times), 1e-7)))


def run(function: Callable[[], Any], calls: int) -> float:
    """Seconds per call.  Every call is waited for, as a loop that looks at its result does."""
    start = time.perf_counter()
    for _ in range(calls):
        block(function())
    return (time.perf_counter() - start) / calls


def interleave(
    candidates: Mapping[str, Callable[[], Any]],
    pairs: int = 2 * MIN_PAIRS - 9,
    at_least: float = 0.02,
    budget: float = 40.0,
) -> dict[str, Timing]:
    """Times all candidates in turn.

    Args:
        candidates: name to function without arguments; the first is the reference.
        pairs: rounds; at least 15 are run whatever the budget.
        at_least: seconds of each measurement; short functions are called repeatedly, as in a simulation: the first calls after
            another candidate find cold caches.
        budget: seconds after which no further round starts once 15 are done.
    Returns:
        One `Timing` per candidate, and one called 'A/A' for the reference run a second time.
    """
    names = list(candidates)
    calls = {name: calls_for(candidates[name], at_least) for name in names}
    order = [*names, A_A]
    functions = {**candidates, A_A: candidates[names[0]]}
    calls[A_A] = calls[names[0]]
    times: dict[str, list[float]] = {name: [] for name in order}
    start = time.perf_counter()
    for round_ in range(max(pairs, MIN_PAIRS)):
        if round_ >= MIN_PAIRS and time.perf_counter() - start > budget:
            break
        for name in order if round_ % 2 == 0 else reversed(order):  # no candidate always follows the same neighbour
            times[name].append(run(functions[name], calls[name]))
    reference = tuple(times[names[0]])
    return {name: Timing(name, tuple(times[name]), reference) for name in order}


def seconds(value: float) -> str:
    """`value` with a unit that keeps three digits readable."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown table with aligned columns."""
    rows = [list(map(str, row)) for row in rows]
    widths = [max(len(r[i]) for r in [list(head), *rows]) for i in range(len(head))]
    line = lambda cells: "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (w + 2) for w in widths) + "|", *map(line, rows)])


def report(timings: Mapping[str, Timing], extra: Mapping[str, str] | None = None, extra_head: str = "note") -> str:
    """Table of median, best, ratio to the reference and quartiles; `extra` adds a last column."""
    rows = []
    for name, t in timings.items():
        low, high = t.quartiles
        rows.append(
            [
                name,
                seconds(t.median),
                seconds(t.best),
                f"{t.ratio:.2f}",
                f"{low:.2f} – {high:.2f}",
                (extra or {}).get(name, ""),
            ]
        )
    return table(["candidate", "median", "best", "reference / this", "quartiles", extra_head], rows)
