"""Algorithms by name: 'CG', 'GMres(50)', 'transform', 'auto', …, found in the plugins that provide them."""

import re
from collections.abc import Callable
from typing import Any

from .errors import UnknownAlgorithm

__all__ = ["algorithm_named", "register_algorithm"]

_ALGORITHMS: dict[str, Callable[..., Any]] = {}


def register_algorithm(name: str, make: Callable[..., Any]) -> None:
    """Let `Solve(method=name)` mean the algorithm object that `make()` returns, and `'name(3)'` the one of `make(3)`."""
    _ALGORITHMS[name.lower()] = make


def algorithm_named(method: Any) -> Any:
    """The algorithm called `method`, in upper or lower case, loading the plugin that provides it; an algorithm object is returned as it is.

    Raises:
        UnknownAlgorithm: no installed plugin provides it; says which are known and what to install.
    """
    if not isinstance(method, str):
        return method
    if method in _ALGORITHMS:
        return _ALGORITHMS[method]()
    name, numbers = _parse(method)
    if name not in _ALGORITHMS:
        _load_provider(name)
    make = _ALGORITHMS.get(name)
    if make is None:
        known = ", ".join(sorted(_ALGORITHMS)) or "none"
        raise UnknownAlgorithm(
            f"No algorithm {method!r} for linear systems; known: {known}.  "
            "Give one of these, or install a plugin that provides it: pip install phiml-solvers."
        )
    try:
        return make(*numbers)
    except TypeError:
        if not numbers:
            raise
        raise UnknownAlgorithm(f"The algorithm {name!r} takes no number, as in {method!r}.  Write {name!r}.") from None


def _parse(method: str) -> tuple[str, tuple[int, ...]]:
    """The name in lower case, and the number in brackets behind it."""
    found = re.fullmatch(r"\s*(.*?)\s*\(\s*(\d+)\s*\)\s*", method)
    return (found[1].lower(), (int(found[2]),)) if found else (method.strip().lower(), ())


def _load_provider(name: str) -> None:
    """Load the plugin that provides an algorithm, whatever the case of its letters."""
    from phiml_core.plugin.ondemand import load_provided, manager

    for provided in list(manager().index.provides):
        if provided.lower() == f"solver.{name}":
            load_provided(provided)
