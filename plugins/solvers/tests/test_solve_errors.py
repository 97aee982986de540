"""What cannot be solved is named, with what was given, what was expected and what to do; never a wrong answer in silence."""

import importlib.util

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import (
    Diverged,
    EmptySystem,
    Incompatible,
    Indefinite,
    LinearProblem,
    NotConverged,
    NotFinite,
    NotSymmetric,
    SingularOperator,
    Solve,
    batch,
    channel,
    dual,
    solve,
    solve_linear,
    spatial,
)
from phiml_core.shape import ShapeError
from phiml_core.solve import FLAWS, UnknownAlgorithm
from phiml_core.transform import gradient, jit_compile
from phiml_solvers import BiCGStab, DenseMatrix, NoMatrix, Stencil, UnknownPreconditioner, poisson
from phiml_solvers.trace import MixedExamples
from solver_grids import OBSTACLES, grid, largest, tensor

ALL = ["numpy"] + [
    name
    for name, package in {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}.items()
    if importlib.util.find_spec(package)
]
XY = spatial("x,y")
ITERATIVE = ["CG", "CG-adaptive", "minres", "GMres", "biCG-stab", "lsmr"]
METHODS = [*ITERATIVE, "direct", "auto"]


@pytest.fixture(params=ALL)
def anywhere(request):
    with math.backend(request.param), math.precision(64):
        yield request.param


@pytest.fixture(params=[lambda f: f, jit_compile], ids=["eager", "compiled"])
def run(request):
    return request.param


def star(east=-1.0, west=-1.0, center=4.5, **known):
    offsets = {(0, 0): center, (1, 0): east, (-1, 0): west, (0, 1): -1.0, (0, -1): -1.0}
    return Stencil.of(offsets, spatial(x=6, y=5), "dirichlet", **known)


def noise(rng, *sizes):
    return tensor(rng.normal(size=sizes or (6, 5)), XY)


def matrix(array, **known):
    return DenseMatrix(tensor(array, channel("v"), dual("v")), **known)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("method", METHODS)
def test_right_hand_sides_that_are_not_finite(method, bad, double, rng):
    y = noise(rng)
    y = math.where(y == math.max_(y, "x,y"), bad, y)
    with pytest.raises(NotFinite, match=r"holds NaN or infinity.*find where") as caught:
        solve(LinearProblem(star(symmetric=True), y), Solve(method))
    assert isinstance(caught.value, Diverged) and not bool(caught.value.result.converged)


def test_nan_comes_out_of_compiled_code(anywhere, rng):
    f = jit_compile(lambda y: solve(LinearProblem(star(), y), Solve("biCG-stab"))[0])
    with pytest.raises(NotFinite):
        f(noise(rng) * float("nan"))
    assert largest(star()(f(noise(rng)))) > 0


def test_a_batch_with_one_bad_example(place, double, rng):
    """The others are solved, and the error has them."""
    y = noise(rng) * tensor([1.0, float("nan"), 2.0], batch("b"))
    with pytest.raises(NotFinite) as caught:
        solve(LinearProblem(star(), y), Solve("GMres"))
    result = caught.value.result
    assert result.converged.numpy("b").tolist() == [True, False, True]
    for i in (0, 2):
        assert largest(star()(caught.value.x.b[i]) - y.b[i]) < 1e-8


@pytest.mark.parametrize("method", ITERATIVE[:5])
def test_very_large_and_very_small_right_hand_sides(method, place, rng):
    """Squares of 1e30 and 1e-30 are beyond single precision, solutions are not."""
    operator = star(symmetric=True)
    x = noise(rng)
    for size in (1e30, 1e-30):
        found, info = solve(LinearProblem(operator, operator(x) * size), Solve(method))
        assert largest(found / size - x) < 1e-3
        assert 0 < int(info.iterations.max)


@pytest.mark.parametrize("method", ITERATIVE[:5])
def test_zero_matrices(method, double, rng):
    zero = star(0.0, 0.0, 0.0, symmetric=True)
    zero = Stencil(zero.resolution, zero.offsets, (0.0,) * 5, zero.boundary, True)
    with pytest.raises(SingularOperator, match=r"zero or singular.*Check its coefficients"):
        solve(LinearProblem(zero, noise(rng)), Solve(method, preconditioner="none"))
    x, _ = solve(LinearProblem(zero, noise(rng) * 0.0), Solve(method, preconditioner="none"))
    assert largest(x) == 0


def test_zero_matrices_directly(double, rng):
    with pytest.raises((SingularOperator, Incompatible)):
        solve(LinearProblem(matrix(np.zeros((4, 4))), tensor(rng.normal(size=4), channel("v"))), "direct")


def test_empty_systems(place):
    with pytest.raises(EmptySystem, match=r"is empty: a system has at least one unknown"):
        solve_linear(lambda x: 2.0 * x, math.zeros(spatial(x=0, y=5)))


