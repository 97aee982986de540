"""The fixtures of the kit."""

import pytest
from phiml_core.conformance.fixtures import bits, double, on_it, place, proves

from phiml_solvers.borrowed import within_frameworks

__all__ = ["bits", "double", "on_it", "place", "proves", "stays"]


@pytest.fixture(autouse=True)
def stays():
    """What is proven is that the backend under test solves, not that NumPy does it for it."""
    with within_frameworks():
        yield
