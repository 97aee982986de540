"""One transform in one go gives what its parts give."""

import itertools

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, spatial, tensor
from phiml_solvers import poisson
from phiml_solvers.criterion import norm, system_dims
from phiml_solvers.first_pass import first_pass
from phiml_solvers.operator.box import BoxLaplace
from phiml_solvers.operator.shift import stored
from phiml_solvers.spectral_inverse import spectral_inverse

SIDES = ["periodic", "neumann", "dirichlet", ("neumann", "dirichlet"), ("dirichlet", "neumann"), "absent"]


def _parts(operator, y, kind):
    dims = system_dims(operator, y)
    level = math.mean(y, operator.resolution) if operator.singular else 0.0
    x = spectral_inverse(operator, y - level)
    rest = y - level - operator(x)
    return x, rest, norm(rest, dims, kind), norm(y, dims, kind), level


@pytest.mark.parametrize("kind", ["2", "max"])
@pytest.mark.parametrize("sides", list(itertools.product(SIDES, repeat=2)), ids=str)
def test_equals_its_parts(sides, kind):
    rng = np.random.default_rng(0)
    with math.precision(64):
        operator = poisson(spatial(x=6, y=9), (0.5, 2.0), dict(zip("xy", sides)))
        if not isinstance(operator, BoxLaplace):
            pytest.skip("not a box of its own")
        for dims, order in [(spatial("x,y"), (6, 9)), (batch("b") & spatial("y,x"), (2, 9, 6))]:
            y = stored(tensor(rng.normal(size=order) + 1, dims), operator.dims)
            found = first_pass(operator, y, system_dims(operator, y), kind)
            x, rest, residual, size, level = _parts(operator, y, kind)
            math.assert_close(found.x, x, abs_tolerance=1e-12)
            math.assert_close(found.rest, rest, abs_tolerance=1e-12)
            math.assert_close(found.residual, residual, abs_tolerance=1e-11)
            math.assert_close(found.size, size, rel_tolerance=1e-12)
            assert found.residual.shape == found.size.shape == y.shape.batch
            if operator.singular:
                math.assert_close(found.level, level, abs_tolerance=1e-12)
                constant = norm(level + math.zeros(y.shape), operator.resolution, kind)
                math.assert_close(found.left_out, constant, abs_tolerance=1e-11)
            else:
                assert found.level is None and found.left_out is None


def test_right_hand_side_is_left_alone():
    values = np.ones((4, 4), np.float32)
    values[0, 0] = -15
    operator = poisson(spatial(x=4, y=4), 1.0, "neumann")
    math.solve_linear(operator, math.wrap(values, spatial("x,y")))
    assert values[0, 0] == -15 and values.sum() == 0
