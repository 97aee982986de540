"""What the tests of grids and fluids share."""

import pytest
from phiml_core.backend import backend


@pytest.fixture(params=["numpy", "jax", "torch", "tensorflow"])
def each_backend(request):
    """Runs a test with new data on each backend."""
    if request.param != "numpy":
        pytest.importorskip(request.param)
    with backend(request.param):
        yield request.param
