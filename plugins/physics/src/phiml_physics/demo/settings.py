"""The settings of the smoke demo, from the command line to the readable file in the scene folder."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

__all__ = ["Settings", "parse"]

EXAMPLE = "example"


@dataclass(frozen=True)
class Settings:
    """What the run depends on.  Lengths are in units of the width of the box, which is 100."""

    backend: str = "numpy"
    dims: int = 2
    resolution: int = 64
    steps: int = 200
    batch: int = 1
    precision: int = 32
    obstacle: str = EXAMPLE
    every: int = 2
    out: str = "plume"
    resume: bool = False
    picture: bool = True

    @property
    def picture_path(self) -> Path | None:
        """The image that the obstacle is read from, or None without obstacle."""
        if self.obstacle == "none":
            return None
        if self.obstacle == EXAMPLE:
            return Path(str(files("phiml_physics.demo") / "data" / "obstacle.png"))
        return Path(self.obstacle)

    def physics(self) -> dict[str, Any]:
        """The settings that the state at a given step depends on: a scene can only be continued with the same."""
        names = ("backend", "dims", "resolution", "batch", "precision", "obstacle", "every")
        return {name: value for name, value in asdict(self).items() if name in names} | {"steps": self.steps}


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, not {text}")
    return value


def parse(argv: Sequence[str]) -> Settings:
    """Settings from command line arguments; exits with a message on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="phiml demo smoke", description="A buoyant plume of smoke rises around a shape read from an image."
    )
    default = Settings()
    parser.add_argument("--backend", default=default.backend, help="numpy, jax, … (default: %(default)s)")
    parser.add_argument(
        "--dims", type=int, choices=(2, 3), default=default.dims, help="dimensions of space (default: %(default)s)"
    )
    parser.add_argument(
        "--resolution", type=_positive, default=None, help="cells across the box (default: 64, in 3D 32)"
    )
    parser.add_argument("--steps", type=_positive, default=None, help="time steps (default: 200)")
    parser.add_argument(
        "--batch", type=_positive, default=default.batch, help="plumes with different inflows (default: %(default)s)"
    )
    parser.add_argument(
        "--precision", type=int, choices=(32, 64), default=default.precision, help="bits (default: %(default)s)"
    )
    parser.add_argument(
        "--obstacle", default=default.obstacle, help="an image, or 'none' (default: an image that comes with this demo)"
    )
    parser.add_argument(
        "--every", type=_positive, default=default.every, help="steps from frame to frame (default: %(default)s)"
    )
    parser.add_argument("--out", default=default.out, help="folder of the scene (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on with the scene in that folder")
    parser.add_argument(
        "--no-picture", dest="picture", action="store_false", help="leave out the picture and the animation"
    )
    given = vars(parser.parse_args(list(argv)))
    given["resolution"] = given["resolution"] or (64 if given["dims"] == 2 else 32)
    given["steps"] = given["steps"] or default.steps
    return Settings(**given)
