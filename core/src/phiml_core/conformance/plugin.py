"""The part of pytest: options, choice of parts, and the record of what works."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from phiml_core.backend import BackendNotInstalled, backend_named

from .parts import DISTRIBUTIONS, KIT, OWN, PartError, folder, packages
from .report import Record

__all__: list[str] = []

HERE = Path(__file__).parent


def pytest_addoption(parser: Any) -> None:
    """Which backend is tested, and which parts of the kit."""
    group = parser.getgroup("phiml", "conformance of a backend")
    group.addoption(
        "--backend", dest="phiml_backend", default="numpy", help="name of the backend (default: %(default)s)"
    )
    group.addoption(
        "--part", dest="phiml_parts", metavar="PART", action="append", help="this part only; may be repeated"
    )
    group.addoption(
        "--capabilities", dest="phiml_capabilities", metavar="FILE", help="write what works to this JSON file"
    )


def pytest_configure(config: Any) -> None:
    """Finds the backend, and records what its tests prove."""
    config.addinivalue_line("markers", "capability(*names): what of CAPABILITIES a test of the conformance kit proves")
    try:
        backend = backend_named(config.option.phiml_backend)
    except BackendNotInstalled as error:
        raise pytest.UsageError(str(error)) from None
    folders = chosen(config)
    record = Record(
        backend, {} if config.option.phiml_parts else {n: d for n, d in DISTRIBUTIONS.items() if n not in folders}
    )
    config.pluginmanager.register(Watch(config, record, folders), "phiml_conformance_record")


def chosen(config: Any) -> dict[str, Path]:
    """The parts to run and their folders; those outside of core are added to what pytest collects if that is the whole kit."""
    try:
        folders = {name: folder(name) for name in config.option.phiml_parts or packages()}
    except PartError as error:
        raise pytest.UsageError(str(error)) from None
    start = config.invocation_params.dir
    if any(arg == KIT or (start / arg).resolve() == HERE for arg in config.args):
        more = [packages()[name] for name in folders if name not in OWN]
        config.args += [name for name in more if name not in config.args]
        config.option.pyargs = True
    return folders


def pytest_ignore_collect(collection_path: Path, config: Any) -> bool | None:
    """Leave out the parts that were not asked for, without importing them."""
    parts = config.option.phiml_parts
    own = collection_path.parent == HERE and collection_path.name in OWN
    return True if own and parts and collection_path.name not in parts else None


class Watch:
    """Keeps the record of a run."""

    def __init__(self, config: Any, record: Record, folders: dict[str, Path]):
        self.config, self.record, self.folders = config, record, folders

    def part(self, node: Any) -> str:
        """The part that a test or a module belongs to."""
        return next((name for name, path in self.folders.items() if node.path.is_relative_to(path)), "kit")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any) -> Generator[None, Any, Any]:
        report = yield
        report.phiml_part = self.part(item)  # travels with the report from worker processes
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, Any]:
        report = yield
        report.phiml_part = self.part(collector)
        return report

    def pytest_report_header(self) -> str:
        return f"conformance: {self.record.backend.name}, which declares that it lacks: {self.record.declared()}"

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.record.add(part_of(report), report.outcome, dict(report.user_properties), str(report.longrepr or ""))

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome != "passed":
            self.record.add(part_of(report), report.outcome, {}, str(report.longrepr or ""))

    def pytest_sessionfinish(self) -> None:
        path = self.config.option.phiml_capabilities
        if path and not hasattr(self.config, "workerinput"):
            self.record.write(Path(path))


def part_of(report: Any) -> str:
    """The part that a report was marked with; none where a worker process broke down."""
    return getattr(report, "phiml_part", "kit")