def test_indefinite_matrices(run, anywhere, rng):
    operator, y = star(center=0.3, symmetric=True), noise(rng)
    for method in ("CG", "CG-adaptive"):
        f = run(lambda y, method=method: solve(LinearProblem(operator, y), Solve(method, preconditioner="none"))[0])
        with pytest.raises(Indefinite, match=r"eigenvalues of both signs.*'minres'"):
            f(y)
    x = solve_linear(operator, y, "minres")
    assert largest(operator(x) - y) < 1e-8


def test_matrices_that_are_not_symmetric(run, anywhere, rng):
    y = noise(rng)
    for method in ("CG", "minres"):
        f = run(lambda y, method=method: solve(LinearProblem(star(east=-1.2), y), Solve(method))[0])
        with pytest.raises(NotSymmetric, match=r"is not symmetric.*'biCG-stab'"):
            f(y)
    with pytest.raises(TypeError):  # as what it always was
        f(y)
    with pytest.raises(NotSymmetric):
        solve_linear(lambda x: star(east=-1.2)(x), y, "CG")
    assert largest(star(east=-1.2)(solve_linear(star(east=-1.2), y, "GMres")) - y) < 1e-8


def test_incompatible_right_hand_sides(anywhere, rng):
    """A closed box cannot have sources with a mean; said by every method, unless the mean is removed."""
    y = noise(rng, 8, 7) + 1.0
    cases = [
        (grid((8, 7)), "transform"),
        (grid((8, 7)), "CG"),
        (grid((8, 7)), "direct"),
        (grid((8, 7), "closed", OBSTACLES["disc"]((8, 7))), "auto"),
    ]
    for operator, method in cases:
        with pytest.raises(Incompatible, match=r"singular.*preprocess_y"):
            solve(LinearProblem(operator, y), Solve(method))
        active = getattr(operator, "active", 1.0)
        mean = math.sum_(y * active, "x,y") / math.sum_(active + 0.0 * y, "x,y")
        _, info = solve(
            LinearProblem(operator, y),
            Solve(method, preprocess_y=lambda y, m, a: (y - m) * a, preprocess_y_args=(mean, active)),
        )
        assert bool(info.converged)


def test_incompatible_matrices(double, rng):
    a = rng.normal(size=(8, 5))
    singular, y = matrix(a @ a.T, symmetric=True), tensor(rng.normal(size=8), channel("v"))
    for method in ("direct", "auto"):
        with pytest.raises(Incompatible):
            solve(LinearProblem(singular, y), method)
    x = solve_linear(singular, y, "lsmr")
    np.testing.assert_allclose(x.numpy("v"), np.linalg.pinv(a @ a.T, rcond=1e-10) @ y.numpy("v"), atol=1e-6)


def test_dims_that_do_not_fit(place, rng):
    with pytest.raises(ShapeError, match=r"gives values along .*'x' are 7 and 6.  Slice or resample"):
        solve(LinearProblem(star(), noise(rng, 7, 5)), "GMres")
    with pytest.raises(ShapeError, match=r"y is missing.  Expand"):
        solve(LinearProblem(star(), tensor(rng.normal(size=6), spatial("x"))), "CG")
    with pytest.raises(ShapeError):
        solve(LinearProblem(grid((6, 5)), noise(rng, 6, 4)), "transform")
    with pytest.raises(ShapeError, match=r"are 7 and 6 for x like the first guess \(xˢ=6\)"):
        math.solve_linear(math.laplace, math.ones(spatial(x=7)), Solve("CG", x0=math.zeros(spatial(x=6))))


def test_not_converged_has_the_state(place, double, rng):
    y = noise(rng)
    for method in ITERATIVE:
        with pytest.raises(NotConverged, match=r"Allow more iterations") as caught:
            solve(LinearProblem(star(symmetric=True), y), Solve(method, max_iterations=2, preconditioner="none"))
        error = caught.value
        left = star()(error.x) - y
        np.testing.assert_allclose(float(error.residual), float(math.sqrt(math.sum_(left * left, XY))), rtol=1e-6)
        assert 1 <= int(error.iterations) <= 4 and error.info is error.result


def test_suppress(double, rng):
    y = noise(rng)
    x, info = solve(LinearProblem(star(), y), Solve("GMres", max_iterations=2, suppress=(NotConverged,)))
    assert not bool(info.converged) and x.shape == y.shape
    settings = Solve("CG", suppress=(Indefinite,), preconditioner="none")
    x, info = solve(LinearProblem(star(center=0.3, symmetric=True), y), settings)
    assert not bool(info.converged) and FLAWS[int(info.flaw)] is Indefinite
    with pytest.raises(NotSymmetric):
        solve(LinearProblem(star(east=-1.2), y), settings)
    with pytest.raises(NotFinite):
        solve(LinearProblem(star(), y * float("nan")), Solve("GMres", suppress=(NotConverged,)))


def test_a_failed_adjoint_is_no_gradient(anywhere, rng):
    if anywhere == "numpy":
        return
    settings = Solve("biCG-stab", gradient_solve=Solve("GMres", max_iterations=1))
    with pytest.raises(NotConverged):
        gradient(lambda y: math.sum_(solve_linear(star(), y, settings), "x,y"), get_output=False)(noise(rng))


