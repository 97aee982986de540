"""Running the smoke demo: steps with a progress bar, frames to the scene folder, picture, animation and summary."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from phiml_core import backend, jit_compile, math, precision
from phiml_core.backend import BackendNotInstalled, default_backend
from phiml_core.marks import LibraryNotFound
from phiml_core.solve import NotConverged, record_solves

from phiml_physics.geom import ImageError
from phiml_physics.grid import CenteredGrid
from phiml_physics.scene import Scene, SceneError

from .plume import Plume, State
from .report import Report
from .settings import Settings, parse
from .storage import arrays_of, state_of

__all__ = ["StateNotFinite", "main", "simulate"]

MAY_DIFFER = ("steps",)


class StateNotFinite(ArithmeticError):
    """The simulation produced NaN or infinite values."""


def main(argv: Sequence[str]) -> int:
    """`phiml demo smoke …`: returns the exit code, 130 after Ctrl-C."""
    settings = parse(argv)
    try:
        with backend(settings.backend), precision(settings.precision):
            return _run(settings)
    except (BackendNotInstalled, ImageError, SceneError, NotConverged, StateNotFinite, ValueError) as error:
        print(f"phiml demo smoke: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


def _run(settings: Settings) -> int:
    plume = Plume(settings)  # before anything is written: a wrong image or obstacle leaves no half-made scene
    if settings.resume:
        scene = Scene.resume(settings.out, settings.physics(), may_differ=MAY_DIFFER)
    else:
        scene = Scene.create(settings.out, settings.physics())
    report = Report(default_backend().name, _device())
    interrupted = False
    try:
        simulate(plume, scene, report)
    except KeyboardInterrupt:
        interrupted = True
        print(f"\nStopped.  The frames so far are in {scene.path}; go on with --resume.", file=sys.stderr)
    print(report.text())
    scene.note(**report.results())
    if not interrupted:
        scene.complete = True
    print(f"scene         {scene.path}, {len(scene.frames)} frames")
    if settings.picture and scene.frames:
        try:
            _pictures(plume, scene)
        except LibraryNotFound as error:
            print(f"picture       none: {error}")
    return 130 if interrupted else 0


def _device() -> str:
    probe = math.zeros(math.spatial(x=1))
    return str(probe.device)


def simulate(plume: Plume, scene: Scene, report: Report) -> State:
    """Go on from the last frame of a scene to the number of steps of the settings.

    Raises:
        StateNotFinite: a step gave NaN or infinite values; earlier frames are intact.
        NotConverged: a pressure solve missed its tolerance.
        SceneWriteError: a frame could not be written; earlier frames are intact.
    """
    from tqdm import tqdm

    settings = plume.settings
    last = scene.last()
    state = plume.start() if last is None else state_of(plume, scene.read(last))
    if last is None:
        scene.write(0, **arrays_of(state))
        last = 0
    step = jit_compile(plume.step)
    with (
        tqdm(total=settings.steps, initial=last, unit="step", desc="plume", disable=None) as bar,
        record_solves() as tape,
    ):
        for number in range(last + 1, settings.steps + 1):
            start = time.perf_counter()
            before = len(tape.infos)
            state, divergence = step(state, plume.dt)
            worst = float(divergence.numpy(divergence.shape).max())  # waits for the step
            report.seconds.append(time.perf_counter() - start)
            report.divergence.append(worst)
            for info in tape.infos[before:]:
                report.iterations.append(int(math.max_(info.iterations, info.iterations.shape)))
                report.methods.append(info.method)
            if not worst < float("inf"):
                raise StateNotFinite(
                    f"Step {number} gave NaN or infinite velocities, expected finite ones.  The frames up to {scene.frames[-1]} in "
                    f"{scene.path} are intact; use a shorter time step or --precision 64."
                )
            if number % settings.every == 0 or number == settings.steps:
                scene.write(number, **arrays_of(state))
            bar.set_postfix_str(f"{1e3 * report.seconds[-1]:.1f} ms/step", refresh=False)
            bar.update()
    return state


def _pictures(plume: Plume, scene: Scene) -> None:
    from phiml_core.marks import animate, plot

    over: dict[str, Any] = {}
    if plume.obstacles:
        flat = plume.settings.dims == 2
        over["overlay"] = plume.obstacles[0].geometry if flat else _obstacle_mark(plume)

    def smoke(frame: int) -> Any:
        return state_of(plume, scene.read(frame)).smoke

    frames = scene.frames
    style = {"title": "smoke", "vmin": 0.0, "vmax": float(math.max_(smoke(frames[-1]).values, lambda s: s)), **over}
    plot(smoke(frames[-1]), **style).savefig(scene.path / "plume.png", dpi=120)
    print(f"picture       {scene.path / 'plume.png'}")
    path = animate((smoke(f) for f in frames), scene.path / "plume.gif", fps=20, **style)
    print(f"animation     {path}")


def _obstacle_mark(plume: Plume) -> Any:
    """The obstacle as what it covers of each cell: in space, a picture's shape reaches through the whole box."""
    from phiml_core.marks import grid_mark

    covered = CenteredGrid(plume.obstacles[0].geometry, 0, bounds=plume.bounds, resolution=plume.resolution)
    axes = covered.geometry.names
    lower, upper = covered.geometry.lower, covered.geometry.upper
    return grid_mark(covered.uniform_values().numpy(axes), lower, upper, axes, color="#b8653f", name="obstacle")
