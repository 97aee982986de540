"""From the exception that a plugin raised while loading to a cause and a cure in words."""

import functools
import traceback

from pluggy import PluginValidationError

from ..dispatch import DispatchError
from .errors import BrokenPlugin
from .index import Entry
from .ranges import CORE, needs

__all__ = ["IncompatibleCore", "StaleEntry", "explain"]


class IncompatibleCore(Exception):
    """The plugin was written for another version of phiml-core."""

    def __init__(self, wanted: str, core: str):
        super().__init__(f"it wants {CORE} {wanted}, installed is {core}.")
        self.wanted = wanted


class StaleEntry(Exception):
    """What an entry point names does not exist."""


def explain(entry: Entry, error: BaseException) -> BrokenPlugin:
    """What is wrong with a plugin that raised `error` when it was loaded, and what to do."""
    cause, cure = _explain(error, entry)
    return BrokenPlugin(entry.name, str(entry), cause, cure)


def _upgrade(entry: Entry) -> str:
    return f"pip install --upgrade {entry.distribution}"


@functools.singledispatch
def _explain(error: BaseException, entry: Entry) -> tuple[str, str]:
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    return (
        f"{text} ({_place(error)})",
        f"{_upgrade(entry)}, or tell its authors; PHIML_STRICT=1 shows the full traceback.",
    )


@_explain.register
def _(error: IncompatibleCore, entry: Entry) -> tuple[str, str]:
    return str(error), f'{_upgrade(entry)}, or install the core it wants: pip install "{CORE}{error.wanted}"'


@_explain.register
def _(error: StaleEntry, entry: Entry) -> tuple[str, str]:
    again = f"pip install --force-reinstall {entry.distribution}"
    return str(error), f"reinstall or remove it: {again}, or pip uninstall {entry.distribution}"


@_explain.register
def _(error: PluginValidationError, entry: Entry) -> tuple[str, str]:
    return f"it does not fit the hooks of this {CORE}: {error}", f"{_upgrade(entry)}, or pip install --upgrade {CORE}"


@_explain.register
def _(error: DispatchError, entry: Entry) -> tuple[str, str]:
    return f"it registers a method that does not fit: {error}", f"{_upgrade(entry)}, or tell its authors."


@_explain.register
def _(error: ModuleNotFoundError, entry: Entry) -> tuple[str, str]:
    module = (error.name or "?").partition(".")[0]
    for need in needs(entry.requires):
        if need.name.replace("-", "_") == module.replace("-", "_").lower():
            return f"it needs {need}, which is not installed.", f'pip install "{need}"'
    return (
        f"it imports {error.name!r}, which is not installed ({_place(error)}).",
        f"install what has {module!r}, or the plugin with its dependencies: {_upgrade(entry)}",
    )


def _place(error: BaseException) -> str:
    """File and line where the exception was raised, the import system left out."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen")]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "no traceback"
