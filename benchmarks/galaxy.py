"""The N-body step of `examples/galaxy.py`, compiled on JAX, against plain JAX: `python benchmarks/galaxy.py [N …]`."""

from __future__ import annotations

import argparse
import pathlib
import re
import sys

import _timing as timing  # first: pins the threads

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "examples"))

import galaxy
import jax
import numpy as np
from native import galaxy_jax
from phiml_core import math

DT = 0.005


def operations(text: str) -> int:
    """Number of operations in an unoptimised program (StableHLO); constants, reshapes and broadcasts aside."""
    found = re.findall(r"= (?:stablehlo|chlo)\.(\w+)|= \"stablehlo\.(\w+)\"", text)
    trivial = {"constant", "broadcast_in_dim", "reshape", "convert"}
    return sum((a or b) not in trivial for a, b in found)


def counted(stars: int) -> tuple[int, int]:
    """Operations of plain JAX and of ours, both as traced."""
    arrays = (*galaxy.disc(stars), np.float32(DT))

    def ours(x, v, masses, dt):
        dims = math.instance("stars"), math.channel(vector="x,y,z")
        x, v = galaxy.galaxy_step(math.wrap(x, *dims), math.wrap(v, *dims), math.wrap(masses, dims[0]), math.wrap(dt))
        return x.native("stars,vector"), v.native("stars,vector")

    return operations(galaxy_jax.step.lower(*arrays).as_text()), operations(jax.jit(ours).lower(*arrays).as_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stars", nargs="*", type=int, default=(256, 1024, 2048))
    arguments = parser.parse_args()
    math.use("jax")
    rows = []
    for stars in arguments.stars:
        native = jax.device_put((*galaxy.disc(stars), np.float32(DT)))
        x, v, masses = galaxy.state(stars)
        step = math.jit_compile(galaxy.galaxy_step)
        ours = step(x, v, masses, DT)
        expected = galaxy_jax.step(*native)
        difference = max(
            float(np.abs(np.asarray(a.native("stars,vector")) - np.asarray(b)).max()) for a, b in zip(ours, expected)
        )

        def run(step=step, x=x, v=v, masses=masses):
            a, b = step(x, v, masses, DT)
            return a.native("stars,vector"), b.native("stars,vector")

        found = timing.interleave({"plain JAX": lambda native=native: galaxy_jax.step(*native), "ours": run}, pairs=31)
        reference, own, again = found["plain JAX"], found["ours"], found[timing.A_A]
        rows.append(
            [
                str(stars),
                timing.seconds(reference.median),
                timing.seconds(own.median),
                f"{1 / own.ratio:.3f}",
                f"{1 / own.quartiles[1]:.3f} – {1 / own.quartiles[0]:.3f}",
                f"{1 / again.ratio:.3f}",
                f"{difference:.1e}",
                " / ".join(map(str, counted(stars))),
            ]
        )
    print(
        timing.table(
            ["stars", "plain JAX", "ours", "ours / plain", "quartiles", "A/A", "largest difference", "operations"], rows
        )
    )


if __name__ == "__main__":
    main()
