"""The fixed list of tests that compile to machine code."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from phiml_core import math
from phiml_core.math import batch, channel, spatial, stack, tensor
from phiml_torch import private
from phiml_torch.compile import description

pytestmark = pytest.mark.inductor


def test_everything_in_one_program():
    """Branch, loops, scan, hand-written rule, derivatives to second order: as the plain graph."""
    cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (3 * g * i[0] ** 2,))

    def f(x):
        y = math.cond(math.sum_(x) > 0, cube, lambda x: -x, x)
        (y,) = math.fori_loop(3, lambda i, v: (math.sin(v) + x * 0.1,), (y,))
        (z,), path = math.scan(lambda i, v: (v * 0.5,), (y,), 2, batch("t"))
        (w,) = math.while_loop(lambda v: math.max_(v) < 5, lambda v: (v + 1,), (math.stop_gradient(z),))
        return math.sum_(z * x) + math.sum_(path[0] ** 2) + math.sum_(w) * 0

    x = tensor([0.5, 0.7, 0.9], spatial("x"))
    first = math.gradient(f, get_output=False)
    second = math.gradient(lambda x: math.sum_(first(x) ** 2), get_output=False)
    for g in (f, first, second):
        np.testing.assert_allclose(math.jit_compile(g)(x).numpy(), g(x).numpy(), rtol=2e-5)


def test_spectral_and_vectors():
    v = tensor(
        np.random.default_rng(0).normal(size=(8, 6, 2)).astype(np.float32), spatial("x,y"), channel(vector="x,y")
    )

    def f(v):
        return math.fft(v.vector["x"]), math.vec_length(v), stack([v.vector["y"], v.vector["x"]], channel(vector="x,y"))

    for a, b in zip(math.jit_compile(f)(v), f(v), strict=True):
        np.testing.assert_allclose(a.numpy(a.shape), b.numpy(a.shape), rtol=1e-5, atol=1e-5)


def test_description():
    assert description() == (
        "machine code by inductor" if not private.compiler() else f"plain graphs, {private.compiler()}"
    )


def test_without_a_compiler_graphs_run_as_they_are():
    code = (
        "from phiml_core import math\nmath.use('torch')\n"
        "f = math.jit_compile(lambda x: math.sin(x) * 2)\n"
        "x = math.tensor([1., 2.], math.spatial('x'))\nf(x), f(x)\nmath.jit_compile(lambda x: x + 1)(x)\n"
        "from phiml_torch.compile import description\nprint(description())"
    )
    environment = {**os.environ, "CXX": "/nonexistent", "PHIML_TORCH_INDUCTOR": "1"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "plain graphs, PyTorch finds no C++ compiler" in found.stdout
    assert found.stderr.count("plain graphs of operations, several times slower: PyTorch finds no C++ compiler") == 1


def test_a_failing_compiler_is_no_failure(monkeypatch, caplog):
    def fails(*args):
        raise RuntimeError("no")

    monkeypatch.setattr(private, "inductor", fails)
    f = math.jit_compile(lambda x: x * 2 + 1)
    assert f(tensor([1.0], spatial("x"))).numpy().tolist() == [3]
    assert "runs operation by operation instead: no" in caplog.text


def test_sums_into_positions_are_hidden_from_the_compiler():
    from phiml_torch.compile import _hide_scatters
    from phiml_torch.record import record_function

    def f(a, i):
        b = torch.index_put(a, (i,), a[:2], accumulate=True)
        return b, a.index_add(0, i, a[:2]), a.scatter_add(0, i, a[:2]), a.scatter_reduce(0, i, a[:2], "amax")

    graph = record_function(f, (torch.ones(4), torch.tensor([0, 1]))).graph
    _hide_scatters(graph)
    names = [str(n.target) for n in graph.nodes if n.op == "call_function"]
    assert {n.split(".")[1] for n in names if n.startswith("phiml_torch")} == {
        "index_put_add", "index_add", "scatter_add", "scatter_reduce",
    }  # fmt: skip


def test_results_of_parts_share_no_memory():
    """The compiler leaves out copies, and overwrites what it takes for its own."""
    from phiml_torch.opaque import _apart

    x, y = torch.ones(2), torch.zeros(2)
    results = _apart([x, y, y, y + 1], [x])
    assert [r.tolist() for r in results] == [[1, 1], [0, 0], [0, 0], [1, 1]]
    assert len({r.data_ptr() for r in (x, *results)}) == 5
