"""What all parts share: the backend under test and the precisions.

The `conftest.py` of each part imports these fixtures.
"""

import pytest

from phiml_core import math
from phiml_core.backend import backend, backend_named

__all__ = ["bits", "double", "on_it", "place", "proves"]


@pytest.fixture(autouse=True)
def proves(request, record_property):
    """Notes in the report which capabilities a test proves."""
    for mark in request.node.iter_markers("capability"):
        record_property("capability", ",".join(mark.args))


@pytest.fixture(scope="session")
def place(request):
    """The backend under test."""
    return backend_named(request.config.option.phiml_backend)


@pytest.fixture(autouse=True)
def on_it(place):
    """New data is made for the backend under test, in single precision unless the test says otherwise."""
    with backend(place), math.precision(32):
        yield


@pytest.fixture(params=[32, 64])
def bits(request, on_it):
    """Bits of floating point numbers."""
    with math.precision(request.param):
        yield request.param


@pytest.fixture
def double(on_it):
    """Double precision."""
    with math.precision(64):
        yield
