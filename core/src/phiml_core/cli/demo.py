"""`phiml demo NAME …`: runs a demo that a plugin contributes; arguments after the name are the demo's own."""

import argparse
import sys
from typing import Any

from ..plugin import install_command, load_all, load_provided
from ..plugin.errors import DuplicateProvider
from ..plugin.ondemand import manager

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("demo", help="run a demo of a plugin; without a name, list them")
    parser.add_argument("name", nargs="?", help="name of the demo; `phiml demo NAME --help` shows its arguments")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the demo")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo and return its exit code; 2 if there is none of that name."""
    name: str | None = arguments.name
    if name is not None:
        load_provided(f"demo.{name}")
    demos = _demos()
    if name not in demos:  # its plugin may not have announced it
        load_all()
        demos = _demos()
    if name is None:
        print("\n".join(demos) or f"No demos are installed. Install one: {install_command('demo.smoke')}")
        return 0
    if name not in demos:
        known = (
            f"installed demos: {', '.join(demos) or 'none'}. More come with plugins: {install_command('demo.smoke')}"
        )
        print(f"phiml: there is no demo {name!r}; {known}", file=sys.stderr)
        return 2
    code: int = demos[name][1](arguments.arguments)
    return code


def _demos() -> dict[str, tuple[str, Any]]:
    """Demos of the loaded plugins by name, with the plugin each comes from."""
    found: dict[str, tuple[str, Any]] = {}
    for plugin, demos in manager().ask("phiml_demos"):
        for name, demo in demos.items():
            if name in found:
                a, b = manager().index.plugin(found[name][0]), manager().index.plugin(plugin)
                cure = f"pip uninstall {a.distribution} or pip uninstall {b.distribution}"
                raise DuplicateProvider(f"demo {name!r} is claimed by {a} and {b}; only one may have it.", cure)
            found[name] = (plugin, demo)
    return dict(sorted(found.items()))
