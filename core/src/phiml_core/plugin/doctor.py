"""What works on this machine and what does not, with cause and cure of each problem."""

import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .hookspecs import HOOKS_VERSION
from .manager import PluginManager
from .ranges import CORE, needs, version_of
from .selfcheck import CheckFailed, SelfCheck

__all__ = ["Finding", "diagnose"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        about: what was looked at.
        text: what was found.
        cause: what is wrong; empty if all is well.
        cure: what to do about it.
    """

    about: str
    text: str
    cause: str = ""
    cure: str = ""

    @property
    def is_problem(self) -> bool:
        """Whether something is wrong."""
        return bool(self.cause)


def diagnose(manager: PluginManager) -> Iterator[Finding]:
    """Look at versions, load every plugin, and let every backend compute, compile and differentiate something."""
    yield Finding("python", f"{platform.python_version()} on {platform.platform()} ({sys.executable})")
    yield from _core()
    yield from _plugins(manager)
    yield from _backends(manager)


def _core() -> Iterator[Finding]:
    version = version_of(CORE)
    if version is None:
        cure = f"pip install {CORE}, or in a checkout: pip install -e core"
        yield Finding(CORE, "not installed", "its sources are on the path, but no distribution is installed.", cure)
        return
    yield Finding(CORE, f"{version}, hooks version {HOOKS_VERSION}")
    yield from _needs(CORE, tuple(importlib.metadata.requires(CORE) or ()))


def _needs(distribution: str, requires: tuple[str, ...]) -> Iterator[Finding]:
    for need in needs(requires):
        if need.is_met:
            yield Finding(f"  {need.name}", f"{need.installed}")
        else:
            found = f"installed is {need.installed}." if need.installed else "it is not installed."
            cause = f"{distribution} needs {need}, {found}"
            yield Finding(f"  {need.name}", need.installed or "not installed", cause, f'pip install "{need}"')


def _plugins(manager: PluginManager) -> Iterator[Finding]:
    index = manager.index
    manager.probe()
    for report in manager.reports():
        text = f"{report.distribution}, {report.state}"
        yield Finding(f"plugin {report.name}", text, report.cause, report.cure)
    entries_by_distribution = {entry.distribution: entry for entries in index.plugins.values() for entry in entries}
    for distribution, entry in entries_by_distribution.items():
        yield from (finding for finding in _needs(distribution, entry.requires) if finding.is_problem)
    for conflict in index.conflicts():
        yield Finding("entry points", "claimed twice", conflict.cause, conflict.cure)
    for entry in index.dangling():
        cause = f"{entry} says that plugin {entry.value!r} provides {entry.name!r}, but nothing has that plugin."
        yield Finding("entry points", entry.name, cause, f"pip install --force-reinstall {entry.distribution}")


def _backends(manager: PluginManager) -> Iterator[Finding]:
    for plugin, checks in manager.ask("phiml_checks"):
        for check in checks:
            yield from _backend(plugin, check)


def _backend(plugin: str, check: SelfCheck) -> Iterator[Finding]:
    about = f"backend {check.backend}"
    yield _trial(about, lambda: ", ".join(f"{name} {version}" for name, version in check.versions().items()), plugin)
    yield _trial("  devices", lambda: "; ".join(check.devices()), plugin)
    for name, trial in (("compute", check.compute), ("compile", check.compile), ("differentiate", check.differentiate)):
        if trial is None:
            yield Finding(f"  {name}", "not offered by this backend")
        else:
            yield _trial(f"  {name}", trial, plugin)


def _trial(about: str, trial: Callable[[], str], plugin: str) -> Finding:
    start = time.perf_counter()
    try:
        text = trial()
    except CheckFailed as error:
        return Finding(about, "failed", error.cause, error.cure)
    except Exception as error:
        cure = f"upgrade the distribution of plugin {plugin!r} or its framework, or tell its authors."
        return Finding(about, "failed", f"{type(error).__name__}: {error}", cure)
    seconds = time.perf_counter() - start
    return Finding(about, f"{text} ({seconds:.1f} s)" if seconds > 0.1 else text)
