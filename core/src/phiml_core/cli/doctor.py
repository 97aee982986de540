"""`phiml doctor`: what works on this machine, and cause and cure of what does not."""

import argparse
from typing import Any

from ..plugin.ondemand import manager

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    text = "check versions, plugins and devices; let every backend compute, compile and differentiate"
    commands.add_parser("doctor", help=text, description=text).set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each finding; 1 if there is a problem."""
    from ..plugin.doctor import diagnose

    problems = 0
    for finding in diagnose(manager()):
        problems += finding.is_problem
        print(f"{'✗' if finding.is_problem else '✓'} {finding.about:18} {finding.text}", flush=True)
        if finding.is_problem:
            print(f"    cause: {finding.cause}\n    cure:  {finding.cure}", flush=True)
    print("Everything works." if not problems else f"Problems found: {problems}.")
    return int(problems > 0)
