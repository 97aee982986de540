import importlib.util

import pytest
from phiml_core import math

BACKENDS = ["numpy"] + [
    name
    for name, package in {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}.items()
    if importlib.util.find_spec(package)
]


@pytest.fixture(params=BACKENDS)
def place(request):
    with math.backend(request.param):
        yield request.param


@pytest.fixture(params=[32, 64])
def bits(request):
    with math.precision(request.param):
        yield request.param
