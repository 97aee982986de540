"""Says at the end of each run which backends were tested, so that one that is not installed is not skipped in silence."""

import importlib.util
import re

PACKAGES = {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}


def backend_of(test: str, under_test: str) -> str:
    """The backend of a test, by its parameters or by the plugin that it belongs to; else the one that the run is about."""
    named = re.search(r"\[(?:[^\]]*-)?(jax|torch|tensorflow)(?:-[^\]]*)?\]", test)
    if named:
        return named[1]
    return next((name for name, package in PACKAGES.items() if f"/{package}/" in test), under_test)


def pytest_terminal_summary(terminalreporter, config):
    under_test = config.getoption("phiml_backend", "numpy")  # of the conformance kit
    counts = dict.fromkeys(("numpy", *PACKAGES, under_test), 0)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            counts[backend_of(report.nodeid, under_test)] += 1
    ran = ", ".join(f"{name} {n}" for name, n in counts.items() if n) or "none"
    missing = [name for name, package in PACKAGES.items() if importlib.util.find_spec(package) is None]
    absent = f"; not installed, so not tested: {', '.join(missing)}" if missing else ""
    terminalreporter.write_line(f"tests by backend: {ran}{absent}")
