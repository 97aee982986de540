"""Tests of core run on every backend that is installed, in both precisions, unless they say otherwise."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from phiml_core.backend import backend
from phiml_core.math import jit_compile, precision

sys.path.insert(0, str(Path(__file__).parent))  # for sparse_matrices

os.environ.setdefault("PHIML_TORCH_INDUCTOR", "0")  # plain graphs: what is tested here does not depend on machine code

BACKENDS = ["numpy"] + [name for name in ("jax",) if importlib.util.find_spec(f"phiml_{name}")]


@pytest.fixture(params=BACKENDS)
def place(request):
    """Name of the backend that new tensors are made for."""
    with backend(request.param):
        yield request.param


FRAMEWORKS = {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}
RUNS = {"eager": lambda f: f, "compiled": jit_compile}


@pytest.fixture(params=[name for name, package in FRAMEWORKS.items() if importlib.util.find_spec(package)])
def framework(request):
    """Name of each backend with derivatives and a compiler that is installed, for which new tensors are made."""
    with backend(request.param):
        yield request.param


@pytest.fixture(params=["numpy", *[name for name, package in FRAMEWORKS.items() if importlib.util.find_spec(package)]])
def everywhere(request):
    """Name of each backend that is installed, for which new tensors are made."""
    with backend(request.param):
        yield request.param


@pytest.fixture(params=RUNS)
def run(request):
    """What a function is run through: nothing, or the compiler."""
    return RUNS[request.param]


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
