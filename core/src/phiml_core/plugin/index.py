"""What the installed distributions announce, read from their entry points without importing anything."""

import functools
import importlib
import importlib.metadata
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import DuplicateProvider, PluginNotFound
from .known import install_command

__all__ = ["PLUGINS", "PROVIDES", "Entry", "Index", "scan"]

PLUGINS = "phiml.plugins"
PROVIDES = "phiml.provides"


@dataclass(frozen=True)
class Entry:
    """One line of an entry point group and the distribution it comes from."""

    name: str
    value: str
    distribution: str
    version: str
    requires: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"

    @property
    def package(self) -> str:
        """The top-level module of the value, of a plugin the package that holds it."""
        return self.value.partition(":")[0].partition(".")[0].strip()


@dataclass(frozen=True)
class Index:
    """All announced plugins and provided names, each with everyone who claims it."""

    plugins: Mapping[str, tuple[Entry, ...]]
    provides: Mapping[str, tuple[Entry, ...]]

    def plugin(self, name: str) -> Entry:
        """The announcement of a plugin.  Raises `PluginNotFound`, `DuplicateProvider`."""
        entries = self.plugins.get(name, ())
        if not entries:
            known = ", ".join(self.plugins) or "none"
            command = install_command(f"backend.{name}") or install_command(name)
            remedy = f"Install it: {command}" if command else "Install the distribution that has it."
            raise PluginNotFound(f"There is no plugin {name!r}; installed plugins: {known}. {remedy}")
        return _only(entries, "plugin", name)

    def provider(self, name: str) -> Entry | None:
        """The plugin that provides a name, None if there is none.  Raises `PluginNotFound`, `DuplicateProvider`."""
        entries = self.provides.get(name, ())
        if not entries:
            return None
        entry = _only(entries, "provided name", name)
        if entry.value not in self.plugins:
            raise PluginNotFound(
                f"{entry} says that plugin {entry.value!r} provides {name!r}, but nothing installed has that plugin. "
                f"Reinstall it: pip install --force-reinstall {entry.distribution}"
            )
        return self.plugin(entry.value)

    def of_package(self, package: str) -> Entry | None:
        """The plugin whose code lies in a top-level package, None if there is none."""
        for entries in self.plugins.values():
            if len(entries) == 1 and entries[0].package == package:
                return entries[0]
        return None

    def conflicts(self) -> list[DuplicateProvider]:
        """An error for each provided name that several distributions claim."""
        return [_duplicate(by, "provided name", name) for name, by in self.provides.items() if len(by) > 1]

    def dangling(self) -> list[Entry]:
        """Provided names whose plugin nobody has."""
        return [entry for by in self.provides.values() for entry in by if entry.value not in self.plugins]


def _only(entries: tuple[Entry, ...], kind: str, name: str) -> Entry:
    first, *others = entries
    if others:
        raise _duplicate(entries, kind, name)
    return first


def _duplicate(entries: tuple[Entry, ...], kind: str, name: str) -> DuplicateProvider:
    claims = " and ".join(f"{entry} ({entry.value})" for entry in entries)
    distributions = " or ".join(f"pip uninstall {name}" for name in sorted({entry.distribution for entry in entries}))
    return DuplicateProvider(f"{kind} {name!r} is claimed by {claims}; only one may have it.", f"{distributions}")


def scan() -> Index:
    """The index of what is installed now; read again only if something on the path was installed or removed."""
    return _scan(_fingerprint())


def _fingerprint() -> tuple[tuple[str, int], ...]:
    """Installing or removing a distribution changes the time stamp of a folder on the path."""
    stamps = []
    for folder in sys.path:
        try:
            stamps.append((folder, os.stat(folder or ".").st_mtime_ns))
        except OSError:
            continue
    return tuple(stamps)


@functools.lru_cache(maxsize=1)
def _scan(fingerprint: tuple[tuple[str, int], ...]) -> Index:
    importlib.invalidate_caches()
    entry_points = importlib.metadata.entry_points()
    return Index(_group(entry_points.select(group=PLUGINS)), _group(entry_points.select(group=PROVIDES)))


def _group(entry_points: importlib.metadata.EntryPoints) -> dict[str, tuple[Entry, ...]]:
    """Entries by name.  Sorted, so that nothing depends on the order in which distributions lie on the path."""
    found: dict[str, set[Entry]] = {}
    for point in entry_points:
        dist = point.dist
        name, version = (dist.name, dist.version) if dist else ("an unknown distribution", "?")
        requires = tuple(dist.requires or ()) if dist and point.group == PLUGINS else ()
        found.setdefault(point.name, set()).add(Entry(point.name, point.value, name, version, requires))
    order = sorted(found)
    return {name: tuple(sorted(found[name], key=lambda entry: (entry.distribution, entry.value))) for name in order}
