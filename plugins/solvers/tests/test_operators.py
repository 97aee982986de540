"""Operators: symmetry, stencils, matrices."""

import itertools

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, spatial, sum_
from phiml_core.shape import concat_shapes
from phiml_core.solve import LinearProblem, Solve, solve
from phiml_solvers import Stencil, poisson
from phiml_solvers.assemble import assemble
from phiml_solvers.modes import low_counts, low_part
from phiml_solvers.operator.masked import MaskedLaplace
from phiml_solvers.precondition import preconditioner
from phiml_solvers.spectral_inverse import spectral_inverse
from solver_grids import OBSTACLES, SIDES, grid, largest, random_faces, tensor


def inner(a, b):
    product = a * b
    return float(sum_(product, product.shape))


def both(rng, sizes):
    return [tensor(rng.normal(size=sizes), spatial(*"xyz"[: len(sizes)])) for _ in range(2)]


@pytest.mark.parametrize("sides", [*itertools.product(SIDES, repeat=2)])
def test_adjoint_identity(sides, double, rng):
    check_adjoint(sides, rng)


def test_adjoint_identity_on_each_backend(double, place, rng):
    check_adjoint(("closed", "open above"), rng)


def check_adjoint(sides, rng):
    for solid in (None, OBSTACLES["boxes"]((12, 10))):
        operator = grid((12, 10), sides, solid, dx=(0.5, 0.3))
        x, y = both(rng, (12, 10))
        assert abs(inner(operator(x), y) - inner(x, operator(y))) < 1e-9
        x, y = operator.without_null_space(x), operator.without_null_space(y)
        for name in ("spectral",) if solid is None else ("spectral", "multigrid", "jacobi"):
            apply, _ = preconditioner(name, operator, x)
            assert abs(inner(apply(x), y) - inner(x, apply(y))) < 1e-9
            assert inner(apply(x), x) < 0  # definite, so that it may precondition conjugate gradients


@pytest.mark.parametrize("sides", SIDES)
def test_divergence_is_minus_adjoint_of_gradient(sides, double, place, rng):
    """On free faces, outer ones counting half: they bound half a cell."""
    operator = grid((7, 6), sides, dx=(0.5, 0.3))
    x = tensor(rng.normal(size=(7, 6)), spatial("x,y"))
    faces = random_faces(operator, rng)
    total = 0.0
    for i, (dim, v) in enumerate(zip(operator.dims, faces)):
        volume = np.ones(v.shape.get_size(dim))
        lower, upper = operator.boundary[i]
        volume[0] *= 0.5 if lower == "dirichlet" else 1
        volume[-1] *= 0.5 if upper == "dirichlet" else 1
        total += inner(operator.gradient(x, dim) * tensor(volume, spatial(dim)), v)
    assert abs(inner(operator.divergence(faces), x) + total) < 1e-9


@pytest.mark.parametrize("sides", SIDES)
def test_matrix_and_diagonal(sides, double, place, rng):
    for operator in (
        grid((4, 3), sides, dx=(0.5, 0.3)),
        grid((4, 3), sides, np.arange(12).reshape(4, 3) == 5, dx=(0.5, 0.3)),
        poisson(spatial(x=4, y=3), 0.5, {"x": SIDES[sides], "y": SIDES["closed"]}, shift=2.0, scale=-0.1),
    ):
        columns = (
            operator(tensor(np.eye(12).reshape(12, 4, 3), batch("b"), spatial("x,y"))).numpy("x,y,b").reshape(12, 12)
        )
        np.testing.assert_allclose(assemble(operator).toarray(), columns, atol=1e-12)
        diagonal = operator.diagonal() + tensor(np.zeros((4, 3)), spatial("x,y"))
        np.testing.assert_allclose(diagonal.numpy("x,y").ravel(), np.diag(columns), atol=1e-12)


