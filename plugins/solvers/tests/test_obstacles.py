"""Grids with obstacles: what is left of the divergence, in how many iterations."""

from dataclasses import replace

import numpy as np
import pytest
from phiml_core.math import batch, get_precision, spatial, stack
from phiml_core.solve import Diverged, Incompatible, LinearProblem, NotConverged, SingularOperator, Solve, solve
from phiml_core.transform import jit_compile
from phiml_solvers import MaskedLaplace, solve_increments
from phiml_solvers.borrowed import within_frameworks
from solver_grids import OBSTACLES, SIDES, disc, grid, largest, project, random_faces, tensor, weighted

GOAL = {32: 1e-5, 64: 1e-10}


def left_over(operator, faces, dx=1.0, **settings):
    """Largest divergence relative to the largest velocity over a cell, and the outcome."""
    goal = GOAL[get_precision()]
    scale = max(largest(v) for v in faces) / dx
    projected, info = project(operator, faces, Solve(abs_tol=goal / 2 * scale, norm="max", **settings))
    return largest(operator.divergence(projected)) / scale / goal, info


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("sides", ["closed", "open", "periodic", "open above"])
@pytest.mark.parametrize("shape", OBSTACLES)
def test_divergence_goes_in_few_iterations(shape, sides, smooth, bits, rng):
    operator = grid((48, 40), sides, OBSTACLES[shape]((48, 40)))
    left, info = left_over(operator, random_faces(operator, rng, smooth))
    assert left < 1
    assert info.iterations.item() <= {32: 20, 64: 25}[bits]


@pytest.mark.parametrize("shape", ["disc", "boxes", "pocket"])
def test_divergence_in_3d(shape, bits, place, rng):
    operator = grid((16, 12, 14), ("closed", "periodic", "open above"), OBSTACLES[shape]((16, 12, 14)))
    left, info = left_over(operator, random_faces(operator, rng))
    assert left < 1
    assert info.iterations.item() <= {32: 20, 64: 25}[bits]


@pytest.mark.parametrize("sizes", [(31,), (32,)])
def test_divergence_in_1d(sizes, bits, place, rng):
    solid = np.zeros(sizes, bool)
    solid[10:12] = True
    left, _ = left_over(grid(sizes, "open above", solid), random_faces(grid(sizes, "open above", solid), rng))
    assert left < 1


def test_nearly_closed_cells_cost_no_iterations(bits, rng):
    """A smooth rim of an obstacle has faces that are open by a small fraction."""
    sizes = (64, 64)
    at = np.meshgrid(*[np.arange(n) + 0.5 for n in sizes], indexing="ij")
    open_part = np.clip(np.hypot(at[0] - 30, at[1] - 25) - 10, 0, 1)
    box = grid(sizes)
    weights = [(open_part[1:] + open_part[:-1]) / 2, (open_part[:, 1:] + open_part[:, :-1]) / 2]
    operator = MaskedLaplace(box, tuple(tensor(w, spatial("x,y")) for w in weights))
    left, info = left_over(operator, random_faces(operator, rng))
    assert left < 1
    assert info.iterations.item() <= {32: 9, 64: 17}[bits]


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("smooth", [False, True])
def test_free_box(sides, smooth, bits, rng):
    operator = grid((100, 64), sides)
    left, info = left_over(operator, random_faces(operator, rng, smooth))
    assert left < 1
    assert info.iterations.item() <= 2


@pytest.mark.parametrize("sides", ["closed", "periodic", "open above"])
def test_compiled_free_box(sides, rng):
    """In single precision, where a compiler that contracts or reorders would cost digits."""
    pytest.importorskip("phiml_jax")
    from phiml_core.backend import backend

    with backend("jax"):
        operator = grid((160, 130), sides)
        faces = random_faces(operator, rng, smooth=True)
        scale = max(largest(v) for v in faces)
        compiled = jit_compile(lambda faces, tol: project(operator, faces, Solve(abs_tol=tol, norm="max")))
        projected, info = compiled(faces, 5e-6 * scale)
        assert largest(operator.divergence(projected)) < 1e-5 * scale
        assert info.iterations.item() == 1


