"""What all runs of the tests share: programs of JAX that were compiled once, and a last line that says which backends were tested.

A backend that is not installed is thus not skipped in silence.
"""

import importlib.util
import os
import re
import shutil
import tempfile

import pytest

PACKAGES = {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}


PROGRAMS = pytest.StashKey[str]()


def pytest_configure(config):
    """Equal programs of JAX are compiled once in a run: by all its workers, and by the processes that tests start.

    Most of the time of a test on JAX goes to compiling, and many of those programs have been compiled before: a single
    operation on values of some shape, or a loop whose body is a new Python function.  The folder is empty when a run begins.
    """
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:  # in a worker it is that of the run
        config.stash[PROGRAMS] = tempfile.mkdtemp(prefix="phiml-programs-")
        os.environ["JAX_COMPILATION_CACHE_DIR"] = config.stash[PROGRAMS]
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def pytest_unconfigure(config):
    if folder := config.stash.get(PROGRAMS, None):
        del os.environ["JAX_COMPILATION_CACHE_DIR"]
        shutil.rmtree(folder, ignore_errors=True)


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
