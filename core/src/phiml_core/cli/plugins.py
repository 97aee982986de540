"""`phiml plugins`: what is installed."""

import argparse
from typing import Any

from ..plugin import reports
from ..plugin.ondemand import manager

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("plugins", help="list the installed plugins")
    parser.add_argument("--load", action="store_true", help="load every plugin first, to see which are broken")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the plugins; 1 if one of them is broken."""
    if arguments.load:
        manager().probe()
    found = reports()
    if not found:
        print("No plugins are installed. For the smoke demo: pip install phiml-physics phiml-vis")
    name_width = max((len(report.name) for report in found), default=0)
    source_width = max((len(report.distribution) for report in found), default=0)
    for report in found:
        source = f"{report.distribution:{source_width}}"
        print(f"{report.name:{name_width}}  {source}  {report.state:9}  {', '.join(report.provides)}".rstrip())
        if report.cause:
            print(f"{'':{name_width}}  cause: {report.cause}\n{'':{name_width}}  cure:  {report.cure}")
    return int(any(report.state == "broken" for report in found))