@pytest.mark.parametrize("name", ["spectral", "multigrid"])
def test_preconditioners_scale(name, rng):
    """Iterations hardly grow with the grid; the solution keeps its digits in compiled code."""
    pytest.importorskip("phiml_jax")
    from phiml_core.backend import backend

    counts = []
    for n, on in ((48, "numpy"), (192, "numpy"), (96, "jax")):
        with backend(on):
            operator = grid((n, n), "closed", OBSTACLES["disc"]((n, n)))
            faces = random_faces(operator, rng, smooth=True)
            scale = max(largest(v) for v in faces)
            settings = Solve(abs_tol=5e-6 * scale, norm="max", preconditioner=name)
            projected, info = jit_compile(project)(operator, faces, settings)
            assert largest(operator.divergence(projected)) < 1e-5 * scale
            counts.append(info.iterations.item())
    assert max(counts) <= 9


@pytest.mark.parametrize("sides", ["closed", "open above", "periodic"])
@pytest.mark.parametrize("sizes", [(33, 18), (30, 7), (9, 10, 11)])
def test_multigrid_of_any_size(sizes, sides, bits, rng):
    """Odd sizes, slender grids, cells that are no cubes."""
    solid = OBSTACLES["boxes"](sizes)
    operator = grid(sizes, sides, solid, dx=[0.1, 0.25, 0.2][: len(sizes)])
    left, info = left_over(operator, random_faces(operator, rng), preconditioner="multigrid", dx=0.1)
    assert left < 1
    assert info.method.endswith("multigrid") and info.iterations.item() <= {32: 14, 64: 25}[bits]


def test_compiled_equals_eager(bits, rng):
    pytest.importorskip("phiml_jax")
    from phiml_core.backend import backend

    with backend("jax"):
        operator = grid((12, 10), "closed", OBSTACLES["disc"]((12, 10)))
        faces = random_faces(operator, rng)
        settings = Solve(abs_tol=GOAL[bits], norm="max")
        with within_frameworks():
            expected, info = project(operator, faces, settings)
        compiled = jit_compile(lambda operator, faces, settings: project(operator, faces, settings))
        found, compiled_info = compiled(operator, faces, settings)
        for a, b in zip(expected, found):
            assert largest(a - b) < 3 * GOAL[bits]
        assert int(compiled_info.iterations.item()) == int(info.iterations.item())
        compiled(operator, faces, settings.with_(abs_tol=0.1))  # tolerances are no part of the structure
        moved = replace(operator, weights=tuple(w * 0.5 for w in operator.weights))
        compiled(moved, faces, settings)
        assert compiled.traces == 1


def test_each_example_stops_by_itself(place, rng):
    """A batch of right-hand sides and of obstacles gives what the examples give alone."""
    solids = [OBSTACLES["disc"]((20, 18)), OBSTACLES["boxes"]((20, 18))]
    single = [grid((20, 18), "closed", s) for s in solids]
    faces = [random_faces(o, rng) for o in single]
    faces[1] = [v * 1000 for v in faces[1]]
    both = replace(single[0], weights=tuple(stack(list(w), batch("b")) for w in zip(*(o.weights for o in single))))
    together = [stack(list(v), batch("b")) for v in zip(*faces)]
    y = both.divergence(weighted(both, together))
    tolerance = tensor([1e-3, 1e-2], batch("b"))
    _, info = solve_increments(LinearProblem(both, y), Solve(abs_tol=tolerance, norm="max"))
    for i, (operator, own) in enumerate(zip(single, faces)):
        alone = operator.divergence(weighted(operator, own))
        _, expected = solve_increments(LinearProblem(operator, alone), Solve(abs_tol=[1e-3, 1e-2][i], norm="max"))
        assert float(info.residual.b[i]) <= [1e-3, 1e-2][i]
        assert abs(float(info.iterations.b[i]) - float(expected.iterations)) <= 1


