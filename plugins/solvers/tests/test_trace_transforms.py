"""Traced operators inside transforms: gradients of what coefficients depend on, compiled, and no trace too many."""

import importlib.util

import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import gradient, jit_compile, precision, solve_linear, spatial, sum_, tensor, trace_count
from phiml_solvers.trace import structured
from traced_functions import SIZES, VARYING, grid, largest, weighted_laplace, weighted_periodic

BACKENDS = [
    n for n, p in (("torch", "torch"), ("jax", "jax"), ("tensorflow", "tf")) if importlib.util.find_spec(f"phiml_{p}")
]


@pytest.fixture(params=BACKENDS)
def each(request):
    with backend(request.param), precision(64):
        yield request.param


FUNCTIONS = {
    "weighted": (lambda x, w, c: weighted_laplace(x, w), "MaskedLaplace"),
    "weighted, periodic": (lambda x, w, c: c * weighted_periodic(x, w) - c * x, "MaskedLaplace"),
    "diffusion": (lambda x, w, c: x - c * math.laplace(x), "BoxLaplace"),
    "reaction": (lambda x, w, c: math.laplace(x) - w * x * c, "Stencil"),
    "profile": (lambda x, w, c: x + math.mean(x * w, "y") * c, "TracedOperator"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_flow_to_coefficients(name, each, rng):
    """The same as those of the function itself, eager and compiled, with traced coefficients in the same structure."""
    f, expected = FUNCTIONS[name]
    x, w, c = tensor(rng.normal(size=SIZES), spatial("x,y")), tensor(VARYING, spatial("x,y")), tensor(0.3)
    kinds = set()

    def by_operator(w, c):
        operator = structured(lambda x: f(x, w, c), x)
        kinds.add(type(operator).__name__)
        y = operator(x) + operator.T(x)
        return sum_(y * y * x)

    def by_function(w, c):
        y = f(x, w, c) + structured(lambda x: f(x, w, c), x).T(x)
        return sum_(y * y * x)

    loss, grads = gradient(by_operator, "w,c")(w, c)
    wanted_loss, wanted = gradient(by_function, "w,c")(w, c)
    assert kinds == {expected}
    assert largest(loss - wanted_loss) < 1e-10
    assert all(largest(a - b) < 1e-9 for a, b in zip(grads, wanted))
    assert largest(jit_compile(by_operator)(w, c) - wanted_loss) < 1e-10
    assert kinds == {expected}


def test_same_structure_is_one_trace(each, rng):
    """Operators with other values are the same program."""
    x = grid()
    apply = jit_compile(lambda operator, x: operator(x))
    for k in range(4):
        w = tensor(VARYING + k, spatial("x,y"))
        for f in (
            lambda x, w=w: weighted_laplace(x, w),
            lambda x, w=w: w * math.laplace(x),
            lambda x, w=w: math.spatial_gradient(x * w),
        ):
            operator = structured(f, x)
            assert largest(apply(operator, x) - f(x)) < 1e-12
    assert trace_count(apply) == 3
    back = jit_compile(lambda operator, y: operator.T(y))
    assert largest(back(operator, f(x)) - operator.T(f(x))) < 1e-12


def test_solve_takes_the_structure(double, rng):
    """A linear function is solved by what its operator allows."""
    y = grid()
    with math.SolveTape() as tape:
        x = solve_linear(lambda p: p - 0.5 * math.laplace(p), y)
        assert largest(x - 0.5 * math.laplace(x) - y) < 1e-9
        w = tensor(VARYING, spatial("x,y"))
        x = solve_linear(lambda p: weighted_laplace(p, w) - p, y)
        assert largest(weighted_laplace(x, w) - x - y) < 1e-8
    assert "transform" in tape[0].method and "CG" in tape[1].method


def test_functions_that_are_compiled_are_seen_through(each):
    inner = jit_compile(lambda x: math.laplace(x))
    assert type(structured(lambda x: x - inner(x), grid())).__name__ == "BoxLaplace"
    other = math.custom_gradient(lambda x: 2.0 * x, lambda i, o, g: (g,))
    assert type(structured(lambda x: other(x), grid())).__name__ == "Diagonal"


def test_operators_of_a_linear_function_are_kept(double):
    """The function runs once for each structure and each value of what it is not linear in."""
    runs = []
    factor = 2.0

    def f(x, k, w):
        runs.append(1)
        return factor * k * math.laplace(x) + w * x

    linear, w = math.jit_compile_linear(f, auxiliary_args="k,w"), tensor(VARYING, spatial("x,y"))
    first = linear.sparse_matrix(grid(), 2.0, w)
    assert linear.sparse_matrix(grid(), 2.0, w) is first and len(runs) == 1
    other = linear.sparse_matrix(grid(), 3.0, w)
    assert other is not first and len(runs) == 2
    factor = 4.0
    x = grid()
    assert largest(linear.sparse_matrix(x, 3.0, w)(x) - 12.0 * math.laplace(x) - w * x) < 1e-12 and len(runs) == 3
    linear.sparse_matrix(math.zeros(spatial(x=3, y=3)), 3.0, 1.0)
    assert len(runs) == 4
    again = linear.sparse_matrix(grid(), 3.0, tensor(2 * VARYING, spatial("x,y")))
    assert largest(again(x) - 12.0 * math.laplace(x) - 2 * w * x) < 1e-12
