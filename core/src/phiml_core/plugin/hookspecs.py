"""What a plugin can contribute: the hooks, and the one module a plugin author needs to read.

A plugin is an object, usually a module, that a distribution announces in its `pyproject.toml`:

    [project.entry-points."phiml.plugins"]
    torus = "my_package.plugin"

    [project.entry-points."phiml.provides"]      # so that it is loaded on the first need
    "type.my_package" = "torus"

and that states the range of phiml-core it was written for and implements some hooks:

    from phiml_core.plugin.hookspecs import hookimpl

    requires_core = ">=0.1,<0.2"

    @hookimpl
    def phiml_register():
        from . import torus

Names under `phiml.provides` are `array.MODULE` and `type.MODULE` (classes whose top-level module this is),
`backend.NAME`, `solver.NAME`, `demo.NAME`, `canvas.NAME`; the value is the name of a plugin.  Importing the plugin
object must be cheap: heavy imports belong into the hooks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import pluggy

from .selfcheck import SelfCheck

__all__ = ["HOOKS_VERSION", "Demo", "hookimpl", "phiml_checks", "phiml_demos", "phiml_register"]

HOOKS_VERSION = 1
"""Grows when a hook is added or changed; each hook says since which version it is there."""

Demo: TypeAlias = Callable[[Sequence[str]], int]
"""Runs with command line arguments and returns an exit code."""

hookspec = pluggy.HookspecMarker("phiml")
hookimpl = pluggy.HookimplMarker("phiml")
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@hookspec
def phiml_register() -> None:
    """Register methods of words, usually by importing the modules that hold them.

    Called once, when the plugin is first needed, inside a transaction: if it raises, or if its methods make a word
    ambiguous, everything it registered is taken back and the plugin counts as broken.  Since version 1.
    """


@hookspec
def phiml_demos() -> Mapping[str, Demo]:
    """Demos for `phiml demo NAME …`: name → function of the command line arguments that returns the exit code.

    Called after `phiml_register`.  The functions import what they need when they run.  Since version 1.
    """
    ...


@hookspec
def phiml_checks() -> Sequence[SelfCheck]:
    """Self-checks of array backends, run by `phiml doctor`; `phiml_core.plugin.backend_check` makes one.

    Called after `phiml_register`.  Since version 1.
    """
    ...
