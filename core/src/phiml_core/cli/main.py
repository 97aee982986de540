"""Parses `phiml COMMAND …` and runs the command."""

import argparse
import sys
from collections.abc import Sequence

from ..backend.choose import BackendNotInstalled
from ..plugin import PluginError
from . import demo, doctor, plugins

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 fine, 1 a problem was found, 2 the command is wrong.

    Args:
        argv: arguments after the name of the program; by default those of the process.
    """
    parser = argparse.ArgumentParser(prog="phiml", description="Differentiable simulation with named dimensions.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (plugins, doctor, demo):
        command.add_to(commands)
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        return code
    except (PluginError, BackendNotInstalled) as error:
        print(f"phiml: {error}", file=sys.stderr)
        return 1
