"""Another PyTorch, whose inner interfaces are missing or answer otherwise: slower, with one message, and right."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from phiml_core import math
from phiml_core.math import spatial, tensor, wrap
from phiml_torch import private
from torch.fx.experimental.proxy_tensor import make_fx


class OtherModes(private.TorchDispatchMode):
    """Does not report operations."""

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return None


def no_such_interface(*args):
    raise AttributeError("no such interface")


BROKEN = {
    "modes are not counted": (private, "has_modes", lambda: 0),
    "modes cannot be counted": (private, "has_modes", no_such_interface),
    "derivatives without memory": (private, "is_zero", no_such_interface),
    "transforms are not seen": (private, "transforms_active", lambda: False),
    "transforms cannot be asked": (private, "_functorch", object()),
    "transforms are missing": (private, "_functorch", None),
    "other traces are not seen": (private, "is_foreign_trace", lambda: False),
    "operations are not reported": (None, "", OtherModes),
}


@pytest.fixture
def untried():
    private.works.cache_clear()
    private.follows.cache_clear()
    before = private.transforms_active, private._functorch
    yield
    private.transforms_active, private._functorch = before
    private.works.cache_clear()
    private.follows.cache_clear()


def test_this_version_works(untried, caplog):
    assert private.works() and private.follows()
    assert not caplog.records


@pytest.mark.parametrize("case", BROKEN)
def test_functions_run_eagerly_where_an_interface_is_broken(untried, monkeypatch, caplog, case):
    where, name, replacement = BROKEN[case]
    if where is None:
        monkeypatch.setattr("phiml_torch.recorder.Recorder.__enter__", replacement.__enter__)
        monkeypatch.setattr("phiml_torch.recorder.Recorder.__exit__", replacement.__exit__)
    else:
        monkeypatch.setattr(where, name, replacement)
    assert not private.works()
    assert "run eagerly instead of compiled" in caplog.text
    if "cannot" in case or "without" in case:
        assert "no such interface" in caplog.text or "has no attribute" in caplog.text
    if name in ("has_modes", "is_zero"):  # what eager functions need even so
        monkeypatch.undo()
    calls = []

    def function(x):
        calls.append(x)
        return x**3

    compiled = math.jit_compile(function)
    x = tensor([1.0, 2.0], spatial("x"))
    for _ in range(2):
        np.testing.assert_allclose(compiled(x).numpy(), [1, 8])
    assert len(calls) == 2 and compiled.traces == 0
    gradient = math.gradient(lambda x: math.sum_(compiled(x)), get_output=False)
    np.testing.assert_allclose(gradient(x).numpy(), [3, 12])
    np.testing.assert_allclose(math.jit_compile(gradient)(x).numpy(), [3, 12])
    assert len([r for r in caplog.records if "instead of compiled" in r.message]) == 1


@pytest.mark.parametrize("case", ["transforms are not seen", "transforms cannot be asked", "transforms are missing"])
def test_hand_written_derivatives_hold_where_transforms_are_not_seen(untried, monkeypatch, case):
    where, name, replacement = BROKEN[case]
    monkeypatch.setattr(where, name, replacement)
    cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (100 * g * i[0] ** 2,))
    x = torch.tensor(2.0)
    assert float(torch.func.grad(lambda x: cube(wrap(x)).native())(x)) == 400
    x.requires_grad_()
    cube(wrap(x)).native().backward()
    assert float(x.grad) == 400
    assert float(math.gradient(cube, get_output=False)(tensor(2.0))) == 400


def test_recording_by_pytorch_itself():
    """`make_fx` takes our functions, which do not read the values."""
    seen = []

    def function(x):
        seen.append(private.is_foreign_trace())
        return math.sum_(math.sin(wrap(x, spatial("x")))).native()

    graph = make_fx(function)(torch.tensor([1.0, 2.0]))
    assert seen == [True] and not private.is_foreign_trace()
    x = torch.tensor([3.0, 4.0])
    torch.testing.assert_close(graph(x), torch.sin(x).sum())


def test_eager_functions_try_nothing_costly():
    """Recording loads much of PyTorch, which gradients and random numbers of eager functions leave alone."""
    code = (
        "import sys\nfrom phiml_core import math\nmath.use('torch')\nfrom phiml_torch import private\n"
        "x = math.tensor([1., 2.], math.spatial('x'))\n"
        "math.gradient(lambda x: math.sum_(x ** 2), get_output=False)(x)\n"
        "math.random_normal(math.spatial(x=3))\n"
        "assert private.works.cache_info().currsize == 0, 'tried'\nassert 'torch._dynamo' not in sys.modules\n"
        "math.jit_compile(lambda x: x + 1)(x)\nassert private.works.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
