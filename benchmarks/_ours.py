"""What the benchmarks need of this project, in one place."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from functools import partial
from typing import Any

import _timing  # noqa: F401  pins the threads before NumPy is loaded
import numpy as np
from native.inputs import State
from peers.phiml_overhead import operations as _operations

PICTURE = pathlib.Path(__file__).parents[1] / "examples" / "images" / "obstacle.png"
CASES = ("free", "obstacle", "open")


def operations(backend: str) -> dict[str, Callable[[], Any]]:
    """The eager operations of `eager_overhead.py`."""
    from phiml_core import math
    from phiml_core.backend.dtype import dtype_named

    math.use(backend)
    return _operations(math, dtype_named("float16"))


class Smoke:
    """The smoke step as a user writes it, on the state of `native.inputs`; the last axis points up."""

    def __init__(self, backend: str, state: State, case: str = "free"):
        from phiml_core import math
        from phiml_physics import flow

        math.use(backend)
        self.math, self.flow, self.backend = math, flow, backend
        velocity, smoke = state
        shape = smoke.shape
        self.names = "xyz"[: len(shape)]
        self.order = tuple(self.names)
        up = self.names[-1]
        sizes = dict(zip(self.names, shape))
        bounds = flow.Box(**{name: float(size) for name, size in sizes.items()})
        boundary: Any = 0
        if case == "open":
            boundary = {**dict.fromkeys(self.names[:-1], 0), up: (0, flow.ZERO_GRADIENT)}
            velocity = (*velocity[:-1], np.pad(velocity[-1], [(0, 0)] * (len(shape) - 1) + [(0, 1)]))
        spatial = math.spatial(",".join(self.names))
        vector = math.channel(vector=",".join(self.names))
        components = math.stack([math.tensor(v, spatial) for v in velocity], vector)
        self.velocity = flow.StaggeredGrid(components, boundary, bounds, **sizes)
        self.smoke = flow.CenteredGrid(math.tensor(smoke, spatial), flow.ZERO_GRADIENT, bounds, **sizes)
        self.lift = math.wrap([0.1 if name == up else 0.0 for name in self.names], vector)
        self.obstacles: tuple[Any, ...] = ()
        if case == "obstacle":
            from phiml_physics.geom.image import image_geometry

            place = {n: (0.3 * s, 0.7 * s) for n, s in sizes.items() if n in (self.names[0], up)}
            self.obstacles = (flow.Obstacle(image_geometry(str(PICTURE), flow.Box(**place))),)

    def step(self, velocity: Any, smoke: Any, dt: Any) -> tuple[Any, Any]:
        flow = self.flow
        smoke = flow.advect.mac_cormack(smoke, velocity, dt)
        velocity = (
            flow.advect.semi_lagrangian(velocity, velocity, dt) + flow.resample(smoke * self.lift, to=velocity) * dt
        )
        return flow.fluid.make_incompressible(velocity, self.obstacles)[0], smoke

    def steps(self, velocity: Any, smoke: Any, dt: Any, count: int) -> tuple[Any, Any]:
        """`count` steps; one loop when compiled."""
        return self.math.fori_loop(count, lambda _, v, s: self.step(v, s, dt), (velocity, smoke))

    def loss(self, velocity: Any, smoke: Any, dt: Any, count: int) -> Any:
        velocity, smoke = self.steps(velocity, smoke, dt, count)
        squares = [self.math.sum_(c**2) for c in velocity.components]
        return self.math.sum_(smoke.values**2) + sum(squares)

    # What the harness calls: functions without arguments that return native arrays.

    def natives(self, state: tuple[Any, Any]) -> tuple[list[Any], Any]:
        velocity, smoke = state
        return [self._native(c) for c in velocity.values.components], self._native(smoke.values)

    def _native(self, values: Any) -> Any:
        """The array as it is, if its axes are in order: the harness must cost little beside a step of 0.1 ms."""
        if values.spec.stored.names == self.order:
            return values.native_array
        return values.native(self.order)

    def eager(self, dt: float = 1.0) -> Callable[[], Any]:
        return lambda: self.natives(self.step(self.velocity, self.smoke, dt))

    def compiled(self, dt: float = 1.0) -> Callable[[], Any]:
        step = self.math.jit_compile(self.step)
        return lambda: self.natives(step(self.velocity, self.smoke, dt))

    def compiled_loop(self, count: int, dt: float = 1.0) -> Callable[[], Any]:
        steps = self.math.jit_compile(partial(self.steps, count=count))
        return lambda: self.natives(steps(self.velocity, self.smoke, dt))

    def called_loop(self, count: int, dt: float = 1.0) -> Callable[[], Any]:
        step = self.math.jit_compile(self.step)

        def run():
            state = self.velocity, self.smoke
            for _ in range(count):
                state = step(*state, dt)
            return self.natives(state)

        return run

    def gradient(self, count: int, dt: float = 1.0) -> Callable[[], Any]:
        gradient = self.math.jit_compile(
            self.math.gradient(partial(self.loss, count=count), "velocity,smoke", get_output=False)
        )
        return lambda: self.natives(gradient(self.velocity, self.smoke, dt))

    def divergence(self, result: tuple[list[Any], Any]) -> float:
        """max |div v| h / max |v| of all cells, from the velocity itself; with obstacles it is the mean through each face."""
        math, flow = self.math, self.flow
        spatial = math.spatial(",".join(self.names))
        parts = [math.wrap(np.asarray(v, np.float64), spatial) for v in result[0]]
        vector = math.channel(vector=",".join(self.names))
        with math.precision(64):
            velocity = self.velocity.with_values(math.stack(parts, vector))
            div = abs(flow.divergence(velocity).values.numpy(",".join(self.names)))
        return float(div.max() / max(np.abs(np.asarray(v)).max() for v in result[0]))


class Poisson:
    """∇ · (w ∇x) = −b in a closed box, with coefficients w on inner faces, in float32."""

    def __init__(self, backend: str, weights: list[Any], b: Any):
        from phiml_core import math
        from phiml_solvers import poisson

        math.use(backend)
        self.math, self.backend = math, backend
        self.names = ",".join("xyz"[: b.ndim])
        dims = math.spatial(self.names)
        resolution = math.spatial(**dict(zip(self.names.split(","), b.shape)))
        free = all((w == 1).all() for w in weights)
        faces = None if free else [math.tensor(w.astype(np.float32), dims) for w in weights]
        self.operator = poisson(resolution, 1.0, "neumann", faces)
        self.rhs = math.tensor(-b, dims)

    def run(self, options: dict[str, Any], parts: bool = False, eager: bool = False) -> Callable[[], tuple[Any, Any]]:
        """A function that returns the parts of the solution and the number of iterations; compiled where the backend compiles.

        Args:
            options: of the settings; by default the automatic choice.
            parts: leave the solution in the parts whose sum it is, with the digits that rounding the sum would lose.
            eager: do not compile.
        """
        from phiml_solvers import solve_increments

        math, operator = self.math, self.operator
        settings = math.Solve("CG" if options else "auto", max_iterations=20000, **options)

        def solution(operator: Any, y: Any) -> Any:
            if parts:
                found, info = solve_increments(math.LinearProblem(operator, y), settings)
                return found, info.iterations
            x, info = math.solve(math.LinearProblem(operator, y), settings)
            return [x], info.iterations

        solve = math.jit_compile(solution) if self.backend == "jax" and not eager else solution

        def call() -> tuple[Any, Any]:
            found, count = solve(operator, self.rhs)
            return [x.native(self.names) for x in found], count.native()

        return call
