"""What lies beyond the sides of a grid takes part in computations: its precision, its structure, its value."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.field import resample
from phiml_core.math import channel, jit_compile, spatial
from phiml_physics.advect import semi_lagrangian
from phiml_physics.fluid import make_incompressible
from phiml_physics.geom import Box
from phiml_physics.grid import CenteredGrid, ResolutionMismatch, StaggeredGrid

CELLS = dict(x=4, y=3)


def test_forces_with_values_at_sides_keep_the_precision(each_backend):
    """A component that is zero becomes an array of the backend where a traced value of a side joins it."""
    heat = CenteredGrid(1, {"x": "periodic", "y-": 1, "y+": 0}, **CELLS)
    flow = StaggeredGrid(0, {"x": "periodic", "y": 0}, **CELLS)

    @jit_compile
    def step(flow, heat):
        return make_incompressible(flow + resample(heat * (0, 0.5), to=flow))[0]

    found = step(flow, heat)
    for component in found.components:
        assert component.dtype.name == str(component.numpy("x,y").dtype) == "float32"
    assert float(math.max(abs(found["x"].values))) < 1e-6


def test_products_are_zero_where_a_factor_is(each_backend):
    """Eager and compiled: the outside of 0 · f is 0, whatever f is continued by."""
    mask = CenteredGrid(1, 0, **CELLS)
    flow = CenteredGrid((2, 3), "zero-gradient", **CELLS)

    def momentum(mask, flow):
        product = mask * flow
        return math.pad(product.values, {"x": (1, 0)}, product.boundary)

    for run in (momentum, jit_compile(momentum)):
        found = run(mask, flow).numpy("vector,x,y")
        assert (found[:, 0] == 0).all() and (found[:, 1:] == [[[2]], [[3]]]).all()
        assert (run(mask.with_boundary(1), flow).numpy("vector,x,y") == [[[2]], [[3]]]).all()


def parabola(axis):
    """Highest in the middle, 0 at the walls."""
    y = (np.arange(6) + 0.5) / 6
    return math.wrap(4 * y * (1 - y), spatial(axis))


def channel_flow(along, across):
    """Flow and dye after a step in a channel along one axis, first index along it."""
    cells = {along: 8, across: 6, "bounds": Box(**{along: 4, across: 1})}
    inlet = math.vec(**{n: parabola(across) if n == along else 0 for n in "xy"})
    sides = {f"{along}-": inlet, f"{along}+": "zero-gradient", across: 0}
    flow = make_incompressible(StaggeredGrid(0, sides, **cells))[0]
    flow = make_incompressible(semi_lagrangian(flow, flow, 0.4))[0]
    dye = CenteredGrid(0, {**sides, f"{along}-": parabola(across)}, **cells)
    dye = semi_lagrangian(dye, flow, 0.4)
    return [f.values.numpy(f"{along},{across}") for f in (flow[along], flow[across], dye)]


def test_inflow_that_varies_along_a_side(each_backend):
    """What flows in flows out, and no axis is special: values of a side are continued around its corners."""
    found = channel_flow("x", "y")
    assert np.allclose(found[0].sum(1), parabola("y").numpy().sum(), rtol=1e-4)
    assert found[2][0, 2] > found[2][0, 0] > 0 and np.allclose(found[2][0], found[2][0, ::-1], atol=1e-5)
    for a, b in zip(found, channel_flow("y", "x"), strict=True):
        assert np.allclose(a, b, atol=1e-5)


def test_profiles_fit_what_they_continue():
    stacked = math.stack({"x": parabola("y"), "y": 0 * parabola("y")}, channel("vector"))
    with pytest.raises(ResolutionMismatch, match=r"Beyond x- component 'y' has the values .*, expected one number"):
        StaggeredGrid(0, {"x": (stacked, 0), "y": 0}, x=8, y=6)
    with pytest.raises(ResolutionMismatch, match=r"Beyond x- the grid has the values"):
        CenteredGrid(0, {"x": parabola("y"), "y": 0}, x=8, y=5)
    with pytest.raises(ResolutionMismatch, match=r"Beyond y\+ the grid has the values"):
        CenteredGrid(0, 0, x=8, y=6).with_boundary({"x": 0, "y": (0, parabola("y"))})