def test_settings(double):
    y = math.ones(spatial(x=6, y=5))
    with pytest.raises(ValueError, match=r"dimension of the null space"):
        Solve(rank_deficiency=-1)
    with pytest.raises(ValueError, match=r"from 1 to 8"):
        BiCGStab(0)
    with pytest.raises(UnknownAlgorithm, match=r"takes no number"):
        solve(LinearProblem(star(), y), "minres(3)")
    with pytest.raises(UnknownAlgorithm, match=r"known: .*cg.*gmres"):
        solve(LinearProblem(star(), y), "SOR")
    with pytest.raises(UnknownPreconditioner, match=r"needs a sparse matrix"):
        from phiml_solvers import FunctionOperator

        solve(LinearProblem(FunctionOperator(lambda x: 2.0 * x), y), Solve("GMres", preconditioner="ilu"))
    with pytest.raises(UnknownPreconditioner, match=r"is no preconditioner"):
        solve(LinearProblem(star(), y), Solve("GMres", preconditioner=3))
    with pytest.raises(NoMatrix, match=r"dense matrix of 10000"):
        big = math.ones(spatial(x=100, y=100))
        solve(LinearProblem(FunctionOperator(lambda x: 2.0 * x), big), "direct")
    with pytest.raises(TypeError, match=r"separable operator"):
        solve(LinearProblem(star(), y), "transform")
    assert poisson(spatial(x=4)).singular


def test_settings_and_calls_that_make_no_sense(double):
    y = math.ones(spatial(x=8))
    for bad in ({"rel_tol": -1.0}, {"abs_tol": float("nan")}, {"max_iterations": -1}):
        with pytest.raises(ValueError, match="is 0 or more, not"):
            Solve(**bad)
    with pytest.raises(ValueError, match="restarts after 1 or more iterations, not 0"):
        solve_linear(lambda u: u - math.laplace(u), y, "GMres(0)")
    with pytest.raises(TypeError, match=r"not 1e-05.  A tolerance is given as Solve\(rel_tol=…\)"):
        solve_linear(lambda u: u - math.laplace(u), y, 1e-5)
    with pytest.raises(ShapeError, match=r"maps \(xˢ=8\) to \(\), without x"):
        solve_linear(lambda u: math.sum(u), y)


def test_a_matrix_that_holds_nan_is_an_error_of_the_solve(double):
    matrix = math.tensor([[float("nan"), 1.0], [1.0, 2.0]], spatial("x"), dual("x"))
    for name in ("direct", "GMres", "lsmr"):
        with pytest.raises(math.ConvergenceException):
            solve_linear(matrix, math.ones(spatial(x=2)), name)


def test_settings_that_make_no_sense():
    with pytest.raises(TypeError, match=r"rel_tol of a solve is a number or a tensor, not '1e-5'"):
        Solve(rel_tol="1e-5")
    with pytest.raises(TypeError, match=r"suppress takes classes.*not 'NotConverged'"):
        Solve(suppress="NotConverged")
    assert Solve(suppress=NotConverged).suppress == (NotConverged,)
    with pytest.raises(TypeError, match=r"BiCGStab\(\), not its class"):
        solve_linear(lambda x: 2 * x, math.ones(spatial(x=3)), BiCGStab)


def test_methods_that_do_not_fit_rectangular_matrices(rng):
    wide = DenseMatrix(tensor(rng.normal(size=(4, 6)), channel("i"), dual("j")))
    y = tensor(rng.normal(size=4), channel("i"))
    for method in ("direct", "scipy-GMres"):
        with pytest.raises(ShapeError, match=r"needs as many equations as unknowns.*Use 'lsmr'"):
            solve_linear(wide, y, method)
    with pytest.raises(UnknownPreconditioner, match="LSMR takes no preconditioner"):
        solve_linear(wide, y, Solve("lsmr", preconditioner="jacobi"))


def test_tensors_that_do_not_fit_operators(place, rng):
    operators = star(), grid((6, 5)), grid((6, 5), "closed", np.zeros((6, 5), bool))
    for operator in operators:
        for wrong in (noise(rng, 7, 5), tensor(rng.normal(size=6), spatial("x"))):
            with pytest.raises(ShapeError, match=r"acts on tensors along \(xˢ=6, yˢ=5\), not"):
                operator(wrong)
        with pytest.raises(TypeError, match=r"applied to tensors, .* not to a ndarray.  Wrap it"):
            operator @ np.ones((6, 5))


def test_functions_that_mix_the_examples_of_a_batch(rng):
    y = tensor(rng.normal(size=(3, 4)), batch("b"), spatial("x"))
    with pytest.raises(MixedExamples, match=r"mixes the examples along \(bᵇ=3\).*rename_dims"):
        solve_linear(lambda u: u - math.mean(u, "b"), y)
