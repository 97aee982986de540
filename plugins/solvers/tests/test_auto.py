"""'auto' goes by class, structure and size of the operator, never by values, and says what it took and why."""

import importlib.util

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import LinearProblem, Solve, batch, channel, record_solves, solve, solve_linear, spatial
from phiml_core.transform import gradient, jit_compile
from phiml_solvers import CG, BoxLaplace, DenseMatrix, Identity, MaskedLaplace, SparseMatrix, Stencil, poisson
from solver_grids import OBSTACLES, grid, largest, tensor

ALL = ["numpy"] + [
    name
    for name, package in {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}.items()
    if importlib.util.find_spec(package)
]
XY = spatial("x,y")


@pytest.fixture(params=ALL)
def anywhere(request):
    with math.backend(request.param), math.precision(64):
        yield request.param


def star(sizes, east=-1.0, west=-1.0, north=-1.0, south=-1.0, center=4.5, **known):
    offsets = {(0, 0): center, (1, 0): east, (-1, 0): west, (0, 1): north, (0, -1): south}
    return Stencil.of(offsets, spatial(x=sizes[0], y=sizes[1]), "dirichlet", **known)


def check(operator, y, expected, settings=None):
    settings = settings or Solve()
    x, info = solve(LinearProblem(operator, y), settings)
    assert info.method.startswith(expected), (info.method, info.reason)
    assert info.reason.startswith("auto: ")
    left = operator(x) - y
    assert float(math.sqrt(math.sum_(left * left, left.shape))) <= 2e-5 * float(math.sqrt(math.sum_(y * y, y.shape)))
    return info


def noise(rng, *sizes):
    return tensor(rng.normal(size=sizes), XY)


def test_by_class(rng):
    y = noise(rng, 12, 10)
    y = y - math.mean(y, "x,y")
    assert "transforms" in check(grid((12, 10)), y, "transform").reason
    around = grid((12, 10), "open", OBSTACLES["disc"]((12, 10)))
    assert "obstacles" in check(around, y * around.active, "CG").reason
    upwind = check(star((12, 10), east=-1.8, west=-0.2), y, "direct, sparse LU")
    assert "not symmetric" in upwind.reason and "120 unknowns" in upwind.reason


def test_large_grids_are_not_factored(rng):
    """On NumPy: a symmetric star of neighbours takes multigrid, another one incomplete factors."""
    y = noise(rng, 180, 180)
    assert "multigrid" in check(star((180, 180), symmetric=True), y, "MINRES").method
    assert "ilu" in check(star((180, 180), east=-1.9, west=-0.1), y, "BiCGStab(2)").method


def test_matrices(rng):
    from scipy.sparse import random_array

    matrix = random_array((40, 40), density=0.1, rng=rng) + 5 * np.eye(40)
    operator = SparseMatrix.of(__import__("scipy.sparse").sparse.csr_array(matrix), spatial(x=40))
    y = tensor(rng.normal(size=40), spatial("x"))
    check(operator, y, "direct, sparse LU")
    dense = DenseMatrix(tensor(matrix, spatial("x"), math.dual("x")))
    assert "dense factors" in check(dense, y, "direct, dense LU").reason
    tall = SparseMatrix.of(random_array((60, 40), density=0.2, rng=rng), spatial(x=40), spatial(x=60))
    _, info = solve(LinearProblem(tall, tensor(rng.normal(size=60), spatial("x"))), Solve())
    assert info.method == "LSMR" and "60 equations for 40 unknowns" in info.reason


def test_functions_are_traced(rng):
    """A function gets the algorithm of the operator that it is."""
    box = grid((12, 10), "periodic")
    y = noise(rng, 12, 10)
    laplace = check(lambda x: 2.0 * x - box(x), y, "transform")
    assert "BoxLaplace" in laplace.reason
    wind = tensor(rng.uniform(0.1, 0.5, (12, 10)), XY)
    advection = star((12, 10), east=-0.5, west=0.5, north=0.0, south=0.0, center=0.0)
    check(lambda x: 3.0 * x - box(x) + wind * advection(x), y, "direct")


def test_functions_without_structure(rng):
    """What cannot be traced is applied as it is: small ones become a matrix, larger ones are iterated on."""
    y = noise(rng, 30, 30)

    class Opaque:  # no tensor operation that tracing could follow
        def __call__(self, x):
            if type(x).__name__ not in ("Dense", "Stacked"):
                raise NotImplementedError("only numbers")
            return 3.0 * x - math.roll(x, {"x": -1}) - 0.5 * math.roll(x, {"y": 1})

    info = check(Opaque(), y, "BiCGStab(2)")
    assert "without structure" in info.reason
    check(Opaque(), y[{"x": slice(0, 12)}], "direct, dense LU")


