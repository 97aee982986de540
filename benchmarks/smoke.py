"""One smoke step: ours, plain JAX, hand-written fast JAX, bare NumPy, phiflow.

`python benchmarks/smoke.py [step] [compile] [gradient] [loop] [--sizes 64x64 …] [--cases free open obstacle]`
Everything in one run; what fails says why in its row.  The reference is the plain JAX step in the free closed box.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import _ours
import _timing as timing
import jax
import numpy as np
from native import fast_jax, inputs, smoke_jax, smoke_numpy

SIZES = ((64, 64), (128, 128), (256, 256), (512, 512), (32, 32, 32), (64, 64, 64))
PARTS = ("step", "compile", "gradient", "loop")
PLAIN, FAST = "plain JAX", "hand-written fast JAX"
STEPS = 8
"""Steps that are differentiated."""


class Table:
    """Candidates of one table; a candidate that cannot be built or run becomes a row that says why."""

    def __init__(self) -> None:
        self.functions: dict[str, Callable[[], Any]] = {}
        self.notes: dict[str, str] = {}
        self.failed: dict[str, str] = {}

    def add(self, name: str, build: Callable[[], Callable[[], Any]], note: Callable[[Any], str] | None = None) -> None:
        try:
            function = build()
            result = timing.block(function())
        except Exception as error:
            text = str(error).strip().splitlines()
            self.failed[name] = f"{type(error).__name__}: {text[0] if text else ''}"[:110]
            return
        self.functions[name] = function
        try:
            self.notes[name] = note(result) if note else ""
        except Exception as error:
            self.notes[name] = f"{type(error).__name__}"

    def show(self, head: str = "note", **options: Any) -> dict[str, timing.Timing]:
        found = timing.interleave(self.functions, **options)
        print(timing.report(found, self.notes, head), flush=True)
        for name, why in self.failed.items():
            print(f"{name} did not run: {why}")
        return found


def title(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def divergence(result: Any) -> str:
    return f"{inputs.relative_divergence([np.asarray(v) for v in result[0]]):.1e}"


def phiflow(backend: str, shape: tuple[int, ...], *options: str) -> str:
    """What phiflow says in a process of its own."""
    command = [sys.executable, "-m", "peers.phiflow_smoke", backend, "x".join(map(str, shape)), *options]
    folder = pathlib.Path(__file__).parent
    try:
        output = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120).stdout
        result = json.loads(output.splitlines()[-1])
    except (subprocess.TimeoutExpired, IndexError, ValueError) as error:
        return f"no result ({type(error).__name__})"
    if "error" in result:
        return result["error"]
    middle, best = timing.seconds(result["seconds"]), timing.seconds(result["best"])
    return f"{middle} per step (best {best}, {result['rounds']} runs), divergence {result['divergence']:.1e}"


def step_table(shape: tuple[int, ...], case: str, displacement: float, with_phiflow: bool) -> None:
    state = inputs.smooth(shape, displacement)
    print(f"\n### {title(shape)}, {case}, max |u| dt = {displacement}\n")
    table = Table()
    on_device = jax.device_put(state)
    table.add(PLAIN, lambda: lambda: smoke_jax.jitted(*on_device, 1.0), divergence)
    if case == "free":
        table.add(FAST, lambda: lambda: fast_jax.jitted(*on_device, 1.0), divergence)
        table.add("bare NumPy", lambda: lambda: smoke_numpy.step(*state, 1.0), divergence)
    for backend, kind in (("jax", "compiled"), ("jax", "eager"), ("numpy", "eager")):
        ours: list[_ours.Smoke] = []

        def build(backend=backend, kind=kind, ours=ours):
            ours.append(_ours.Smoke(backend, state, case))
            return getattr(ours[0], kind)()

        table.add(f"ours, {backend} {kind}", build, lambda result, ours=ours: f"{ours[0].divergence(result):.1e}")
    table.show("divergence", at_least=0.01, budget=25)
    if with_phiflow and case != "obstacle":
        options = ["--displacement", str(displacement)] + (["--open"] if case == "open" else [])
        for backend, extra in (("numpy", []), ("numpy", ["--solver", "CG"]), ("jax", ["--jit", "--solver", "CG"])):
            print(f"phiflow {' '.join([backend, *extra])}: {phiflow(backend, shape, *options, *extra)}", flush=True)


def seconds_to_compile(build: Callable[[], Callable[[], Any]]) -> float:
    """First call less a later one, with the caches of JAX empty."""
    jax.clear_caches()
    function = build()
    start = time.perf_counter()
    timing.block(function())
    first = time.perf_counter() - start
    start = time.perf_counter()
    timing.block(function())
    return first - (time.perf_counter() - start)


def forward_and_gradient(state: Any) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """For each implementation builders of `STEPS` steps and of their gradient."""
    on_device = jax.device_put(state)

    def plain(module: Any) -> tuple[Callable[[], Any], Callable[[], Any]]:
        def forward():
            f = jax.jit(partial(module.steps, count=STEPS))
            return lambda: f(*on_device, 1.0)

        def gradient():
            f = jax.jit(jax.grad(partial(module.loss, count=STEPS), (0, 1)))
            return lambda: f(*on_device, 1.0)

        return forward, gradient

    return {
        PLAIN: plain(smoke_jax),
        FAST: plain(fast_jax),
        "ours": (
            lambda: _ours.Smoke("jax", state).compiled_loop(STEPS),
            lambda: _ours.Smoke("jax", state).gradient(STEPS),
        ),
    }


def compile_table(shape: tuple[int, ...]) -> None:
    print(f"\n### {title(shape)}, seconds to trace and compile {STEPS} steps\n")
    builders = forward_and_gradient(inputs.smooth(shape))
    rows = []
    for kind, which in (("forward", 0), ("gradient", 1)):
        times: dict[str, list[float]] = {name: [] for name in builders}
        for _ in range(3):
            for name, pair in builders.items():
                try:
                    times[name].append(seconds_to_compile(pair[which]))
                except Exception as error:
                    print(f"{name}, {kind} did not run: {type(error).__name__}: {str(error).splitlines()[0][:110]}")
        base = float(np.median(times[PLAIN]))
        for name, values in times.items():
            if values:
                rows.append(
                    [
                        kind,
                        name,
                        f"{np.median(values):.2f}",
                        f"{np.median(values) / base:.2f}",
                        f"{min(values):.2f} – {max(values):.2f}",
                    ]
                )
    print(timing.table(["", "candidate", "seconds", "this / plain JAX", "range"], rows), flush=True)


def gradient_table(shape: tuple[int, ...]) -> None:
    print(f"\n### {title(shape)}, gradient of {STEPS} steps\n")
    table = Table()
    for name, (forward, gradient) in forward_and_gradient(inputs.smooth(shape)).items():
        table.add(f"{name}, forward", forward)
        table.add(f"{name}, gradient", gradient)
    found = table.show(at_least=0.01, budget=25)
    for name in (PLAIN, FAST, "ours"):
        if f"{name}, gradient" in found:
            pairs = zip(found[f"{name}, gradient"].times, found[f"{name}, forward"].times, strict=True)
            low, middle, high = np.percentile([g / f for g, f in pairs], (25, 50, 75))
            print(f"{name}: gradient / forward {middle:.2f} ({low:.2f} – {high:.2f})")


def loop_table(shape: tuple[int, ...], count: int = 100) -> None:
    print(f"\n### {title(shape)}, {count} steps\n")
    state = inputs.smooth(shape)
    on_device = jax.device_put(state)

    def called():
        velocity, smoke = on_device
        for _ in range(count):
            velocity, smoke = smoke_jax.jitted(velocity, smoke, 1.0)
        return velocity, smoke

    table = Table()
    table.add("ours, one loop", lambda: _ours.Smoke("jax", state).compiled_loop(count))
    table.add("ours, calls", lambda: _ours.Smoke("jax", state).called_loop(count))
    table.add("plain JAX, one loop", lambda: lambda: smoke_jax.steps(*on_device, 1.0, count))
    table.add("plain JAX, calls", lambda: called)
    table.add("hand-written fast JAX, one loop", lambda: lambda: fast_jax.steps(*on_device, 1.0, count))
    table.show(at_least=0, budget=30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=PARTS)
    parser.add_argument("--sizes", nargs="+", type=lambda text: tuple(map(int, text.split("x"))), default=SIZES)
    parser.add_argument("--cases", nargs="+", choices=_ours.CASES, default=_ours.CASES)
    parser.add_argument("--displacement", nargs="+", type=float, default=(0.7, 3.5))
    parser.add_argument("--no-phiflow", action="store_true")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}: expected some of {', '.join(PARTS)}")
    for shape in arguments.sizes:
        if "step" in arguments.parts:
            for case in arguments.cases:
                for displacement in arguments.displacement if case == "free" else arguments.displacement[:1]:
                    step_table(shape, case, displacement, not arguments.no_phiflow and displacement < 1)
        if "compile" in arguments.parts:
            compile_table(shape)
        if "gradient" in arguments.parts:
            gradient_table(shape)
        if "loop" in arguments.parts:
            loop_table(shape)


if __name__ == "__main__":
    main()
