"""Cycles: symmetric, as good on large grids as on small ones, and not put off by jumps, obstacles and slender cells."""

import importlib.util
import itertools

import numpy as np
import pytest
from phiml_core.backend import PrecisionWarning, backend
from phiml_core.math import batch, precision, spatial, stack, sum_
from phiml_core.solve import LinearProblem, PrecisionLimit, Solve, solve
from phiml_core.transform import gradient, jit_compile
from phiml_solvers import MaskedLaplace, Stencil, poisson, solve_increments
from phiml_solvers.multigrid import multigrid
from phiml_solvers.multigrid.algorithm import Multigrid
from phiml_solvers.multigrid.plan import plan
from phiml_solvers.precondition import UnknownPreconditioner, best
from solver_grids import OBSTACLES, SIDES, grid, largest, open_faces, random_faces, tensor, weighted

DIFFERENTIABLE = [
    n for n, p in (("jax", "jax"), ("torch", "torch"), ("tensorflow", "tf")) if importlib.util.find_spec(f"phiml_{p}")
]


def dot(a, b):
    product = a * b
    return float(sum_(product, product.shape))


def diffusion(coefficient, sides="closed", dx=1.0, **options):
    """∇ · (k ∇) with harmonic means of k, given per cell, on faces."""
    box = grid(coefficient.shape, sides, dx=dx)
    weights = []
    for axis, (lower, upper) in enumerate(box.boundary):
        k = np.moveaxis(coefficient, axis, 0)
        before = np.roll(k, 1, 0)
        mean = 2 * k * before / (k + before)
        w = mean if lower == "periodic" else mean[1:]
        w = np.concatenate([k[:1], w]) if lower == "dirichlet" else w
        w = np.concatenate([w, k[-1:]]) if upper == "dirichlet" else w
        weights.append(tensor(np.moveaxis(w, 0, axis), spatial(*box.dims)))
    return MaskedLaplace(box.with_coefficients(options.get("scale"), options.get("shift")), tuple(weights))


def noise(operator, rng):
    sizes = operator.resolution.sizes
    return operator.without_null_space(tensor(rng.normal(size=sizes), spatial(*operator.dims)))


def inclusions(sizes, jump):
    return np.where(OBSTACLES["boxes"](sizes), jump, 1.0)


def pores(sizes, width):
    """A random medium, 40 % of it solid, with passages a few cells wide: smoothed noise below a threshold."""
    from scipy.ndimage import gaussian_filter

    medium = gaussian_filter(np.random.default_rng(0).normal(size=sizes), width, mode="nearest")
    return medium > np.quantile(medium, 0.6)


def count(operator, y, method="CG", **options):
    """Iterations to a true residual of 1e-5, or 1e-10 in double precision, or what rounding the solution allows."""
    return int(solve(LinearProblem(operator, y), Solve(method, **options))[1].iterations)


CASES = {
    "free": lambda sizes, sides: grid(sizes, sides, dx=[0.1, 0.25, 0.2][: len(sizes)]),
    "obstacles": lambda sizes, sides: grid(sizes, sides, OBSTACLES["boxes"](sizes)),
    "jumps": lambda sizes, sides: diffusion(inclusions(sizes, 1e4), sides),
    "shifted": lambda sizes, sides: diffusion(inclusions(sizes, 1e3), sides, scale=-0.1, shift=0.3),
}


