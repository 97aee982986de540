"""Tests of solvers run on every backend that is installed, in both precisions, unless they say otherwise."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from phiml_core.backend import backend
from phiml_core.math import precision

os.environ.setdefault("PHIML_TORCH_INDUCTOR", "0")  # plain graphs: what is tested here does not depend on machine code
sys.path.insert(0, str(Path(__file__).parent))  # for solver_grids

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
def double():
    """Double precision."""
    with precision(64):
        yield


@pytest.fixture
def jax_double():
    """JAX in double precision, for derivatives."""
    pytest.importorskip("phiml_jax")
    with backend("jax"), precision(64):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(0)
