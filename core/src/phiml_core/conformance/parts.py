"""The parts of the kit: those of core, and those that installed distributions announce by entry points.

[project.entry-points."phiml.conformance"]     # name of the part = package that holds its tests
solvers = "phiml_solvers.conformance"
"""

import functools
import importlib.metadata
import importlib.util
from pathlib import Path

__all__ = ["DISTRIBUTIONS", "GROUP", "KIT", "OWN", "PartError", "folder", "packages"]

GROUP = "phiml.conformance"
KIT = "phiml_core.conformance"
OWN = ("arrays", "transforms")
"""Parts of core, which lie in its own folder of the kit."""
DISTRIBUTIONS = {"solvers": "phiml-solvers", "physics": "phiml-physics"}
"""Part → the distribution to install if nothing announces it.  Only text for messages."""


class PartError(Exception):
    """A part of the kit is unknown, announced twice, or not where it is said to be."""


@functools.cache
def packages() -> dict[str, str]:
    """Name of each part → package that holds its tests; nothing is imported.

    Raises:
        PartError: a name is announced twice.
    """
    claims = {name: {(f"{KIT}.{name}", "phiml-core")} for name in OWN}
    for point in importlib.metadata.entry_points(group=GROUP):
        claims.setdefault(point.name, set()).add((point.value, point.dist.name if point.dist else "?"))
    for name, by in claims.items():
        if len(by) > 1:
            of = " and ".join(f"{distribution} ({package})" for package, distribution in sorted(by))
            raise PartError(f"The part {name!r} of the conformance kit is claimed by {of}; only one may have it.")
    order = [*OWN, *DISTRIBUTIONS, *sorted(claims)]
    return {name: package for name in dict.fromkeys(order) for package, _ in claims.get(name, ())}


def folder(part: str) -> Path:
    """Where the tests of a part are; its package is found without importing it.

    Raises:
        PartError: there is no such part, or no such folder.
    """
    if part not in packages():
        remedy = (
            f"Install it: pip install {DISTRIBUTIONS[part]}" if part in DISTRIBUTIONS else "Install what announces it."
        )
        raise PartError(f"No part {part!r} of the conformance kit; there are {', '.join(packages())}. {remedy}")
    top, *inner = packages()[part].split(".")
    found = importlib.util.find_spec(top)
    for location in (found and found.submodule_search_locations) or ():
        if (path := Path(location, *inner)).is_dir():
            return path
    raise PartError(f"The part {part!r} is announced to be the package {packages()[part]}, which is not there.")