class Turned:
    """A cyclic shift, applied as it is: Krylov methods with a short memory stagnate."""

    def __call__(self, x):
        if type(x).__name__ != "Dense":
            raise NotImplementedError("only numbers")
        return math.roll(x, {"x": 1})


def test_goes_on_where_a_method_stagnates(rng):
    """With known values, and only by itself: not for a method of the user's, nor beyond a limit of the user's."""
    y = tensor(rng.normal(size=600), spatial("x"))
    info = check(Turned(), y, "direct, dense LU")
    assert "BiCGStab(2), preconditioner none stopped after 1000 iterations" in info.reason
    assert info.reason.endswith("on with a dense matrix")
    for settings in (Solve("biCG-stab(2)"), Solve(max_iterations=20)):
        with pytest.raises(math.NotConverged, match=r"BiCGStab\(2\)"):
            solve(LinearProblem(Turned(), y), settings)
    _, info = solve(LinearProblem(Turned(), y), Solve(suppress=[math.NotConverged]))
    assert not bool(info.converged)
    with pytest.raises(math.Incompatible):
        solve_linear(grid((8, 6)), math.ones(spatial(x=8, y=6)))


def test_small_definite_systems_are_factored(rng):
    """Where they are known; compiled code iterates.  A history is one of iterations."""
    matrix = rng.normal(size=(30, 30))
    matrix = tensor(matrix @ matrix.T + np.eye(30), spatial("x"), math.dual("x"))
    operator = DenseMatrix(matrix, symmetric=True, definite="positive")
    y = tensor(rng.normal(size=30), spatial("x"))
    assert "30 unknowns" in check(operator, y, "direct, dense LU").reason
    assert check(operator, y, "CG", Solve(record=True)).history is not None
    indefinite = star((60, 50), center=3.1, symmetric=True)
    assert "not definite" in check(indefinite, noise(rng, 60, 50), "direct, sparse LU").reason


def test_affine_functions(anywhere, rng):
    """f(x) = A x + b = y, traced or not, and with the derivative by b."""
    b = noise(rng, 7, 6)
    operator = star((7, 6))
    x = noise(rng, 7, 6)

    def f(x, b):
        return operator(x) + b

    found = solve_linear(f, operator(x) + b, "auto", b)
    assert largest(found - x) < 1e-9
    if anywhere != "numpy":
        grad = gradient(lambda b: math.sum_(solve_linear(f, x, "auto", b), "x,y"), get_output=False)(b)
        expected = gradient(lambda y: math.sum_(solve_linear(operator, y, "auto"), "x,y"), get_output=False)(x)
        assert largest(grad + expected) < 1e-9


def test_never_by_values(anywhere, rng):
    """Traced coefficients of an operator, also ones that make it indefinite, are one trace and one choice."""
    y = noise(rng, 9, 8)

    @jit_compile
    def run(center, y):
        x, info = solve(LinearProblem(star((9, 8), center=center, symmetric=True), y), Solve())
        return x, info.residual, info.tolerance

    run(tensor(np.full((9, 8), 0.7), XY), y)
    traces = run.traces
    for center in (4.5, 0.3, -4.5):
        x, residual, tolerance = run(tensor(np.full((9, 8), center), XY), y)
        assert float(residual) <= float(tolerance)
        left = star((9, 8), center=center)(x) - y
        assert largest(left) < 1e-8
    assert run.traces == traces


def test_compiled_solves_say_why(anywhere, rng):
    y = noise(rng, 9, 8)
    run = jit_compile(lambda y: solve(LinearProblem(star((9, 8), east=-1.5), y), Solve())[0])
    run(y)
    with record_solves() as tape:
        run(y)
    assert "not symmetric" in tape[0].reason and tape[0].method == "direct, sparse LU"


