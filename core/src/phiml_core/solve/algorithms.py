"""Algorithms by name: 'CG', 'transform', 'auto', …, found in the plugins that provide them."""

from collections.abc import Callable
from typing import Any

from .errors import UnknownAlgorithm

__all__ = ["algorithm_named", "register_algorithm"]

_ALGORITHMS: dict[str, Callable[[], Any]] = {}


def register_algorithm(name: str, make: Callable[[], Any]) -> None:
    """Let `Solve(method=name)` mean the algorithm object that `make()` returns."""
    _ALGORITHMS[name.lower()] = make


def algorithm_named(method: Any) -> Any:
    """The algorithm called `method`, loading the plugin that provides it; an algorithm object is returned as it is.

    Raises:
        UnknownAlgorithm: no installed plugin provides it; says which are known and what to install.
    """
    if not isinstance(method, str):
        return method
    make = _ALGORITHMS.get(method.lower())
    if make is None:
        from phiml_core.plugin.ondemand import load_provided

        load_provided(f"solver.{method}")
        make = _ALGORITHMS.get(method.lower())
    if make is None:
        known = ", ".join(sorted(_ALGORITHMS)) or "none"
        raise UnknownAlgorithm(
            f"No algorithm {method!r} for linear systems; known: {known}.  "
            "Give one of these, or install a plugin that provides it: pip install phiml-solvers."
        )
    return make()
