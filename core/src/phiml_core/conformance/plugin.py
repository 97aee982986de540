"""The part of pytest: options, choice of parts, and the record of what works."""

from pathlib import Path
from typing import Any

import pytest

from phiml_core.backend import BackendNotInstalled, backend_named

from .report import Record

__all__ = ["PARTS"]

PARTS = ("arrays", "transforms", "solvers", "physics")
HERE = Path(__file__).parent


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("phiml", "conformance of a backend")
    group.addoption(
        "--backend", dest="phiml_backend", default="numpy", help="name of the backend (default: %(default)s)"
    )
    group.addoption(
        "--part", dest="phiml_parts", action="append", choices=PARTS, help="this part only; may be repeated"
    )
    group.addoption(
        "--capabilities", dest="phiml_capabilities", metavar="FILE", help="write what works to this JSON file"
    )


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", "capability(*names): what of CAPABILITIES a test of the conformance kit proves")
    try:
        backend = backend_named(config.option.phiml_backend)
    except BackendNotInstalled as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(Watch(config, Record(backend)), "phiml_conformance_record")


def pytest_ignore_collect(collection_path: Path, config: Any) -> bool | None:
    """Leave out the parts that were not asked for, without importing them."""
    parts = config.option.phiml_parts
    folder = collection_path.parent == HERE and collection_path.name in PARTS
    return True if folder and parts and collection_path.name not in parts else None


class Watch:
    """Keeps the record of a run."""

    def __init__(self, config: Any, record: Record):
        self.config, self.record = config, record

    def pytest_report_header(self) -> str:
        return f"conformance: {self.record.backend.name}, which declares that it lacks: {self.record.declared()}"

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.record.add(report.nodeid, report.outcome, dict(report.user_properties), str(report.longrepr or ""))

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome != "passed":
            self.record.add(report.nodeid, report.outcome, {}, str(report.longrepr or ""))

    def pytest_sessionfinish(self) -> None:
        path = self.config.option.phiml_capabilities
        if path and not hasattr(self.config, "workerinput"):
            self.record.write(Path(path))