def test_advection_diffusion_just_works(anywhere, rng):
    """A plain function in 1D, 2D and 3D, batched, with its own wind per example."""
    for rank in (1, 2, 3):
        names = "xyz"[:rank]
        dims = spatial(**dict.fromkeys(names, 5))
        wind = tensor(rng.uniform(-1, 1, (2, *(5,) * rank)), batch("b"), spatial(*names))

        def f(x, wind):
            total = 2.0 * x
            for n in names:  # noqa: B023
                padded = math.pad(x, {n: (1, 1)}, 0)
                ahead, behind = padded[{n: slice(2, None)}], padded[{n: slice(0, -2)}]
                total = total + wind * (ahead - behind) * 0.5 - (ahead + behind - 2 * x)
            return total

        x = tensor(rng.normal(size=(2, *(5,) * rank)), batch("b"), spatial(*names))
        found = solve_linear(f, f(x, wind), "auto", wind)
        assert found.shape == x.shape and dims.rank == rank
        assert largest(found - x) < 1e-8


def test_singular_systems_by_structure(rng):
    """Closed and periodic boxes, with and without obstacles: the solution without mean."""
    for sides in ("closed", "periodic"):
        operator = grid((8, 7), sides)
        x = noise(rng, 8, 7)
        x = x - math.mean(x, "x,y")
        found = solve_linear(operator, operator(x))
        assert largest(found - x) < 1e-3
    assert isinstance(poisson(spatial(x=4), 1.0), BoxLaplace) and MaskedLaplace is not None


def test_singular_systems_by_values(anywhere, rng):
    """Where values are known, a null space without structure is found: the solution of least norm."""
    a = rng.normal(size=(12, 9))
    matrix = a.T @ np.diag([1.0] * 7 + [0.0] * 5) @ a  # rank 7
    x = np.linalg.pinv(matrix) @ matrix @ rng.normal(size=9)
    operator = DenseMatrix(tensor(matrix, channel("v"), math.dual("v")), symmetric=True)
    y = tensor(matrix @ x, channel("v"))
    found = solve_linear(operator, y)
    np.testing.assert_allclose(found.numpy("v"), x, atol=1e-7)


def test_singular_systems_by_option(anywhere, rng):
    """Inside compiled code the option says it."""
    a = rng.normal(size=(9, 7))
    matrix = a @ a.T
    x = np.linalg.pinv(matrix) @ matrix @ rng.normal(size=9)

    @jit_compile
    def run(m, y):
        return solve_linear(DenseMatrix(m, symmetric=True), y, Solve(rank_deficiency=2))

    found = run(tensor(matrix, channel("v"), math.dual("v")), tensor(matrix @ x, channel("v")))
    np.testing.assert_allclose(found.numpy("v"), x, atol=1e-7)


def test_doors_of_solve_linear(double, rng):
    y = tensor(rng.normal(size=12), spatial("x"))

    def damped(u, k, solve=1.0):
        return math.laplace(u, padding=0) - k * solve * u

    first = solve_linear(damped, y, "CG", 2.0)
    for x in (
        solve_linear(damped, y, CG(), k=2.0),
        solve_linear(damped, y, Solve("direct"), f_kwargs={"k": 1.0, "solve": 2.0}),
        solve_linear(damped, y, None, 2.0, grad_for_f=False),
        solve_linear(damped, y, Solve("CG", x0=0.5), 2.0),
    ):
        assert largest(x - first) < 1e-8


@pytest.mark.parametrize("nu, most", [(0.1, 16), (50.0, 16), (-0.02, 40)])
def test_a_coefficient_of_unknown_sign_is_preconditioned_by_magnitudes(anywhere, rng, nu, most):
    """MINRES with cycles for |shift| x - |scale| ∇ · (w ∇x): as fast as CG where the operator is definite, and it need not be."""
    y = noise(rng, 24, 20)
    operator = grid((24, 20), "closed", OBSTACLES["disc"]((24, 20))) * math.wrap(-nu) + Identity()
    x, info = solve(LinearProblem(operator, y), "minres")
    assert info.method == "MINRES, preconditioner |multigrid|" and int(info.iterations) <= most
    left = operator(x) - y
    assert float(math.sqrt(math.sum_(left * left, left.shape))) <= 1e-8


def test_compiled_code_takes_magnitudes_where_signs_are_traced(rng):
    if "jax" not in ALL:
        pytest.skip("needs phiml_jax")
    with math.backend("jax"):
        weights = grid((72, 70), "closed", OBSTACLES["disc"]((72, 70)))
        y = noise(rng, 72, 70)
        with record_solves() as tape:
            jit_compile(lambda nu: solve_linear(weights * -nu + Identity(), y))(math.tensor(3.0))
    assert tape[0].method == "MINRES, preconditioner |multigrid|" and int(tape[0].iterations) <= 6
    assert "indefinite" in tape[0].reason
