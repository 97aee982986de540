"""One right-hand side, an operator for each example of a batch, and preconditioners that are the inverse."""

import pytest
from phiml_core import math
from phiml_core.math import Solve, batch, solve_linear, spatial


@pytest.mark.parametrize(
    "method", ["auto", "transform", "CG", "biCG-stab", "biCG-stab(2)", "GMres", "minres", "lsmr", "direct", "multigrid"]
)
def test_operators_of_a_batch(place, method):
    """The spectral preconditioner of a box is its inverse: what is left after one step is noise that must not be divided by."""
    scale = math.tensor([1.0, 2.0, 3.0], batch("k"))

    def damped(p):
        return scale * math.laplace(p, padding="zero-gradient") - 0.1 * p

    y = math.random_normal(spatial(x=16, y=12))
    x = solve_linear(damped, y, Solve(method, rel_tol=1e-4))
    assert set(x.shape.names) == {"k", "x", "y"}
    left = math.vec_length(math.pack_dims(damped(x) - y, "x,y", math.channel("vector")))
    assert float(math.max(left, "k")) <= 1e-4 * float(math.sqrt(math.sum(y**2))) * 1.01
