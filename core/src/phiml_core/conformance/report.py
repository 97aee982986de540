"""What came out of a run, by capability."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phiml_core.backend import CAPABILITIES, Backend

__all__ = ["Record"]


class Record:
    """Counts of tests by part, and what they say about each capability of a backend."""

    def __init__(self, backend: Backend, absent: Mapping[str, str]):
        """`absent`: parts that nothing installed announces → the distributions that have them."""
        self.backend = backend
        self.parts: dict[str, dict[str, int]] = {}
        self.capabilities: dict[str, dict[str, int]] = {}
        self.skipped = {part: f"{distribution} is not installed" for part, distribution in absent.items()}

    def declared(self) -> str:
        """The declared inabilities, in words."""
        return ", ".join(n for n in CAPABILITIES if self.backend.inability(n)) or "nothing"

    def add(self, part: str, outcome: str, properties: dict[str, Any], text: str) -> None:
        """Take note of one test."""
        count(self.parts, part, outcome)
        if outcome == "skipped":
            self.skipped[part] = text.rpartition("Skipped: ")[2].rstrip("')\"")
        for name in properties.get("capability", "").split(","):
            if name:
                count(self.capabilities, name, outcome)

    def summary(self) -> dict[str, Any]:
        """All of it as plain data."""
        found: dict[str, Any] = {}
        for name in CAPABILITIES:
            counts, reason = self.capabilities.get(name, {}), self.backend.inability(name)
            state = "not run" if not counts.get("passed") else "declared" if reason else "works"
            found[name] = {"state": "fails" if counts.get("failed") else state, "reason": reason or "", **counts}
        words = {n: r for n, r in self.backend.cannot.items() if n not in CAPABILITIES}
        return {
            "backend": self.backend.name,
            "compiles": self.backend.can_jit,
            "parts": self.parts,
            "skipped": self.skipped,
            "capabilities": found,
            "exceptions": words,
        }

    def write(self, path: Path) -> None:
        """Write the summary as JSON."""
        path.write_text(json.dumps(self.summary(), indent=1) + "\n", encoding="utf-8")


def count(table: dict[str, dict[str, int]], name: str, outcome: str) -> None:
    """One more `outcome` of what is called `name`."""
    row = table.setdefault(name, {})
    row[outcome] = row.get(outcome, 0) + 1
