"""The fixtures of the kit."""

from phiml_core.conformance.fixtures import bits, double, on_it, place, proves

__all__ = ["bits", "double", "on_it", "place", "proves"]
