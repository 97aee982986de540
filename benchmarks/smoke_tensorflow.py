"""One smoke step on TensorFlow beside a hand-written `tf.function`: `python benchmarks/smoke_tensorflow.py [64x64] [32x32x32]`.

Both work in a free closed box with |u| dt < 1.  The reference is the faster of the two ways to run the hand-written step
(`native/plain_tf.py`): as a graph, or compiled by XLA.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import _ours
import _timing as timing  # pins the threads
import numpy as np
import tensorflow as tf
from native import plain_tf
from native.inputs import relative_divergence, smooth

SIZES = ("64x64", "128x128", "256x256", "32x32x32", "64x64x64")


def compare(size: str) -> str:
    """Table of one size: times, ratios, first calls, and the divergence that each step leaves."""
    state = smooth(tuple(map(int, size.split("x"))), 0.7)
    velocity, smoke = tuple(map(tf.constant, state[0])), tf.constant(state[1])
    dt = tf.constant(1.0)
    candidates = {
        "plain, graph": lambda: plain_tf.graph(velocity, smoke, dt),
        "plain, XLA": lambda: plain_tf.xla(velocity, smoke, dt),
        "ours, compiled": _ours.Smoke("tensorflow", state).compiled(),
    }
    notes, quickest = {}, {}
    for name, function in candidates.items():
        start = time.perf_counter()
        result = function()
        first = time.perf_counter() - start
        left = relative_divergence([np.asarray(v) for v in result[0]])
        notes[name] = f"first call {first:.1f} s, left divergence {left:.1e}"
        quickest[name] = min(timing.run(function, 3) for _ in range(5))
    reference = min(("plain, graph", "plain, XLA"), key=quickest.__getitem__)
    ordered = {reference: candidates.pop(reference), **candidates}
    return timing.report(timing.interleave(ordered, budget=20.0), notes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=SIZES)
    for size in parser.parse_args().sizes:
        print(f"\nSmoke step on TensorFlow, {size}, |u| dt = 0.7\n")
        print(compare(size), flush=True)


if __name__ == "__main__":
    main()
