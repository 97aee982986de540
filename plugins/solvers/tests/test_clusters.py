"""Clusters of strongly coupled cells: found whatever their shape, and few iterations where coefficients jump from cell to cell."""

import numpy as np
import pytest
from phiml_core.backend import backend
from phiml_core.backend.choose import backend_named
from phiml_core.math import batch, precision, spatial, stack
from phiml_core.solve import LinearProblem, Solve, solve
from phiml_core.transform import jit_compile
from phiml_solvers import MaskedLaplace, Multigrid, Stencil
from phiml_solvers.multigrid import clusters, multigrid
from phiml_solvers.multigrid.plan import Level
from phiml_solvers.multigrid.stencil import face_sum
from phiml_solvers.multigrid.words import Words
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from solver_grids import OBSTACLES, SIDES, grid, largest, random_faces, tensor
from test_multigrid import CASES, DIFFERENTIABLE, count, diffusion, dot, noise

CLUSTERS = Multigrid(clusters=True)


def random_cells(sizes, jump=1e3, seed=0):
    """Each cell 1 or `jump`."""
    return np.where(np.random.default_rng(seed).random(sizes) < 0.5, jump, 1.0)


def spiral(n):
    """A path one cell wide that winds to the middle."""
    path = np.zeros((n, n), bool)
    at, ahead = np.array([0, 0]), np.array([0, 1])
    path[0, 0] = True
    for length in [n - 1] + [k for m in range(n - 1, 0, -2) for k in (m, m)]:
        for _ in range(length):
            at = at + ahead
            path[tuple(at)] = True
        ahead = np.array([ahead[1], -ahead[0]])
    return path


def conductances(strong, periodic):
    """Faces of 1000 between strong neighbours, of 1 else; closed sides, or ends that meet."""
    faces = []
    for axis in range(strong.ndim):
        k = np.moveaxis(strong, axis, 0)
        c = np.where(k & np.roll(k, 1, 0), 1000.0, 1.0)
        c = np.concatenate([c, c[:1]]) if periodic else np.pad(c[1:], [(1, 1)] + [(0, 0)] * (k.ndim - 1))
        faces.append(np.moveaxis(c, 0, axis))
    return faces


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("name", ["spiral", "random", "random3"])
def test_clusters_are_the_connected_components(name, periodic):
    strong = spiral(21) if name == "spiral" else random_cells((40, 33) if name == "random" else (11, 12, 13)) > 1
    sizes, rank = strong.shape, strong.ndim
    words = Words(backend_named("numpy"))
    level = Level(tuple(range(rank)), sizes, (periodic,) * rank, (True,) * rank)
    faces = conductances(strong, periodic)
    mass = face_sum(words, level, faces)
    labels, weights = clusters.clusters(words, level, faces, None, mass, 64)
    number, rows, columns, values = np.arange(strong.size).reshape(sizes), [], [], []
    for axis, c in enumerate(faces):
        behind = np.moveaxis(c, axis, 0)[1:]
        rows.append(np.moveaxis(number, axis, 0).ravel())
        columns.append(np.roll(np.moveaxis(number, axis, 0), -1, 0).ravel())
        values.append(behind.ravel())
    i, j, c = map(np.concatenate, (rows, columns, values))
    tied = c > clusters.STRONG * np.maximum(mass.ravel()[i], mass.ravel()[j])
    ties = coo_array((np.ones(tied.sum()), (i[tied], j[tied])), shape=(strong.size,) * 2)
    _, parts = connected_components(ties, directed=False)
    first = np.unique(parts, return_index=True)[1]
    assert (labels == first[parts]).all()
    leaving = np.bincount(parts[i], c * (parts[i] != parts[j])) + np.bincount(parts[j], c * (parts[i] != parts[j]))
    expected = np.where(leaving > 0, clusters.DAMPING / np.where(leaving > 0, leaving, 1), 0)[parts]
    assert np.allclose(weights.ravel(), expected)


@pytest.mark.parametrize("cycle", ["V", "W"])
@pytest.mark.parametrize("case", [*CASES, "random"])
@pytest.mark.parametrize("sides", SIDES)
def test_the_cycle_stays_symmetric_and_of_one_sign(sides, case, cycle, double, rng):
    for sizes in ((61,), (19, 12), (7, 6, 5)):
        operator = diffusion(random_cells(sizes), sides) if case == "random" else CASES[case](sizes, sides)
        r, s = noise(operator, rng), noise(operator, rng)
        apply = multigrid(operator, r, 2 if cycle == "W" else 1, True)
        mr, ms = apply(r), apply(s)
        size = abs(dot(r, mr)) + abs(dot(s, ms))
        assert abs(dot(mr, s) - dot(r, ms)) < 1e-10 * size
        sign = -1 if operator.definite == "negative" else 1
        assert sign * dot(r, mr) > 0 and sign * dot(s, ms) > 0


@pytest.mark.parametrize("sides", ["closed", "open", ("periodic", "open above")])
@pytest.mark.parametrize("sizes", [(64, 64), (75, 50), (20, 20, 20)])
def test_random_cells_take_fewer_iterations(sizes, sides, bits, rng):
    if sides == ("periodic", "open above") and len(sizes) == 3:
        sides = (*sides, "closed")
    operator = diffusion(random_cells(sizes), sides)
    y = operator.divergence(random_faces(operator, rng))
    tolerance = None if bits == 32 else 1e-5
    few, many, found = (
        count(operator, y, preconditioner=how, rel_tol=tolerance)
        for how in (CLUSTERS, Multigrid(clusters=False), "multigrid")
    )
    assert few <= 25 and few <= {2: 0.6, 3: 0.8}[len(sizes)] * many
    assert found == few  # known coefficients decide