@pytest.mark.parametrize("cycle", ["V", "W"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("sizes", [(201,), (19, 12), (7, 6, 5)])
def test_a_cycle_is_symmetric_and_of_one_sign(sizes, sides, case, cycle, double, rng):
    operator = CASES[case](sizes, sides)
    r, s = noise(operator, rng), noise(operator, rng)
    apply = multigrid(operator, r, 2 if cycle == "W" else 1)
    mr, ms = apply(r), apply(s)
    size = abs(dot(r, mr)) + abs(dot(s, ms))
    assert abs(dot(mr, s) - dot(r, ms)) < 1e-10 * size
    sign = -1 if operator.definite == "negative" else 1
    assert sign * dot(r, mr) > 0 and sign * dot(s, ms) > 0


@pytest.mark.parametrize("case", ["free", "jumps"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convergence_does_not_depend_on_size(case, rank, double, rng):
    """The factor by which a cycle lessens the residual, from coarse to fine."""
    counts = []
    for n in {1: (256, 4096), 2: (32, 128), 3: (12, 24)}[rank]:
        sizes = (n,) * rank
        operator = (
            grid(sizes)
            if case == "free"
            else diffusion(np.kron(inclusions((8,) * rank, 1e3), np.ones((n // 4,) * rank)))
        )
        counts.append(count(operator, noise(operator, rng), "multigrid"))
    assert max(counts) <= {"free": 12, "jumps": 25}[case]
    assert counts[1] <= counts[0] + 4


@pytest.mark.parametrize("sides", [*itertools.product(["closed", "open", "periodic", "open above"], repeat=2)])
def test_all_boundaries(sides, bits, rng):
    operator = diffusion(inclusions((37, 50), 100.0), sides)
    assert count(operator, noise(operator, rng), preconditioner="multigrid") <= {32: 9, 64: 14}[bits]


@pytest.mark.parametrize("jump", [1e-4, 1e-3, 1e3, 1e4])
@pytest.mark.parametrize("sizes", [(128, 128), (100, 75), (24, 24, 24)])
def test_jumps(sizes, jump, bits, rng):
    operator = diffusion(inclusions(sizes, jump), "open above")
    y = operator(tensor(rng.normal(size=sizes), spatial(*operator.dims)))
    tolerance = None if bits == 32 else 1e-5
    assert count(operator, y, preconditioner="multigrid", rel_tol=tolerance) <= 25


def test_small_grids_take_cycles_unless_known_to_be_open_in_part(rng):
    """On backends that compile: coefficients may jump, where transforms would take 150 iterations."""
    pytest.importorskip("phiml_torch")
    with backend("torch"):
        operator = diffusion(inclusions((14, 11), 1e4))
        y = operator(noise(operator, rng))
        info = solve(LinearProblem(operator, y), "auto")[1]
        assert info.method.endswith("multigrid") and int(info.iterations) <= 12
        around = grid((14, 11), "closed", OBSTACLES["disc"]((14, 11)))
        assert best(2.0 * around, y)[1] == "spectral"


def test_rounding_is_named_where_it_is_the_limit(rng):
    """Where coefficients jump, rounding a solution leaves more than was asked for, of factors in double precision, too; of parts less."""
    operator = diffusion(inclusions((32, 32), 1e4))
    problem = LinearProblem(operator, operator.divergence(random_faces(operator, rng)))
    for method in ("CG", "direct"):
        with pytest.raises(PrecisionLimit, match=r"rounding its values.*solve_increments"):
            solve(problem, Solve(method, rel_tol=1e-7))
        with pytest.warns(PrecisionWarning, match="as well as the precision allows for"):
            assert solve(problem, Solve(method, rel_tol=1e-6))[1].is_rounded
    assert bool(solve_increments(problem, Solve("CG", rel_tol=1e-6))[1].converged)
    with precision(64):
        assert bool(solve(problem, Solve("CG", rel_tol=1e-6))[1].converged)


@pytest.mark.parametrize("width", [1.0, 2.0])
def test_narrow_pores(width, bits, rng):
    operator = grid((128, 128), "closed", pores((128, 128), width))
    y = operator.divergence(weighted(operator, random_faces(operator, rng)))
    assert count(operator, y) <= {32: 25, 64: 42}[bits]


@pytest.mark.parametrize("ratio", [1000.0, 1 / 1000, 30.0])
@pytest.mark.parametrize("sides", ["closed", "open", "periodic"])
def test_slender_cells(sides, ratio, double, rng):
    """Cells are taken together where they are closest, down to one of a kind."""
    operator = grid((70, 64), sides, np.zeros((70, 64), bool), dx=(1.0, ratio))
    assert count(operator, noise(operator, rng), rel_tol=1e-7) <= 7  # rounding the solution leaves 1e-8


def test_known_coefficients_count_as_length(double, rng):
    coefficient = [np.ones((63, 48)), np.full((64, 47), 1e4)]
    box = grid((64, 48))
    operator = MaskedLaplace(box, tuple(tensor(c, spatial("x,y")) for c in coefficient))
    assert count(operator, noise(operator, rng)) <= 9


def test_plan_takes_the_closest_cells_together():
    levels = plan((0, 1), (100, 64), (False, False), (1.0, 4.0))
    assert [level.sizes for level in levels[:4]] == [(100, 64), (50, 64), (25, 64), (13, 32)]
    assert levels[-1].sizes == (7, 16) or np.prod(levels[-1].sizes) <= 64
    assert not any(levels[-1].coarsened)
    assert plan((0,), (5,), (True,), (1.0,))[0].pairs == ()


@pytest.mark.parametrize("width", [1.0, 2.0])
def test_rounding_connects_nothing(width, rng):
    """Many chambers that are cut off: in single precision they take no more iterations than in double."""
    counts = []
    for bits in (32, 64):
        with precision(bits):
            operator = grid((128, 128), "closed", pores((128, 128), width))
            level = tensor(np.ones((128, 128)), spatial("x,y"))
            assert largest(multigrid(operator, level)(level)) < {32: 1e6, 64: 1e12}[bits]
            y = operator.divergence(weighted(operator, random_faces(operator, np.random.default_rng(1))))
            counts.append(int(solve(LinearProblem(operator, y), Solve("CG", rel_tol=1e-5))[1].iterations))
    assert abs(counts[0] - counts[1]) <= 2


def test_scale_and_shift_per_example(bits, rng):
    scale, shift = tensor([-0.1, -30.0, -1.0], batch("b")), tensor([1.0, 2.0, 1e-3], batch("b"))
    solid = OBSTACLES["boxes"]((40, 33))
    box = poisson(spatial(x=40, y=33), 1.0, "neumann", shift=shift, scale=scale)
    operator = MaskedLaplace(box, open_faces(box, solid))
    y = tensor(rng.normal(size=(3, 40, 33)), batch("b"), spatial("x,y"))
    settings = Solve("CG", rel_tol={32: 1e-5, 64: 1e-10}[bits], preconditioner="multigrid")
    x, info = solve(LinearProblem(operator, y), settings)
    assert info.iterations.numpy("b").max() <= {32: 9, 64: 13}[bits]
    inside = tensor(solid * 1.0, spatial("x,y"))
    assert largest((x * shift - y) * inside) < {32: 1e-4, 64: 1e-9}[bits]


@pytest.mark.parametrize("order", ["x,b,y", "y,x,b"])
def test_batches_and_order_of_dims(order, double, rng):
    """A batch of coefficients gives what each gives alone, whatever the order of axes."""
    coefficients = [inclusions((30, 24), 1e3), inclusions((30, 24), 1e-2)]
    single = [diffusion(c, ("periodic", "open below")) for c in coefficients]
    both = MaskedLaplace(single[0].box, tuple(stack(list(w), batch("b")) for w in zip(*(o.weights for o in single))))
    values = rng.normal(size=(2, 30, 24))
    names = order.split(",")
    shape = [batch("b") if n == "b" else spatial(n) for n in names]
    y = tensor(values.transpose(["bxy".index(n) for n in names]), *shape)
    z = multigrid(both, y)(y)
    for i, operator in enumerate(single):
        alone = tensor(values[i], spatial("x,y"))
        expected = multigrid(operator, alone)(alone)
        assert largest(z.b[i] - expected) < 1e-9 * largest(expected)


@pytest.mark.parametrize("sides", ["closed", "open", "periodic"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_star_of_coefficients(sign, sides, double, rng):
    """A symmetric stencil of nearest neighbours of either sign is a grid with faces."""
    n, m = 40, 45
    k = inclusions((n, m), 1e3)
    right, up = (2 * k * np.roll(k, -1, a) / (k + np.roll(k, -1, a)) for a in (0, 1))
    if sides != "periodic":
        right[-1], up[:, -1] = 1.0, 1.0
    if sides == "closed":
        right[-1], up[:, -1] = 0.0, 0.0
    left, down = np.roll(right, 1, 0), np.roll(up, 1, 1)
    parts = {(0, 0): -(right + left + up + down) - 1e-4, (1, 0): right, (-1, 0): left, (0, 1): up, (0, -1): down}
    parts = {offset: tensor(sign * c, spatial("x,y")) for offset, c in parts.items()}
    operator = Stencil.of(parts, spatial(x=n, y=m), {d: SIDES[sides] for d in "xy"}, symmetric=True)
    y = tensor(rng.normal(size=(n, m)), spatial("x,y"))
    assert count(operator, y, preconditioner="multigrid") <= 22


def test_only_grids(place):
    diagonal_neighbours = Stencil.of({(0, 0): 4.0, (1, 1): -1.0, (-1, -1): -1.0}, spatial(x=4, y=4), symmetric=True)
    upwind = Stencil.of({(0, 0): 2.0, (-1, 0): -1.0}, spatial(x=4, y=4))
    y = tensor(np.ones((4, 4)), spatial("x,y"))
    for operator in (diagonal_neighbours, upwind):
        assert multigrid(operator, y) is None
    with pytest.raises(UnknownPreconditioner, match="needs a grid operator"):
        solve(LinearProblem(diagonal_neighbours, y), Solve("CG", preconditioner="multigrid"))
    with pytest.raises(ValueError, match="'V' or 'W'"):
        Multigrid("F")


@pytest.mark.parametrize("how", ["multigrid", Multigrid("W")])
def test_by_name_and_object(how, double, place, rng):
    operator = grid((24, 20), "open above", OBSTACLES["disc"]((24, 20)))
    y = noise(operator, rng)
    reference, _ = solve(LinearProblem(operator, y), "direct")
    alone, info = solve(LinearProblem(operator, y), Solve(how, rel_tol=1e-11))
    assert info.method.startswith("multigrid")
    within, _ = solve(LinearProblem(operator, y), Solve("CG", rel_tol=1e-11, preconditioner=how))
    assert largest(alone - reference) < 1e-7 and largest(within - reference) < 1e-7


def test_a_hundred_obstacles_are_one_trace(rng):
    """Masks, coefficients and right-hand sides are values."""
    pytest.importorskip("phiml_jax")
    with backend("jax"):
        box = grid((32, 32))
        at = np.meshgrid(np.arange(32) + 0.5, np.arange(32) + 0.5, indexing="ij")

        @jit_compile
        def pressure(weights, y):
            operator = MaskedLaplace(box, weights)
            return solve(LinearProblem(operator, y), Solve("CG", preconditioner="multigrid"))

        counts = []
        for i in range(100):
            solid = np.hypot(at[0] - 6 - i / 5, at[1] - 16 + i / 9) < 3 + i / 30
            operator = MaskedLaplace(box, open_faces(box, solid))
            y = operator.divergence(weighted(operator, random_faces(operator, rng)))
            _, info = pressure(operator.weights, y)
            counts.append(int(info.iterations))
        assert pressure.traces == 1
        assert max(counts) <= 8


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("how", ["solver", "preconditioner"])
def test_gradients(name, how, rng):
    """By right-hand side and coefficients, against central differences."""
    settings = Solve(
        "multigrid" if how == "solver" else "CG", rel_tol=1e-12, preconditioner="multigrid", suppress=(Exception,)
    )
    with backend(name), precision(64):
        operator = diffusion(inclusions((10, 9), 30.0), ("open above", "periodic"))
        probe = tensor(rng.normal(size=(10, 9)), spatial("x,y"))
        y0, w0 = rng.normal(size=(10, 9)), operator.weights[0].numpy("x,y")

        def loss(w, y):
            x, _ = solve(LinearProblem(MaskedLaplace(operator.box, (w, operator.weights[1])), y), settings)
            total = x * x * probe
            return sum_(total, total.shape)

        def of(w, y):
            return float(loss(tensor(w, spatial("x,y")), tensor(y, spatial("x,y"))))

        found = gradient(loss, "w,y", get_output=False)(tensor(w0, spatial("x,y")), tensor(y0, spatial("x,y")))
        dw, dy, h = rng.normal(size=w0.shape), rng.normal(size=y0.shape), 1e-5
        by_w = (of(w0 + h * dw, y0) - of(w0 - h * dw, y0)) / (2 * h)
        by_y = (of(w0, y0 + h * dy) - of(w0, y0 - h * dy)) / (2 * h)
        for gradients, direction, expected in zip(found, (dw, dy), (by_w, by_y)):
            assert abs((gradients.numpy("x,y") * direction).sum() - expected) < 1e-6 * max(abs(expected), 1.0)
