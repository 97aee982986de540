"""Loading plugins: checked, isolated from each other, once each."""

import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pluggy

from ..backend.choose import backends, unregister_backend
from ..dispatch import registration
from ..dispatch.transaction import LOCK
from . import builtin, hookspecs
from .causes import IncompatibleCore, StaleEntry, explain
from .errors import BrokenPlugin, PluginWarning
from .index import Entry, Index, scan
from .ranges import CORE, fits, needs, version_of

__all__ = ["PluginManager", "PluginReport", "is_strict"]


@dataclass(frozen=True)
class PluginReport:
    """What is known about one announced plugin.

    Attributes:
        name: name of the plugin.
        distribution: distribution and version it comes from.
        state: 'installed' (not needed so far), 'loading', 'loaded' or 'broken'.
        provides: names it is loaded for.
        cause: what is wrong with a broken plugin.
        cure: what to do about it.
    """

    name: str
    distribution: str
    state: str
    provides: tuple[str, ...] = ()
    cause: str = ""
    cure: str = ""


class PluginManager:
    """Loads plugins of an index.  One lock guards loading and registration, so that no two threads wait for each other.

    Args:
        index: called for the current index on each look-up.
    """

    def __init__(self, index: Callable[[], Index] = scan):
        self._index = index
        self._pluggy = pluggy.PluginManager("phiml")
        self._pluggy.add_hookspecs(hookspecs)
        self._pluggy.register(builtin, "core")
        self._loaded: dict[str, Entry] = {}
        self._broken: dict[str, BrokenPlugin] = {}
        self._loading: list[str] = []

    @property
    def index(self) -> Index:
        return self._index()

    def load(self, entry: Entry) -> bool:
        """Load a plugin; if it is broken, warn once (in strict mode raise).  Returns whether it is newly loaded.

        Raises:
            BrokenPlugin: the plugin cannot be used, in strict mode only.
        """
        with LOCK:
            known = entry.name in self._broken
            try:
                return self.demand(entry)
            except BrokenPlugin as error:
                if is_strict():
                    raise
                if not known:
                    warnings.warn(str(error), PluginWarning, stacklevel=_outside())
                return False

    def demand(self, entry: Entry) -> bool:
        """Load a plugin that the caller cannot do without.  Returns whether it is newly loaded.

        Raises:
            BrokenPlugin: the plugin cannot be used, now or since an earlier attempt.
        """
        with LOCK:
            if entry.name in self._broken:
                raise self._broken[entry.name].again()
            if entry.name in self._loaded or entry.name in self._loading:
                return False
            self._loading.append(entry.name)
            try:
                self._load(entry)
            except (Exception, SystemExit) as error:  # a plugin that calls sys.exit() must not end the program
                self._broken[entry.name] = broken = explain(entry, error)
                raise broken from error
            finally:
                self._loading.remove(entry.name)
            self._loaded[entry.name] = entry
            return True

    def _load(self, entry: Entry) -> None:
        stated = _check_announced_range(entry)
        present = set(backends())
        try:
            with registration(entry.name):
                plugin = _import(entry)
                _check_stated_range(entry, plugin, stated)
                self._pluggy.register(plugin, entry.name)
                self._pluggy.check_pending()
                self._ask_one(entry.name, "phiml_register")
        except BaseException:
            for name in set(backends()) - present:
                unregister_backend(name)
            if self._pluggy.has_plugin(entry.name):
                self._pluggy.unregister(name=entry.name)
            raise

    def load_all(self) -> None:
        """Load everything that is installed, in the order of the names."""
        for entries in self.index.plugins.values():
            if len(entries) == 1:
                self.load(entries[0])

    def probe(self) -> None:
        """Load everything that is installed without a warning; `reports` says what is broken."""
        for entries in self.index.plugins.values():
            if len(entries) == 1:
                with contextlib.suppress(BrokenPlugin):
                    self.demand(entries[0])

    def ask(self, hook: str) -> Iterator[tuple[str, Any]]:
        """What each loaded plugin answers to a hook: (name of the plugin, answer), in the order of the names.

        A plugin that raises is reported by a warning (in strict mode an error) and left out.
        """
        for name in ["core", *sorted(self._loaded)]:
            try:
                answers = self._ask_one(name, hook)
            except Exception as error:
                entry = self._loaded.get(name)
                broken = explain(entry, error) if entry else error
                if is_strict() or entry is None:
                    raise broken from error
                warnings.warn(f"In {hook}(): {broken}", PluginWarning, stacklevel=_outside())
                continue
            yield from ((name, answer) for answer in answers)

    def _ask_one(self, name: str, hook: str) -> list[Any]:
        others = [plugin for other, plugin in self._pluggy.list_name_plugin() if other != name and plugin is not None]
        answers: list[Any] = self._pluggy.subset_hook_caller(hook, others)()
        return answers

    def reports(self) -> list[PluginReport]:
        """The state of every announced plugin."""
        index = self.index
        found = []
        for name, entries in index.plugins.items():
            for entry in entries:
                provides = tuple(what for what, by in index.provides.items() if any(e.value == name for e in by))
                state, cause, cure = self._state(entry, entries)
                found.append(PluginReport(name, str(entry), state, provides, cause, cure))
        return found

    def _state(self, entry: Entry, claims: tuple[Entry, ...]) -> tuple[str, str, str]:
        if len(claims) > 1:
            others = ", ".join(str(other) for other in claims if other != entry)
            cure = f"uninstall one of them, e.g. pip uninstall {entry.distribution}"
            return "broken", f"{others} has a plugin of the same name.", cure
        if entry.name in self._broken:
            broken = self._broken[entry.name]
            return "broken", broken.cause, broken.cure
        if entry.name in self._loaded:
            return "loaded", "", ""
        return ("loading" if entry.name in self._loading else "installed"), "", ""


def _outside() -> int:
    """The stack level of the code that called phiml_core, so that a warning points to the user's line."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith("phiml_core."):
        level, frame = level + 1, frame.f_back
    return level


def is_strict() -> bool:
    """Whether a broken plugin is an error (environment variable PHIML_STRICT) and not a warning."""
    return os.environ.get("PHIML_STRICT", "") not in ("", "0")


def _check_announced_range(entry: Entry) -> bool:
    """Compare the metadata with the installed core, before any code of the plugin runs.  Returns whether it says it."""
    stated = False
    for need in needs(entry.requires):
        if need.name == CORE and need.range:
            stated = True
            if need.installed is not None and not need.is_met:
                raise IncompatibleCore(need.range, need.installed)
    return stated


def _check_stated_range(entry: Entry, plugin: Any, stated: bool) -> None:
    wanted = getattr(plugin, "requires_core", None)
    if wanted is None:
        if not stated:
            raise ValueError(
                f"it does not say which versions of {CORE} it supports; expected requires_core = '>=0.1,<0.2' "
                "in the plugin, or that range in the dependencies of its distribution."
            )
        return
    core = version_of(CORE)
    if core is not None and not fits(core, wanted):
        raise IncompatibleCore(wanted, core)


def _import(entry: Entry) -> Any:
    """The object that the entry point names."""
    module, _, attributes = entry.value.partition("[")[0].replace(" ", "").partition(":")
    try:
        plugin: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(error.name + ".")):
            raise StaleEntry(
                f"its module {module!r} does not exist, the entry point is left over from an incomplete installation."
            ) from error
        raise
    for attribute in filter(None, attributes.split(".")):
        try:
            plugin = getattr(plugin, attribute)
        except AttributeError as error:
            raise StaleEntry(f"its module {module!r} has no {attributes!r}, which the entry point names.") from error
    return plugin
