"""One smoke step on PyTorch beside the plain JAX step: `python benchmarks/smoke_torch.py [step] [gradient] [galaxy] [--sizes 64x64 …]`.

A free closed box with |u| dt < 1; the reference is the plain JAX step (`native/smoke_jax.py`).  `galaxy` compares the N-body step
with a hand-written one under `torch.compile`.  The cache on disk is that of PyTorch: set TORCHINDUCTOR_CACHE_DIR to a new folder
to see the first call of all.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import time

import _ours
import _timing as timing  # pins the threads
import jax
import numpy as np
import torch
from native import smoke_jax
from native.inputs import smooth
from smoke import phiflow

SIZES = ("64x64", "128x128", "256x256", "32x32x32", "64x64x64")
STEPS = 8


def step_table(size: str, with_phiflow: bool) -> None:
    state = smooth(tuple(map(int, size.split("x"))), 0.7)
    on_device = jax.device_put(state)
    ours = _ours.Smoke("torch", state)
    compiled = ours.compiled()
    start = time.perf_counter()
    result = compiled()
    first = time.perf_counter() - start
    found = timing.interleave(
        {
            "plain JAX": lambda: smoke_jax.jitted(*on_device, 1.0),
            "ours, torch compiled": compiled,
            "ours, torch eager": ours.eager(),
        },
        at_least=0.01,
        budget=15,
    )
    print(f"\n### {size}: first call {first:.1f} s, divergence left {ours.divergence(result):.1e}\n")
    print(timing.report(found), flush=True)
    if with_phiflow:  # with an open top, since in the closed box its solvers do not converge
        eager = timing.interleave({"open": _ours.Smoke("torch", state, "open").eager()}, budget=5)["open"]
        print(
            f"open top, ours, torch eager: {timing.seconds(eager.median)} per step (best {timing.seconds(eager.best)})"
        )
        print(
            f"open top, phiflow, torch eager: {phiflow('torch', state[1].shape, '--displacement', '0.7', '--open')}",
            flush=True,
        )


def gradient_table(size: str) -> None:
    ours = _ours.Smoke("torch", smooth(tuple(map(int, size.split("x")))))
    candidates = {"forward": ours.compiled_loop(STEPS), "gradient": ours.gradient(STEPS)}
    found = timing.interleave(candidates, at_least=0.01, budget=15)
    ratios = [g / f for g, f in zip(found["gradient"].times, found["forward"].times, strict=True)]
    low, middle, high = np.percentile(ratios, (25, 50, 75))
    print(f"\n{size}: gradient of {STEPS} steps / forward {middle:.2f} ({low:.2f} – {high:.2f})", flush=True)


def galaxy_step(x, v, masses, dt):
    """The step of `examples/galaxy.py` as one writes it in plain PyTorch."""
    dx = x[:, None] - x[None]
    denominator = (dx**2).sum(-1, keepdim=True) ** 1.5
    zero = denominator == 0
    pull = torch.where(zero, 0.0, masses[:, None] * dx / torch.where(zero, 1.0, denominator))
    return x + v * dt, v - pull.sum(-2) * dt


def galaxy_table(stars: int) -> None:
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "examples"))
    import galaxy
    from phiml_core import math

    math.use("torch")
    native = [torch.from_numpy(np.array(a, np.float32)) for a in galaxy.disc(stars)]
    x, v, masses = galaxy.state(stars)
    ours, written = math.jit_compile(galaxy.galaxy_step), torch.compile(galaxy_step)
    dt = torch.tensor(0.005)
    difference = (ours(x, v, masses, 0.005)[1].native("stars,vector") - written(*native, dt)[1]).abs().max()
    found = timing.interleave(
        {"torch.compile": lambda: written(*native, dt), "ours": lambda: ours(x, v, masses, 0.005)}, budget=15
    )
    print(f"\n### {stars} stars, largest difference {float(difference):.1e}\n\n{timing.report(found)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=("step", "gradient", "galaxy"))
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--stars", nargs="+", type=int, default=(1024,))
    parser.add_argument("--no-phiflow", action="store_true")
    arguments = parser.parse_args()
    if "step" in arguments.parts:
        for size in arguments.sizes:
            step_table(size, not arguments.no_phiflow)
    if "gradient" in arguments.parts:
        for size in arguments.sizes:
            gradient_table(size)
    if "galaxy" in arguments.parts:
        for stars in arguments.stars:
            galaxy_table(stars)


if __name__ == "__main__":
    main()
