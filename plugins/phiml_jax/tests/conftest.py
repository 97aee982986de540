"""All tests of this folder compute with JAX unless they say otherwise, and leave its process-wide state as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from phiml_core.backend.choose import backend
from phiml_core.math import precision


@pytest.fixture(autouse=True)
def _on_jax():
    with backend("jax"), precision(32):
        yield
    assert jax.config.jax_enable_x64 is False
    assert jnp.ones(1).dtype == np.float32
    assert jnp.arange(1).dtype == np.int32
