"""Operators of functions of trees: several tensors, centered and staggered grids."""

from importlib.util import find_spec

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import channel, matrix_from_function, spatial, tensor
from phiml_solvers import poisson
from phiml_solvers.assemble import assemble
from phiml_solvers.operator import UnknownSide
from phiml_solvers.trace import structured
from phiml_solvers.trace.tree import leaves_of
from traced_functions import grid, inner, largest

pytest.importorskip("phiml_physics")
from phiml_physics.flow import Box, CenteredGrid, StaggeredGrid
from phiml_physics.operators import divergence, laplace, spatial_gradient

PLACES = ["numpy"] + [
    n for n, p in (("torch", "torch"), ("jax", "jax"), ("tensorflow", "tf")) if find_spec(f"phiml_{p}")
]
SIDES = {
    "closed": 0,
    "periodic": "periodic",
    "open": "zero-gradient",
    "channel": {"x": ("zero-gradient", 0), "y": "periodic"},
}
CENTERED = {
    "laplace": laplace,
    "gradient": spatial_gradient,
    "gradient at faces": lambda p: spatial_gradient(p, at="face"),
    "divergence of gradient": lambda p: divergence(spatial_gradient(p, at="face")),
    "implicit diffusion": lambda p: p - 0.1 * laplace(p),
    "at faces": lambda p: p.at_faces(),
}
STAGGERED = {
    "laplace": laplace,
    "divergence": divergence,
    "at centers": lambda v: v.at_centers(),
    "implicit diffusion": lambda v: v - 0.1 * laplace(v),
}


def check(f, x):
    """Same values and transpose, also for trees; returns the classes of the blocks."""
    operator, bias = matrix_from_function(f, x)
    wanted = f(x)
    for a, b, c in zip(leaves_of(operator(x)), leaves_of(bias), leaves_of(wanted), strict=True):
        assert largest(a + b - c) < 1e-12
    other = operator(x)
    left = sum(inner(a, b) for a, b in zip(leaves_of(operator(x)), leaves_of(other), strict=True))
    right = sum(inner(a, b) for a, b in zip(leaves_of(x), leaves_of(operator.T(other)), strict=True))
    assert abs(left - right) < 1e-9 * (1 + abs(left))
    return [type(b).__name__ for row in operator.blocks for b in row]


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("name", CENTERED)
def test_centered_grids(name, sides, double, rng):
    x = CenteredGrid(tensor(rng.normal(size=(5, 6)), spatial("x,y")), SIDES[sides], bounds=Box(x=2, y=3))
    kinds = check(CENTERED[name], x)
    if name in ("laplace", "implicit diffusion", "divergence of gradient"):
        assert kinds[0] in ("BoxLaplace", "MaskedLaplace")


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("name", STAGGERED)
def test_staggered_grids(name, sides, double, rng):
    x = StaggeredGrid(lambda x, y: (x * y, x - y), SIDES[sides], x=5, y=6)
    check(STAGGERED[name], x)


def test_boundary_values_are_the_offset(double, rng):
    x = CenteredGrid(tensor(rng.normal(size=(5, 6)), spatial("x,y")), 3.0)
    operator, bias = matrix_from_function(laplace, x)
    assert largest(bias.values) == pytest.approx(6.0)
    assert largest(operator(x).values + bias.values - laplace(x).values) < 1e-12


def test_several_tensors(double):
    """A tree in, a tree out: blocks where they depend on each other, in the order of keys."""
    a, b = grid(), grid()

    def f(a, b, scale):
        return {"sum": a + scale * b, "flux": math.laplace(b), "old": a.x[0]}

    operator, _ = matrix_from_function(f, a, b, 2.0, auxiliary_args="scale")
    assert [[type(o).__name__ for o in row] for row in operator.blocks] == [
        ["NoneType", "BoxLaplace"],
        ["TracedOperator", "NoneType"],
        ["Identity", "Diagonal"],
    ]
    result, wanted = operator(a, b), f(a, b, 2.0)
    assert all(largest(result[k] - wanted[k]) < 1e-12 for k in wanted)
    back = operator.T(wanted)
    left = sum(inner(result[k], wanted[k]) for k in wanted)
    assert abs(left - inner(a, back[0]) - inner(b, back[1])) < 1e-10


