"""The mistakes a user makes in a script: each is a named error that says what was given, what was expected and how to mend it."""

import numpy as np
import pytest
from phiml_core.backend import BackendNotInstalled, MixedBackends
from phiml_core.backend.backend import NoGradient
from phiml_core.extrapolation import UnknownBoundary
from phiml_core.shape import DimTypeConflict, IncompatibleShapes, ItemNameError, ShapeError, UnknownDim
from phiml_physics.flow import *
from phiml_physics.fluid import ObstacleFillsDomain
from phiml_physics.geom import GeometryError, ImageError
from phiml_physics.grid import ResolutionMismatch

CELLS = dict(x=4, y=5)
SMOKE = CenteredGrid(1, ZERO_GRADIENT, **CELLS)
WIND = StaggeredGrid(1, 0, **CELLS)
ROW = wrap([1.0, 2.0, 3.0, 4.0], spatial("x"))


@pytest.mark.parametrize(
    "mistake, error, said",
    [
        (lambda: ROW + math.zeros(spatial(x=5)), IncompatibleShapes, ["xˢ=4", "xˢ=5", "Slice or resample"]),
        (lambda: SMOKE + CenteredGrid(1, 0, x=4, y=6), ResolutionMismatch, ["y=5", "y=6", "resample(a, to=b)"]),
        (lambda: ROW + math.zeros(batch(x=4)), DimTypeConflict, ["spatial", "batch", "ename"]),
        (lambda: math.sum_(ROW, "z"), UnknownDim, ["'z'", "x"]),
        (lambda: ROW.vector["x"], Exception, ["vector", "x"]),
        (lambda: vec(x=1, y=2).vector["z"], ItemNameError, ["'z'", "x"]),
        (lambda: SMOKE.values.native(), ShapeError, ["order of dims", "native('x,y')"]),
        (lambda: gradient(lambda s: s.mean)(ROW), NoGradient, ["numpy", "pip install phiml-jax", "use('jax')"]),
        (lambda: use("jaxx"), BackendNotInstalled, ["'jaxx' is not installed", "numpy"]),
        (lambda: advect.semi_lagrangian(SMOKE, vec(y=1.0, x=0.0), 1.0), GeometryError, ["y,x", "x,y", "Reorder"]),
        (lambda: CenteredGrid(0, "walls", **CELLS), UnknownBoundary, ["'walls'", "'periodic'"]),
        (lambda: CenteredGrid(0, 0), Exception, ["x=64"]),
        (
            lambda: fluid.make_incompressible(WIND, Box(x=(-1, 9), y=(-1, 9))),
            ObstacleFillsDomain,
            ["no fluid is left", "x", "smaller"],
        ),
        (lambda: fluid.make_incompressible(WIND * float("nan")), Diverged, ["finite"]),
        (lambda: fluid.make_incompressible(SMOKE), Exception, ["CenteredGrid", "staggered"]),
        (lambda: image_geometry("missing.png", Box(x=1, y=1)), ImageError, ["missing.png", "Give the path"]),
        (lambda: image_geometry(__file__, Box(x=1, y=1)), ImageError, ["no picture", "PNG", "Convert"]),
    ],
)
def test_mistakes(mistake, error, said):
    with pytest.raises(error) as caught:
        mistake()
    text = str(caught.value)
    assert type(caught.value).__name__ not in ("Exception", "KeyError", "IndexError"), "a name of its own"
    for part in said:
        assert part in text, text


def test_backends_that_cannot_mix():
    pytest.importorskip("phiml_jax", reason="phiml-jax is not installed")
    strict = pytest.importorskip("array_api_strict")
    pytest.importorskip("phiml_strict", reason="the example plugin is not installed")
    with backend("jax"):
        here = tensor([1.0, 2.0], spatial("x"))
    with pytest.raises(MixedBackends) as caught:
        here + wrap(strict.asarray(np.ones(2, np.float32)), spatial("x"))
    assert "convert(" in str(caught.value)
