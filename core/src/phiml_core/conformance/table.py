"""`python -m phiml_core.conformance.table FILES`: the capability table of several runs as Markdown.

Each file is what `pytest --pyargs phiml_core.conformance --backend NAME --capabilities FILE` wrote.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phiml_core.backend import CAPABILITIES

from .parts import DISTRIBUTIONS, OWN

__all__ = ["main", "table"]

MARKS = {"works": "yes", "declared": "no", "fails": "**fails**", "not run": "not run"}


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Markdown with a column for each run."""
    names = [run["backend"] for run in runs]
    lines = [row("", names), row("---", ["---"] * len(names))]
    lines.append(row("compiles functions", ["yes" if run["compiles"] else "runs them as they are" for run in runs]))
    for name, meaning in CAPABILITIES.items():
        lines.append(row(f"{name}: {meaning}", [MARKS[run["capabilities"][name]["state"]] for run in runs]))
    for part in dict.fromkeys([*OWN, *DISTRIBUTIONS, *(part for run in runs for part in run["parts"])]):
        lines.append(row(f"tests passed, {part}", [counts(run["parts"].get(part, {})) for run in runs]))
    notes = []
    for run in runs:
        reasons = {n: c["reason"] for n, c in run["capabilities"].items() if c["reason"]} | run["exceptions"]
        notes += [f"* {run['backend']}, {name}: {reason}." for name, reason in reasons.items()]
        notes += [f"* {run['backend']}, part {part} left out: {why}." for part, why in run["skipped"].items()]
    return "\n".join([*lines, "", *notes]) + "\n"


def row(head: str, cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {head} | " + " | ".join(cells) + " |"


def counts(found: dict[str, int]) -> str:
    """How many tests have passed, of how many."""
    total = sum(found.values())
    return f"{found.get('passed', 0)} of {total}" if total else "not run"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, or put it between the marks of a document."""
    parser = argparse.ArgumentParser(prog="python -m phiml_core.conformance.table", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="written by --capabilities")
    parser.add_argument("--into", type=Path, help="document with the lines <!-- table --> and <!-- end of table -->")
    given = parser.parse_args(argv)
    text = table([json.loads(path.read_text(encoding="utf-8")) for path in given.files])
    if given.into is None:
        print(text, end="")
        return 0
    start, end = "<!-- table -->\n", "<!-- end of table -->\n"
    document = given.into.read_text(encoding="utf-8")
    before, _, rest = document.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        parser.error(f"{given.into} has no lines {start.strip()} and {end.strip()}")
    given.into.write_text(before + start + text + end + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