def test_stack_of_fields(double):
    x = tensor(np.random.default_rng(0).normal(size=(5, 6, 2)), spatial("x,y"), channel(field="u,v"))

    def coupled(x):
        u, v = math.unstack(x, "field")
        return math.stack([math.laplace(u) - v, u + 0.5 * math.laplace(v)], channel(field="u,v"))

    operator, _ = matrix_from_function(coupled, x)
    assert set(operator.dims) == {"x", "y", "field"}
    assert largest(operator(x) - coupled(x)) < 1e-12
    assert abs(inner(operator(x), x * x) - inner(x, operator.T(x * x))) < 1e-11
    uncoupled, _ = matrix_from_function(
        lambda x: math.stack([math.laplace(u) for u in math.unstack(x, "field")], channel(field="u,v")), x
    )
    assert type(uncoupled).__name__ == "BoxLaplace" and uncoupled.dims == ("x", "y")


def test_nothing_to_trace():
    with pytest.raises(TypeError, match="holds a tensor"):
        matrix_from_function(lambda x: x, "x")


@pytest.mark.parametrize(
    "sides", [0, {"x": 0, "y": "periodic"}, {"x": "boundary", "y": 0}, {"x": "antisymmetric", "y": 0}]
)
def test_zero_a_cell_beyond_the_last_value_is_solved_by_the_transform(sides, double):
    """As in differences of values on grid points."""
    x = math.random_normal(math.spatial(x=9, y=6))
    f = lambda v: 2 * v - 0.3 * math.laplace(v, dx=0.5, padding=sides)
    with math.record_solves() as tape:
        found = math.solve_linear(f, f(x), "auto")
    assert tape[0].method == "transform" and float(math.max(abs(found - x))) < 1e-12
    boundary = {
        d: {"boundary": "neumann", "antisymmetric": "dirichlet", 0: "absent"}.get(s, s) for d, s in _by_dim(sides)
    }
    same = poisson(x.shape, 0.5, boundary, shift=2.0, scale=-0.3)
    assert (
        float(math.max(abs(same(x) - f(x)))) < 1e-12 and abs(assemble(same) - assemble(structured(f, x))).max() < 1e-12
    )


def _by_dim(sides):
    return sides.items() if isinstance(sides, dict) else [("x", sides), ("y", sides)]


def test_zero_a_cell_beyond_one_side_only_has_no_transform():
    operator = poisson(math.spatial(x=9, y=6), 1.0, {"x": ("absent", "neumann"), "y": "absent"})
    assert type(operator).__name__ == "MaskedLaplace"
    y = math.random_normal(math.spatial(x=9, y=6))
    assert float(math.max(abs(operator(math.solve_linear(operator, y)) - y))) < 1e-4
    with pytest.raises(UnknownSide, match="No transform"):
        _ = operator.box.kinds


def _noise(kind, rng):
    """A grid with other sides along x than along y."""
    found = kind(0, SIDES["channel"], Box(x=6, y=5), x=6, y=5)
    parts = found.values.components if kind is StaggeredGrid else [found.values]
    values = [tensor(rng.normal(size=t.shape.sizes), t.shape) for t in parts]
    return found.with_values(math.stack(values, found.values.shape["vector"]) if kind is StaggeredGrid else values[0])


@pytest.mark.parametrize("place, kind", [("numpy", CenteredGrid), *[(place, StaggeredGrid) for place in PLACES]])
def test_grids_are_solved_for_on_each_backend(place, kind, rng):
    """A plain function with a captured coefficient, and the operator it is compiled to; different sides."""
    with math.backend(place):
        x = _noise(kind, rng)
        nu = tensor(0.1)
        f = lambda u: u - nu * laplace(u)
        y = f(x)
        for function in (f, math.jit_compile_linear(f)):
            found = math.solve_linear(function, y, math.Solve(rel_tol=1e-6))
            assert largest(found.values - x.values) < 1e-4


@pytest.mark.parametrize("place", [p for p in PLACES if p == "torch"])  # the others compile for seconds
def test_derivative_by_a_captured_coefficient_in_compiled_code(place, rng):
    with math.backend(place), math.precision(64):
        y = _noise(StaggeredGrid, rng)

        def loss(nu):
            x = math.solve_linear(lambda u: u - nu * laplace(u), y)
            return math.l2_loss(x.values)

        slope = float(math.jit_compile(math.gradient(loss, get_output=False))(tensor(0.1)))
        expected = (float(loss(tensor(0.1 + 1e-5))) - float(loss(tensor(0.1 - 1e-5)))) / 2e-5
        assert abs(slope - expected) < 1e-5 * abs(expected)
