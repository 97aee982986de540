"""The way from pytest to the conformance kit: `pytest --pyargs phiml_core.conformance --backend NAME`.

A package outside of `phiml_core`, because pytest imports it in every run in an environment with phiml-core: it imports nothing
and adds no options unless the kit is asked for.
"""

from typing import Any

__all__: list[str] = []


def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> None:
    """Load the plugin of the kit where the kit is an argument, as a package or as a path."""
    names = [a.replace("\\", "/").replace("/", ".") for a in args]
    if any("phiml_core.conformance" in name for name in names):
        early_config.pluginmanager.import_plugin("phiml_core.conformance.plugin")
