"""Tests of core run on every backend that is installed, in both precisions, unless they say otherwise."""

import importlib.util

import numpy as np
import pytest
from phiml_core.backend import backend
from phiml_core.math import precision

BACKENDS = ["numpy"] + [name for name in ("jax",) if importlib.util.find_spec(f"phiml_{name}")]


@pytest.fixture(params=BACKENDS)
def place(request):
    """Name of the backend that new tensors are made for."""
    with backend(request.param):
        yield request.param


@pytest.fixture(params=[32, 64])
def bits(request):
    """Bits of floating point numbers."""
    with precision(request.param):
        yield request.param


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def tolerance(bits):
    """Relative error of a short computation at the precision."""
    return {32: 2e-5, 64: 1e-12}[bits]
