"""Loops and functions that are computed again for their derivatives: the same derivatives, little memory."""

import ctypes
import gc
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import batch, spatial, tensor

STEPS = 256
MEBI = 2**20


def rollout(x, w, steps, checkpoint):
    """A loss of the last state; each step reads its index and a parameter."""
    (v,) = math.fori_loop(steps, lambda i, v: (math.sin(v) * w + 0.1 * i,), (x,), checkpoint=checkpoint)
    return math.mean(v)


def test_the_same_derivatives(framework, run):

    def grads(steps, checkpoint):
        x, w = tensor(np.linspace(0.1, 1, 3), spatial("x")), tensor(0.9)
        return run(math.gradient(lambda x, w: rollout(x, w, steps, checkpoint), "x,w", get_output=False))(x, w)

    with math.precision(64):
        for steps in (1, 7) if run is not math.jit_compile else (7,):
            for found, expected in zip(grads(steps, True), grads(steps, False), strict=True):
                np.testing.assert_allclose(found.numpy(found.shape), expected.numpy(expected.shape), rtol=1e-12)


def test_second_derivatives(framework):

    def second(checkpoint):
        w = tensor(0.9)
        f = lambda w: rollout(tensor([0.3, 0.8], spatial("x")), w, 5, checkpoint)
        return float(math.hessian(f, get_output=False, get_gradient=False)(w)[0])

    with math.precision(64):
        assert second(True) == pytest.approx(second(False), rel=1e-6)
        assert abs(second(False)) > 1e-2


def test_functions_and_what_they_capture(framework, run):
    """`checkpoint` of a function that reads a value being differentiated, alone and within loops, and within itself."""
    x, w = tensor([0.3, 0.8], spatial("x")), tensor(0.9)

    def loss(x, w, again):
        f = again(lambda v: math.sin(v) * w)
        g = again(lambda v: f(f(v)) * w)
        return math.sum_(math.fori_loop(2, lambda i, v: (g(v),), (x,))[0])

    found, expected = (
        run(math.gradient(lambda x, w, c=c: loss(x, w, c), "x,w", get_output=False))(x, w)
        for c in (math.checkpoint, lambda f: f)
    )
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.numpy(a.shape), b.numpy(b.shape), rtol=1e-5)


def test_trajectories(framework):
    x, w = tensor([0.3, 0.8], spatial("x")), tensor(0.9)

    def loss(w, checkpoint):
        _, (states,) = math.scan(lambda i, v: (math.sin(v) * w,), (x,), 5, batch("t"), checkpoint=checkpoint)
        return math.sum_(states, "x,t")

    found, expected = (float(math.gradient(loss, "w", get_output=False)(w, c)) for c in (True, False))
    assert found == pytest.approx(expected, rel=1e-5)


def test_without_derivatives(framework):
    """The values of the loop, and Python's own numbers as indices where nothing is traced."""
    kinds = []
    (v,) = math.fori_loop(3, lambda i, v: kinds.append(type(i)) or (v + i,), (tensor(1.0),), checkpoint=True)
    assert float(v) == 4 and kinds == [int] * 3
    assert (
        float(math.jit_compile(lambda x: math.fori_loop(10, lambda i, v: (v + i,), (x,), checkpoint=True)[0])(v)) == 49
    )


def test_the_number_of_steps_must_be_known(framework):
    with pytest.raises(TypeError, match="number of steps that is a Python int"):
        math.fori_loop(tensor(3), lambda i, v: (v,), (tensor(1.0),), checkpoint=True)


# --- memory ---


class Peak:
    """The most memory that this process takes in a block, beyond what it took before, in bytes."""

    def __enter__(self):
        gc.collect()
        ctypes.CDLL(None).mallopt(-3, 2**17)  # memory of arrays goes back to the system as soon as it is free
        self.most, self.done = 0, False
        self.start = self._now()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.done = True
        self.thread.join()

    def _now(self):
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    def _watch(self):
        while not self.done:
            self.most = max(self.most, self._now() - self.start)
            time.sleep(5e-4)


def stored_states(framework, compiled):
    """How many states of one MiB a rollout stores at a time, beyond what the derivative of a single step takes.

    By x, so that what a step needs for its derivative is one state.
    """
    with backend(framework):
        x = tensor(np.linspace(0.1, 1, MEBI // 4).astype(np.float32), spatial("x"))
        w = tensor(0.9)

        def states(checkpoint, steps):
            f = math.gradient(lambda x, w: rollout(x, w, steps, checkpoint), "x", get_output=False)
            f = math.jit_compile(f) if compiled else f
            peaks = []
            for _ in range(3):  # the first call loads and compiles, which takes memory of its own
                with Peak() as peak:
                    float(math.sum_(f(x, w)))
                peaks.append(peak.most / MEBI)
            return peaks[0] if framework == "tensorflow" else min(peaks)  # TensorFlow gives nothing back

        states(True, 4)
        return states(True, STEPS) - (0.0 if compiled else states(False, 1))


def test_a_rollout_of_256_steps_stores_few_states(framework, run):
    """At most 3 √256 = 48, measured in a process of its own, whose memory nothing else has taken and given back."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_transform_checkpoint import stored_states; "
        f"print('states', stored_states({framework!r}, {run is math.jit_compile}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) <= 3 * STEPS**0.5


def test_compiled_memory_by_the_compiler(framework):
    """The same by XLA's account of temporary memory; without checkpoints it is all states."""
    if framework != "jax":
        return
    import jax
    from phiml_core.tensor.dense import dense

    x = tensor(np.linspace(0.1, 1, 1024).astype(np.float32), spatial("x"))

    def states(checkpoint):
        def flat(a, b):
            f = math.gradient(lambda x, w: rollout(x, w, STEPS, checkpoint), "w", get_output=False)
            return f(dense(a, x.shape), dense(b, math.EMPTY)).native()

        compiled = jax.jit(flat).lower(x.native(), np.float32(0.9)).compile()
        return compiled.memory_analysis().temp_size_in_bytes / 4096

    assert states(True) <= 3 * STEPS**0.5
    assert states(False) >= STEPS


def test_reports_in_checkpointed_loops(framework, run):
    """Where values are known, reports are passed on at once, and the loop carries none."""
    seen = []

    def loss(x):
        def body(i, x):
            math.when_available(lambda v: seen.append(float(v)), math.sum(x))
            return (2 * x,)

        (x,) = math.fori_loop(3, body, (x,), checkpoint=True)
        return math.sum(x**2)

    x = tensor([1.0, 2.0], spatial("x"))
    found = run(math.gradient(loss, get_output=False))(x)
    assert found.numpy().tolist() == [128, 256] and seen[0] == 3
    (curvature,) = run(math.hessian(loss, get_output=False, get_gradient=False))(x)
    assert curvature.numpy("x,x_").tolist() == [[128, 0], [0, 128]]
