"""Versions: what a distribution requires, and whether that is what is installed (PEP 440, PEP 508)."""

import importlib.metadata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

__all__ = ["CORE", "Need", "fits", "needs", "version_of"]

CORE = "phiml-core"


@dataclass(frozen=True)
class Need:
    """One requirement of a distribution on this machine."""

    name: str
    range: str
    installed: str | None

    @property
    def is_met(self) -> bool:
        """Whether a version within the range is installed."""
        return self.installed is not None and fits(self.installed, self.range)

    def __str__(self) -> str:
        return f"{self.name}{self.range}"


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution, None if there is none."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def fits(version: str, specifiers: str) -> bool:
    """Whether a version lies in a range such as '>=0.1,<0.2'; development versions count.

    Raises:
        ValueError: the range cannot be read.
    """
    try:
        return SpecifierSet(specifiers).contains(version, prereleases=True)
    except InvalidSpecifier:
        raise ValueError(f"{specifiers!r} is no range of versions; expected something like '>=0.1,<0.2'.") from None


def needs(requires: Iterable[str]) -> Iterator[Need]:
    """What the lines of `Requires-Dist` ask for on this machine, without extras."""
    for line in requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # pip has its own opinion of such a line, ours would not help anyone
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            name = canonicalize_name(requirement.name)
            yield Need(name, str(requirement.specifier), version_of(name))
