"""Linear functions whose operators are kept: traced once by solves, too, and anew where what they read has changed."""

import importlib.util

import pytest
from phiml_core import math
from phiml_core.math import Solve, jit_compile, jit_compile_linear, solve_linear, spatial, tensor
from traced_functions import largest

PLACES = ["numpy"] + [n for n, p in (("jax", "jax"), ("torch", "torch")) if importlib.util.find_spec(f"phiml_{p}")]


@pytest.mark.parametrize("place", PLACES)
def test_solves_trace_once(place, double, rng):
    with math.backend(place):
        y = tensor(rng.normal(size=6), spatial("x"))
        k = tensor(rng.uniform(1, 2, 6), spatial("x"))
        traces = []

        @jit_compile_linear
        def f(u):
            traces.append(1)
            return 2 * k * u - math.laplace(u, padding=1.0)

        def image(u):
            return 2 * k * u - math.laplace(u, padding=1.0)

        for method in ("auto", "CG", "GMres"):
            assert largest(image(solve_linear(f, y, method)) - y) < 1e-8
        assert len(traces) == 1
        for _ in range(2):  # what is made while a function is compiled stays there
            assert largest(image(jit_compile(lambda y: solve_linear(f, y))(y)) - y) < 1e-8
        assert largest(image(solve_linear(f, y)) - y) < 1e-8
        k = 3 * k
        assert largest(image(solve_linear(f, y)) - y) < 1e-8
        if place != "numpy":
            math.check_gradient(lambda y: math.l2_loss(solve_linear(f, y)), "y", y)


def test_trees_and_functions_that_cannot_be_traced(double, rng):
    y = tensor(rng.normal(size=6), spatial("x"))
    coupled = jit_compile_linear(lambda s: {"b": 3 * s["b"], "a": 2 * s["a"] + s["b"]})
    for _ in range(2):
        found = solve_linear(coupled, {"a": y, "b": y})
        assert largest(2 * found["a"] + found["b"] - y) < 1e-12
    looped = jit_compile_linear(lambda u: math.fori_loop(2, lambda i, u: (2 * u,), (u,))[0])
    assert largest(solve_linear(looped, y, Solve("GMres")) - y / 4) < 1e-12
