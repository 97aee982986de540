"""All tests of this folder compute with TensorFlow unless they say otherwise, and leave its process-wide state as it is."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest
import tensorflow as tf
from phiml_core.backend.choose import backend
from phiml_core.math import precision


def _process_wide():
    return (
        tf.executing_eagerly(),
        tf.config.get_soft_device_placement(),
        tf.config.optimizer.get_jit(),
        tf.config.functions_run_eagerly(),
        tf.config.threading.get_intra_op_parallelism_threads(),
        tf.constant(1.0).dtype,
    )


@pytest.fixture(autouse=True)
def _on_tensorflow():
    before = _process_wide()
    with backend("tensorflow"), precision(32):
        yield
    assert _process_wide() == before
