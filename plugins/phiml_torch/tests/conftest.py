"""All tests of this folder compute with PyTorch unless they say otherwise, and leave its state as it is.

Compiled functions are plain graphs but in the tests marked `inductor`; with PHIML_TORCH_INDUCTOR=1, machine code in all.
"""

import os

import pytest
import torch
from phiml_core.backend.choose import backend
from phiml_core.math import precision
from phiml_torch.compile import set_compiler


@pytest.fixture(autouse=True)
def _on_torch(request):
    before = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(), torch.get_rng_state()
    always = os.environ.get("PHIML_TORCH_INDUCTOR") == "1"
    set_compiler(always or request.node.get_closest_marker("inductor") is not None)
    try:
        with backend("torch"), precision(32):
            yield
    finally:
        set_compiler(None)
    after = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(), torch.get_rng_state()
    assert before[:3] == after[:3]
    assert torch.equal(before[3], after[3])
    assert torch._C._len_torch_dispatch_stack() == 0
