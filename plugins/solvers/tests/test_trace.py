"""Tracing: the operator of a function does what the function does, has the structure expected, and knows its transpose."""

import importlib.util

import numpy as np
import pytest
import traced_functions as functions
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import batch, channel, precision, spatial, tensor, wrap
from phiml_solvers.assemble import assemble
from phiml_solvers.operator import Diagonal, Stencil, poisson
from phiml_solvers.trace import TracedOperator, recognise, structured
from traced_functions import FUNCTIONS, GRID, SIDES, grid, inner, largest, unit_grids

BACKENDS = ["numpy"] + [
    n for n, p in (("torch", "torch"), ("jax", "jax"), ("tensorflow", "tf")) if importlib.util.find_spec(f"phiml_{p}")
]


@pytest.fixture(params=BACKENDS)
def each(request):
    with backend(request.param), precision(64):
        yield request.param


ONE_OF_EACH = (
    "varying", "where", "laplace", "laplace, zero", "weighted laplace", "weighted laplace, periodic", "biharmonic", "upwind",
    "gradient", "concat", "without mean", "gather, laplace", "interpolate", "scatter", "two matrices",
)  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_operator_is_the_function(name, double):
    check_operator(name)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_operator_is_the_function_on_each_backend(name, each):
    check_operator(name)


def check_operator(name):
    function, expected = FUNCTIONS[name]
    x = grid()
    operator = structured(function, x)
    assert type(operator).__name__ == expected
    wanted, result = function(x), operator(x)
    assert (
        set(result.shape.names) == set(wanted.shape.names)
        and result.shape.sizes == result.shape.only(wanted.shape).sizes
    )
    assert largest(result - wanted) < 1e-12
    y = tensor(np.random.default_rng(1).normal(size=wanted.shape.sizes), wanted.shape.with_sizes((None,) * wanted.rank))
    assert abs(inner(result, y) - inner(x, operator.T(y))) < 1e-11


@pytest.mark.parametrize("name", FUNCTIONS)
def test_matrix(name, double):
    """The assembled matrix and the diagonal, by unit vectors; symmetric operators are."""
    function, _ = FUNCTIONS[name]
    operator = structured(function, grid())
    columns = function(unit_grids())
    rows = columns.shape.without("b")
    order = ",".join((*(operator.range.names if set(operator.range.names) == set(rows.names) else rows.names), "b"))
    matrix = columns.numpy(order).reshape(-1, GRID.volume)
    if set(operator.domain.names) == {"x", "y"}:
        from phiml_solvers.trace.operator import TracedOperator as traced

        if type(operator) is traced:
            from phiml_solvers.trace.sparse import sparse_matrix

            assembled = assemble(sparse_matrix(operator.terms, operator.domain, operator.range)).toarray()
        else:
            assembled = assemble(operator).toarray()
        np.testing.assert_allclose(assembled, matrix, atol=1e-12)
    if rows == GRID and operator.domain == GRID:
        if type(operator).__name__ not in ("DenseMatrix",):
            diagonal = operator.diagonal() + 0.0 * grid()
            np.testing.assert_allclose(diagonal.numpy("x,y").ravel(), np.diag(matrix), atol=1e-12)
        if operator.symmetric:
            np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
        if operator.singular:
            assert abs(matrix.sum(1)).max() < 1e-12 or type(operator).__name__ == "Zero"
        if operator.definite:
            values = np.linalg.eigvalsh(matrix) * (1 if operator.definite == "positive" else -1)
            assert values.min() > -1e-12


@pytest.mark.parametrize("sides", SIDES, ids=str)
@pytest.mark.parametrize("dims", ["x", "x,y", "x,y,z"])
def test_laplace_of_every_boundary(sides, dims, double, rng):
    if isinstance(sides, dict):
        sides = {d: sides.get(d, 0) for d in dims.split(",")}
    sizes = (4, 5, 6)[: len(dims.split(","))]
    x = tensor(rng.normal(size=sizes), spatial(dims))
    operator = structured(lambda x: math.laplace(x, dx=0.5, padding=sides), x)
    assert type(operator).__name__ in ("BoxLaplace", "MaskedLaplace")
    assert operator.symmetric and operator.definite == "negative"
    assert largest(operator(x) - math.laplace(x, dx=0.5, padding=sides)) < 1e-12


@pytest.mark.parametrize("sizes", [(1,), (2,), (1, 2), (2, 3), (3, 1)])
@pytest.mark.parametrize("sides", SIDES[:5], ids=str)
def test_tiny_grids(sizes, sides, double, rng):
    """Where opposite sides touch, offsets and windows coincide."""
    x = tensor(rng.normal(size=sizes), spatial(*"xy"[: len(sizes)]))
    operator = structured(lambda x: math.laplace(x, padding=sides) + x, x)
    assert largest(operator(x) - math.laplace(x, padding=sides) - x) < 1e-12
    assert abs(inner(operator(x), x * x) - inner(x, operator.T(x * x))) < 1e-11