def test_ten_thousand_in_three_dimensions(double, rng):
    operator = diffusion(random_cells((20, 20, 20), 1e4))
    y = operator.divergence(random_faces(operator, rng))
    assert count(operator, y, preconditioner=CLUSTERS, rel_tol=1e-5) <= 20


@pytest.mark.parametrize("case", ["free", "obstacles", "jumps", "lattice"])
def test_only_random_coefficients_are_rough(case, double, rng):
    sizes = (40, 40)
    if case == "lattice":
        at = np.meshgrid(*[np.arange(40)] * 2, indexing="ij")
        operator = diffusion(np.where(np.hypot(at[0] % 10 - 5, at[1] % 10 - 5) < 3, 1e3, 1.0))
    else:
        operator = CASES[case](sizes, "closed")
    y = noise(operator, rng)
    same, other = multigrid(operator, y)(y), multigrid(operator, y, 1, False)(y)
    assert largest(same - other) == 0
    rough = diffusion(random_cells(sizes))
    assert largest(multigrid(rough, y)(y) - multigrid(rough, y, 1, True)(y)) == 0


@pytest.mark.parametrize("order", ["x,b,y", "y,x,b"])
def test_batches_and_order_of_dims(order, double, rng):
    """A batch of coefficients, of right-hand sides, or of both gives what each gives alone, whatever the order of axes."""
    single = [diffusion(random_cells((30, 23), 1e3, seed), ("periodic", "open below")) for seed in (0, 1)]
    both = MaskedLaplace(single[0].box, tuple(stack(list(w), batch("b")) for w in zip(*(o.weights for o in single))))
    values = rng.normal(size=(2, 30, 23))
    names = order.split(",")
    shape = [batch("b") if n == "b" else spatial(n) for n in names]
    y = tensor(values.transpose(["bxy".index(n) for n in names]), *shape)
    together, one = multigrid(both, y, 1, True)(y), multigrid(single[0], y, 1, True)(y)
    for i in range(2):
        alone = tensor(values[i], spatial("x,y"))
        for found, operator in ((together, single[i]), (one, single[0])):
            expected = multigrid(operator, alone, 1, True)(alone)
            assert largest(found.b[i] - expected) < 1e-9 * largest(expected)


def test_solutions_with_obstacles(double, place, rng):
    """Also of parts that are cut off, and of cells without open faces."""
    sizes = (14, 11)
    solid = OBSTACLES["boxes"](sizes) | (np.indices(sizes).sum(0) == 11)
    box = grid(sizes, "closed", solid)
    weights = tuple(w * tensor(np.exp(rng.normal(size=w.shape.sizes) * 3), spatial("x,y")) for w in box.weights)
    operator = MaskedLaplace(box.box, weights)
    y = operator.divergence(tuple(f * (w > 0) for f, w in zip(random_faces(operator, rng), weights)))
    reference, _ = solve(LinearProblem(operator, y), "direct")
    for settings in (Solve("CG", rel_tol=1e-11, preconditioner=CLUSTERS), Solve(CLUSTERS, rel_tol=1e-11)):
        found, info = solve(LinearProblem(operator, y), settings)
        assert "clusters" in info.method
        assert largest(operator(found) - operator(reference)) < 1e-7


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_star_of_random_coefficients(sign, double, rng):
    k = random_cells((40, 45))
    right, up = (2 * k * np.roll(k, -1, a) / (k + np.roll(k, -1, a)) for a in (0, 1))
    left, down = np.roll(right, 1, 0), np.roll(up, 1, 1)
    parts = {(0, 0): -(right + left + up + down) - 1e-4, (1, 0): right, (-1, 0): left, (0, 1): up, (0, -1): down}
    parts = {offset: tensor(sign * c, spatial("x,y")) for offset, c in parts.items()}
    operator = Stencil.of(parts, spatial(x=40, y=45), {d: SIDES["periodic"] for d in "xy"}, symmetric=True)
    y = operator(tensor(rng.normal(size=(40, 45)), spatial("x,y")))
    assert count(operator, y, preconditioner="multigrid", rel_tol=1e-5) <= 25


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_traced_coefficients_are_one_trace(name, rng):
    with backend(name), precision(64):
        box = diffusion(np.ones((12, 11))).box

        @jit_compile
        def pressure(weights, y):
            operator = MaskedLaplace(box, weights)
            return solve(LinearProblem(operator, y), Solve("CG", rel_tol=1e-5, preconditioner=CLUSTERS))

        for seed in range(3):
            operator = diffusion(random_cells((12, 11), seed=seed))
            y = operator.divergence(random_faces(operator, rng))
            x, info = pressure(operator.weights, y)
            assert int(info.iterations) <= 25
            assert largest(operator(x) - y) < 1e-4 * largest(y)
        assert pressure.traces == 1


def test_single_precision_connects_nothing(rng):
    """Chambers that are cut off from each other, and clusters that next to nothing flows out of."""
    for jump in (1e4, 1e8):
        operator = diffusion(random_cells((32, 32), jump))
        level = tensor(np.ones((32, 32)), spatial("x,y"))
        assert largest(multigrid(operator, level, 1, True)(level)) < 1e6


def test_settings_show():
    assert repr(CLUSTERS) == "multigrid (V, clusters)" and repr(Multigrid()) == "multigrid (V)"
