"""Linear functions that cannot be traced: what they do is named, and solves take them as they are.  Parts of complex numbers can be."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import Solve, channel, dual, matrix_from_function, solve_linear, spatial, tensor, wrap
from phiml_core.shape import ShapeError
from phiml_solvers import UnknownPreconditioner
from phiml_solvers.operator import inverse
from phiml_solvers.trace import NotLinear, NotTraceable
from traced_functions import largest


def heat(u):
    return u + 0.1 * math.laplace(u, padding="periodic")


FUNCTIONS = {
    "loop": lambda u: math.fori_loop(3, lambda i, u: (heat(u),), (u,))[0],
    "while": lambda u: math.while_loop(lambda u, i: i < 3, lambda u, i: (heat(u), i + 1), (u, wrap(0)))[0],
    "scan": lambda u: math.scan(lambda i, u: (heat(u),), (u,), 3, math.batch("t"))[0][0],
    "iterate": lambda u: math.iterate(heat, 3, u),
    "checkpoint": lambda u: math.checkpoint(heat)(u),
    "map": lambda u: math.map(lambda v: 2 * v, u, dims="x"),
    "solve": lambda u: solve_linear(heat, u),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_transforms_inside_of_linear_functions(name, double, rng):
    f, y = FUNCTIONS[name], tensor(rng.normal(size=8), spatial("x"))
    with pytest.raises(NotTraceable, match=r"Cannot trace .*the function is taken as it is.*test_taken_as_they_are.py"):
        matrix_from_function(f, y)
    for method in ("auto", "GMres"):
        assert largest(f(solve_linear(f, y, Solve(method))) - y) < 1e-8


def test_derivatives_as_operators(jax_double, rng):
    """Newton's method with products with the Jacobian."""
    force = tensor(1 + rng.uniform(size=8), spatial("x"))

    def rest(u):
        return math.laplace(u, padding=0) - u**3 + force

    u = force
    for _ in range(6):
        u = u - solve_linear(lambda du, u=u: math.jvp(rest, (u,), (du,))[1], rest(u))
    assert largest(rest(u)) < 1e-10


@pytest.mark.parametrize("sizes", [(6,), (5, 4)])
def test_parts_of_complex_numbers(place, double, rng, sizes):
    """Real and imaginary parts are linear in real arguments, and products of them are put together from parts."""
    dims = spatial("x,y"[: 2 * len(sizes) - 1])
    u = tensor(rng.normal(size=sizes), dims)
    k = tensor(rng.normal(size=sizes) + 1j * rng.normal(size=sizes), dims)
    functions = [
        lambda u: math.real(math.ifft(math.fft(u) * k)),
        lambda u: math.imag(math.ifft(math.fft(u) * k) + k),
        lambda u: math.real(math.conjugate(math.fft(u * 2)) * k),
        lambda u: math.real(u * (1 + 2j)) + math.imag(u * (1 + 2j)),
        lambda u: math.imag(u),
    ]
    for f in functions:
        operator, bias = matrix_from_function(f, u)
        image = operator @ u + bias
        assert image.dtype.kind is float and largest(image - f(u)) < 1e-12
    filtered = functions[0]
    assert largest(filtered(solve_linear(filtered, u)) - u) < 1e-8
    with pytest.raises(NotLinear, match="not linear over complex numbers"):
        matrix_from_function(lambda z: math.real(z), k)


def test_iterations_need_one_space(rng):
    """Which the dims of a matrix do not tell where there are more of them on one side, though as many equations as unknowns."""
    matrix = tensor((np.eye(4) + 0.1 * rng.normal(size=(4, 4))).reshape(4, 2, 2), channel("row"), dual("a,b"))
    y = tensor(rng.normal(size=4), channel("row"))
    with pytest.raises(ShapeError, match=r"GMRES.* maps \(aᶜ=2, bᶜ=2\) to \(rowᶜ=4\).  Use 'lsmr'"):
        solve_linear(matrix, y, "GMres")
    for method in ("auto", "direct", "lsmr"):
        assert largest(matrix @ solve_linear(matrix, y, method) - y) < 1e-4


@pytest.mark.parametrize("name", ["ilu", "ic", "block"])
def test_preconditioners_that_need_a_matrix(name, double, rng):
    y = tensor(rng.normal(size=8), spatial("x"))
    near, _ = matrix_from_function(heat, y)
    for f in (FUNCTIONS["loop"], near + inverse(near)):
        with pytest.raises(UnknownPreconditioner, match=rf"^'{name}' needs a sparse matrix, which this (Opaque|Sum)"):
            solve_linear(f, y, Solve("GMres", preconditioner=name))
        assert largest(f(solve_linear(f, y, "GMres")) - y) < 1e-8