def test_recognise_stencils(double):
    star = {(0, 0): -4.0, (1, 0): 1.0, (-1, 0): 1.0, (0, 1): 1.0, (0, -1): 1.0}
    for boundary in ("periodic", "neumann", "dirichlet", {"x": "periodic", "y": ("neumann", "dirichlet")}):
        found = recognise(Stencil.of(star, GRID, boundary, symmetric=True))
        want = poisson(GRID, 1.0, boundary)
        assert (
            type(found) is type(want)
            and found.boundary == want.boundary
            and found.spacing == pytest.approx(want.spacing)
        )
    other = Stencil.of({(0, 0): 1.0, (1, 1): 2.0}, GRID)
    assert recognise(other) is other


def test_structure_of_operators_is_kept(double):
    box = poisson(GRID, 1.0)
    assert structured(box, grid()) is box
    assert type(structured(lambda x: box(x) + 2.0 * x, grid())).__name__ == "BoxLaplace"


def test_batch_dims_and_channels_are_left_alone(each, rng):
    x = tensor(rng.normal(size=(2, 5, 6, 2)), batch("b"), spatial("x,y"), channel(vector="x,y"))
    operator = structured(lambda v: math.laplace(v), x)
    assert type(operator).__name__ == "BoxLaplace" and operator.dims == ("x", "y")
    speed = tensor([1.0, 3.0], batch("b"))
    operator = structured(lambda v: v - speed * math.laplace(v), x)
    assert type(operator).__name__ == "BoxLaplace"
    assert largest(operator(x) - (x - speed * math.laplace(x))) < 1e-12
    weights = tensor(rng.uniform(1, 2, (2, 5, 6)), batch("b"), spatial("x,y"))
    operator = structured(lambda v: functions.weighted_laplace(v, weights), x.vector["x"])
    assert type(operator).__name__ == "MaskedLaplace"
    assert largest(operator(x) - functions.weighted_laplace(x, weights)) < 1e-12


def test_coupled_components(double, rng):
    """Divergence, curl, and the gradient of the divergence of a vector."""
    v = tensor(rng.normal(size=(5, 6, 2)), spatial("x,y"), channel(vector="x,y"))

    def divergence(v):
        return sum(math.spatial_gradient(v.vector[d], dims=d, stack_dim=None, padding="periodic") for d in "xy")

    def grad_div(v):
        return math.spatial_gradient(divergence(v), padding="periodic", stack_dim=channel("vector"))

    for f in (divergence, grad_div):
        operator = structured(f, v)
        assert operator.dims == ("x", "y", "vector")
        assert largest(operator(v) - f(v)) < 1e-12
        y = f(v * v)
        assert abs(inner(operator(v), y) - inner(v, operator.T(y))) < 1e-11


@pytest.mark.parametrize("kind", [int, complex, bool])
def test_other_types_of_elements(kind, each, rng):
    values = rng.integers(0, 5, (5, 6))
    x = math.cast(tensor(values if kind is not complex else values + 1j, spatial("x,y")), kind)
    for f in (
        lambda x: x.x[1:],
        lambda x: math.pad(x, {"x": (1, 1)}, "periodic"),
        lambda x: 2 * x,
        lambda x: x + x.x[::-1],
    ):
        operator = structured(f, x)
        wanted, result = f(x), operator(x)
        assert (wanted.numpy(wanted.shape) == result.numpy(wanted.shape)).all()
    if kind is complex:
        f = lambda x: 1j * math.laplace(x) + (2 - 1j) * x
        assert largest(structured(f, x)(x) - f(x)) < 1e-12


def test_large_grids_trace_fast_and_without_overflow():
    """Milliseconds; half a second is the promise on a slow machine."""
    import time

    for shape in (spatial(x=512, y=512), spatial(x=64, y=64, z=64), spatial(x=2**20, y=2**13)):
        x = math.expand(wrap(1.0), shape)
        for f in (math.laplace, math.spatial_gradient, lambda x: x - math.mean(x)):
            structured(f, x)
            start = time.perf_counter()
            structured(f, x)
            assert time.perf_counter() - start < 0.5


def test_two_results_of_one_trace_share_nothing_with_the_trace(double):
    """Traced tensors do not leak: the operator holds the coefficients alone."""
    operator = structured(lambda x: functions.varying() * x, grid())
    assert type(operator) is Diagonal and type(operator.values).__name__ == "Dense"
    assert TracedOperator.__value_attrs__ == ("numbers", "tensors")
