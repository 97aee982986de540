"""The doors to plugins: load by name, by backend, by what is provided, or by the classes a word has no method for.

Importing this module is cheap: entry points are read, and pluggy is imported, on the first need.
"""

import functools
from typing import TYPE_CHECKING

from ..backend.choose import BackendNotInstalled, install_loader
from ..dispatch import autoload
from .known import install_command

if TYPE_CHECKING:
    from .manager import PluginManager, PluginReport

__all__ = ["load", "load_all", "load_backend", "load_provided", "load_provider", "manager", "reports"]


@functools.cache
def manager() -> "PluginManager":
    """The plugin manager of this process."""
    from .manager import PluginManager

    return PluginManager()


def load(name: str) -> bool:
    """Load the plugin of this name, if it is not loaded yet.  Returns whether it is newly loaded.

    Raises:
        PluginNotFound: no installed distribution has it.
        DuplicateProvider: two distributions have a plugin of this name.
        BrokenPlugin: it is installed but cannot be used; says why and what to do.
    """
    return manager().demand(manager().index.plugin(name))


def load_backend(name: str) -> bool:
    """Load the plugin that provides an array backend.  Returns whether it is newly loaded.

    Args:
        name: 'jax', 'torch', …; 'numpy' is part of core and always there.

    Raises:
        BackendNotInstalled: no installed distribution provides it; names the command that installs it if one is known.
        DuplicateProvider: two distributions provide it.
        BrokenPlugin: its plugin is installed but cannot be used; says why and what to do.
    """
    if name == "numpy":
        return False
    entry = manager().index.provider(f"backend.{name}")
    if entry is None:
        provided = (name for name in manager().index.provides if name.startswith("backend."))
        installed = ", ".join(["numpy", *(name.removeprefix("backend.") for name in provided)])
        command = install_command(f"backend.{name}")
        remedy = f"Install it: {command}" if command else "Use one of these, or install what provides it."
        raise BackendNotInstalled(f"Backend {name!r} is not installed; installed backends: {installed}. {remedy}")
    return manager().demand(entry)


def load_provided(name: str) -> bool:
    """Load the plugin that provides a name such as 'solver.CG', if there is one.  Returns whether it is newly loaded.

    A broken plugin is reported by a `PluginWarning` (with PHIML_STRICT=1 by a `BrokenPlugin` error), once.

    Raises:
        DuplicateProvider: two distributions provide it.
    """
    entry = manager().index.provider(name)
    return entry is not None and manager().load(entry)


def load_provider(classes: tuple[type, ...]) -> bool:
    """Load the plugins that may have methods for some classes.  Returns whether any is newly loaded.

    A class belongs to the plugin that provides `array.MODULE` or `type.MODULE` for its top-level module or that of a
    base class, or whose own package that module is.  Words call this when they have no method.

    Raises:
        DuplicateProvider: two distributions provide the same module.
    """
    modules = dict.fromkeys(base.__module__.partition(".")[0] for c in classes for base in c.__mro__)
    index, loaded = manager().index, False
    for module in modules:
        for entry in (index.provider(f"array.{module}"), index.provider(f"type.{module}"), index.of_package(module)):
            if entry is not None:
                loaded |= manager().load(entry)
    return loaded


def load_all() -> None:
    """Load every installed plugin, in the order of their names; broken ones are reported by a `PluginWarning` each."""
    manager().load_all()


def reports() -> "list[PluginReport]":
    """The state of every installed plugin, loaded or not, with cause and cure for broken ones."""
    return manager().reports()


autoload.install(load_provider)
install_loader(load_backend)
