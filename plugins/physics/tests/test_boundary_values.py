"""What lies beyond the sides of a grid takes part in computations: its precision, its structure, its value."""

from phiml_core import math
from phiml_core.field import resample
from phiml_core.math import jit_compile
from phiml_physics.fluid import make_incompressible
from phiml_physics.grid import CenteredGrid, StaggeredGrid

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
