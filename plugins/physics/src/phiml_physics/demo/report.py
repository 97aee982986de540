"""The summary of a run: divergence, solver, speed."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Any

__all__ = ["Report"]


@dataclass
class Report:
    """What is known of each step of a run."""

    backend: str
    device: str
    divergence: list[float] = field(default_factory=list)
    iterations: list[int] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def results(self) -> dict[str, Any]:
        """The figures as plain values; the first step, which compiles, is left out of the time per step."""
        times = self.seconds[1:] or self.seconds
        return {
            "max_divergence": max(self.divergence, default=0.0),
            "divergence_per_step": [float(f"{d:.3g}") for d in self.divergence],
            "solver": Counter(self.methods).most_common(1)[0][0] if self.methods else "none",
            "iterations_per_step": self.iterations,
            "median_ms_per_step": round(1e3 * median(times), 3) if times else None,
            "first_step_s": round(self.seconds[0], 3) if self.seconds else None,
            "backend": self.backend,
            "device": self.device,
        }

    def text(self) -> str:
        """The summary as printed at the end."""
        r = self.results()
        if not self.seconds:
            return "no steps were left to do"
        its = self.iterations or [0]
        return "\n".join(
            [
                f"backend       {r['backend']} on {r['device']}",
                f"steps         {len(self.seconds)}, median {r['median_ms_per_step']:.2f} ms, first {r['first_step_s']:.2f} s",
                f"solver        {r['solver']}, iterations median {median(its):g}, most {max(its)}",
                f"divergence    max |div v| h / max |v| = {r['max_divergence']:.1e} (worst step), {self.divergence[-1]:.1e} (last)",
            ]
        )