@pytest.mark.parametrize("sides", SIDES)
def test_stencil(sides, double, place, rng):
    """A wide stencil with a coefficient that varies: as a matrix, its diagonal, and solved directly."""
    resolution = spatial(x=5, y=4)
    varying = tensor(rng.uniform(1, 2, size=(5, 4)), spatial("x,y"))
    stencil = Stencil.of(
        {(0, 0): 9.0 + varying, (1, 0): varying, (-1, 0): 0.5, (0, 2): -1.0, (0, -1): 2.0, (1, 1): 0.25},
        resolution,
        {n: SIDES[sides] for n in "xy"},
    )
    columns = stencil(tensor(np.eye(20).reshape(20, 5, 4), batch("b"), spatial("x,y"))).numpy("x,y,b").reshape(20, 20)
    np.testing.assert_allclose(assemble(stencil).toarray(), columns, atol=1e-12)
    diagonal = (stencil.diagonal() + 0 * varying).numpy("x,y").ravel()
    np.testing.assert_allclose(diagonal, np.diag(columns), atol=1e-12)
    y = rng.normal(size=(5, 4))
    x, info = solve(LinearProblem(stencil, tensor(y, spatial("x,y"))), "direct")
    assert bool(info.converged)
    np.testing.assert_allclose(x.numpy("x,y").ravel(), np.linalg.solve(columns, y.ravel()), rtol=1e-8)


def test_stencil_equals_laplace(double, place, rng):
    resolution = spatial(x=6, y=5)
    x = tensor(rng.normal(size=(6, 5)), spatial("x,y"))
    for sides in SIDES:
        boundary = {n: SIDES[sides] for n in "xy"}
        star = {(0, 0): -4.0, (1, 0): 1.0, (-1, 0): 1.0, (0, 1): 1.0, (0, -1): 1.0}
        stencil = Stencil.of(star, resolution, boundary, symmetric=True)
        assert largest(stencil(x) - poisson(resolution, 1.0, boundary)(x)) < 1e-12


def test_stencil_checks_offsets():
    with pytest.raises(ValueError, match="one number for each dim"):
        Stencil.of({(1,): 1.0}, spatial(x=3, y=3))


@pytest.mark.parametrize("sides", SIDES)
def test_low_modes_and_rest_make_the_whole(sides, double, place, rng):
    operator = grid((17, 12), sides, dx=(0.5, 0.3))
    y = operator.without_null_space(tensor(rng.normal(size=(17, 12)), spatial("x,y")))
    whole = spectral_inverse(operator, y)
    rest, low = spectral_inverse(operator, y, low_counts(operator)), low_part(operator, y)
    assert largest(rest + low.values - whole) < 1e-12
    for dim in operator.dims:
        assert largest(operator.gradient(low, dim) - operator.gradient(low.values, dim)) < 1e-12


def test_coefficients_with_examples_that_the_rhs_lacks(place):
    """Each coefficient makes a system of its own."""
    operator = poisson(spatial(x=4), 1.0, "neumann", shift=tensor([1.0, 2.0], batch("b")))
    y = tensor(np.arange(4.0), spatial("x"))
    x, _ = solve(LinearProblem(operator, y), Solve())
    assert x.shape == batch(b=2) & spatial(x=4)
    assert largest(operator(x) - y) < 1e-4


@pytest.mark.parametrize(
    "lower, upper", [("periodic", "periodic"), *itertools.product(("neumann", "dirichlet", "absent"), repeat=2)]
)
@pytest.mark.parametrize("order", ["x,y", "y,x", "b,x,y", "x,b,y"])
def test_laplacian_in_one_go_is_that_by_parts(lower, upper, order):
    """Bit for bit, so that solves are the same; weighted and not, with batch dims anywhere."""
    box = poisson(spatial(x=5, y=4), (0.3, 1.0), {"x": (lower, upper), "y": (upper, lower)})
    box = getattr(box, "box", box)
    dims = concat_shapes(*[{"x": spatial(x=5), "y": spatial(y=4), "b": batch(b=2)}[n] for n in order.split(",")])
    x = math.random_normal(dims)
    weights = tuple([math.random_uniform(box.face_resolution(d)) for d in "xy"])
    for operator, w in ((box, (1, 1)), (MaskedLaplace(box, weights), weights)):
        found = operator(x).numpy(order)
        expected = box.divergence([box.gradient(x, d) * f for d, f in zip("xy", w)]).numpy(order)
        assert (found == expected).all() and found.dtype == np.float32
