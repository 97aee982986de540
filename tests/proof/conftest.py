"""Proofs of what is promised: the short ones always run, the long ones with `-m long` (or `nox -s proof`)."""

import sys
from pathlib import Path

import pytest
from phiml_core.backend import backend, precision

sys.path.insert(0, str(Path(__file__).parent))  # for proof_plume


@pytest.fixture(params=["numpy", "jax"])
def place(request):
    """Name of the backend that new data is made for."""
    if request.param == "jax":
        pytest.importorskip("phiml_jax", reason="phiml-jax is not installed")
    with backend(request.param):
        yield request.param


@pytest.fixture(params=[32, 64])
def bits(request):
    """Bits of floating point numbers."""
    with precision(request.param):
        yield request.param


def pytest_terminal_summary(terminalreporter):
    """The table of what the projections left, if long proofs were asked for."""
    rows: dict = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "projection":
                    row = rows.setdefault((value["grid"], value["bits"], value["place"]), {})
                    kind = "free" if value["obstacle"] == "none" else "obstacles"
                    left, most = row.get(kind, (0.0, 0))
                    row[kind] = max(left, value["left"]), max(most, value["iterations"])
    if not rows or terminalreporter.config.option.markexpr == "not long":
        return
    terminalreporter.section("largest max |div v| h / max |v| and most iterations of the default solve")
    terminalreporter.line("| grid | bits | backend | free box | passes | obstacles | iterations |")
    terminalreporter.line("|---|---|---|---|---|---|---|")
    for (grid, bits, place), row in sorted(rows.items(), key=lambda r: (r[0][0].count("×"), len(r[0][0]), r[0])):
        cells = [f"{left:.1e} | {most}" for kind in ("free", "obstacles") for left, most in [row.get(kind, (0.0, 0))]]
        terminalreporter.line(f"| {grid} | {bits} | {place} | {' | '.join(cells)} |")