@pytest.mark.parametrize("sides", ["closed", "open above", "periodic"])
def test_agrees_with_direct_solve(sides, double, place, rng):
    operator = grid((14, 12), sides, OBSTACLES["pocket"]((14, 12)))
    y = operator.divergence(weighted(operator, random_faces(operator, rng)))
    x, _ = solve(LinearProblem(operator, y), Solve("CG"))
    reference, info = solve(LinearProblem(operator, y), "direct")
    assert bool(info.converged)
    # pressures of pockets are known up to a constant
    difference = weighted(operator, [operator.gradient(x - reference, dim) for dim in operator.dims])
    assert max(largest(d) for d in difference) < 1e-8


def test_no_fluid_at_all(bits, place):
    """An obstacle that fills the domain leaves nothing to solve for."""
    operator = grid((4, 4), "closed", np.ones((4, 4), bool))
    x, info = solve(LinearProblem(operator, tensor(np.zeros((4, 4)), spatial("x,y"))), Solve())
    assert largest(x) == 0 and bool(info.converged)


def test_first_guess_saves_iterations(bits, place, rng):
    operator = grid((32, 32), "closed", OBSTACLES["boxes"]((32, 32)))
    y = operator.divergence(weighted(operator, random_faces(operator, rng)))
    settings = Solve(rel_tol=1e-4)
    x, cold = solve(LinearProblem(operator, y), settings)
    _, warm = solve(LinearProblem(operator, y * 1.01, x), settings)
    assert 0 < warm.iterations.item() < cold.iterations.item()
    _, done = solve(LinearProblem(operator, y), settings.with_(x0=x))
    assert done.iterations.item() == 0


@pytest.mark.parametrize("sides", ["open", "closed"])
@pytest.mark.parametrize("method", ["auto", "CG", "direct"])
def test_sources_that_nothing_flows_out_of_are_refused(method, sides, bits, place, rng):
    """Where all faces of a cell are closed, its row is zero: a value asked for there cannot be produced, and is no rounding error."""
    operator = grid((8, 6), sides, disc((8, 6)))
    y = operator(tensor(rng.normal(size=(8, 6)), spatial("x,y")))
    solve(LinearProblem(operator, y), method)
    inside = tensor(disc((8, 6)), spatial("x,y"))
    with pytest.raises(Incompatible):
        solve(LinearProblem(operator, y + inside), method)
    x, _ = solve(LinearProblem(operator, y + inside), Solve(method, rank_deficiency=1))  # leaves that part out
    assert largest(operator(x) - y) < 1e-3


@pytest.mark.parametrize("method", ["CG", "GMres", "biCG-stab(2)", "minres", "direct"])
@pytest.mark.parametrize("preconditioner", ["none", "jacobi", "multigrid"])
def test_pockets_with_a_source_are_refused(method, preconditioner, bits):
    """Parts that are cut off from the rest have a level of their own each, which the structure does not tell.  No solution that grows
    there is taken for one that only suffers from rounding."""
    solid = np.zeros((8, 6), bool)
    solid[3] = True
    operator = grid((8, 6), "closed", solid)
    y = np.zeros((8, 6))
    y[1, 1], y[6, 1] = 1, -1  # of zero sum, but not in each part
    with pytest.raises((NotConverged, Diverged)):
        settings = Solve(method, preconditioner=None if method == "direct" else preconditioner)
        solve(LinearProblem(operator, tensor(y, spatial("x,y"))), settings)


@pytest.mark.parametrize("method", ["auto", "direct", "GMres"])
def test_shifts_that_make_a_box_singular(method, bits, rng):
    """Up to rounding: a solution of the size of its inverse is none."""
    box = grid((8, 6)).with_coefficients(1.0, 2 - 2 * np.cos(np.pi / 8) + (1e-7 if get_precision() == 32 else 1e-16))
    with pytest.raises((SingularOperator, NotConverged)):
        solve(LinearProblem(box, tensor(rng.normal(size=(8, 6)), spatial("x,y"))), method)
