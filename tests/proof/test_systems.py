"""Linear systems of all kinds meet their tolerance in the true residual, or raise a named error; none is silently wrong.

The residual is computed by NumPy in double precision from the assembled matrix, not by the operator that was solved with.
"""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phiml_core import math
from phiml_core.math import Solve, channel, dual, precision, record_solves, solve_linear, spatial, wrap
from phiml_core.solve import ConvergenceException
from phiml_solvers import Diagonal, Stencil, poisson
from phiml_solvers.assemble import assemble
from proof_matrices import MATRICES

NAMES = "xyz"
SIDES = [
    "periodic",
    ("neumann", "neumann"),
    ("dirichlet", "dirichlet"),
    ("neumann", "dirichlet"),
    ("dirichlet", "neumann"),
]
METHODS = ["auto", "auto", "auto", "CG", "minres", "GMres", "biCG-stab(2)", "lsmr", "direct", "multigrid"]


@st.composite
def operators(draw):
    """A grid operator with random sizes, boundaries and coefficients."""
    rank = draw(st.integers(1, 3))
    largest = {1: 40, 2: 14, 3: 7}[rank]
    sizes = {n: draw(st.integers(2, largest)) for n in NAMES[:rank]}
    shape = spatial(**sizes)
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    kind = draw(st.sampled_from(["box", "masked", "stencil", "composed"]))
    if kind == "stencil":
        offsets = {(0,) * rank: 1.0}
        for axis in range(rank):
            for step in (-1, 1):
                offset = tuple(step if a == axis else 0 for a in range(rank))
                offsets[offset] = wrap(-random.uniform(0, 0.6 / rank, tuple(sizes.values())), shape)
        sides = {n: draw(st.sampled_from(["periodic", "neumann", "dirichlet"])) for n in sizes}
        return Stencil.of(offsets, shape, sides)
    boundary = {n: draw(st.sampled_from(SIDES)) for n in sizes}
    spacing = {n: draw(st.sampled_from([1.0, 0.5, 3.0])) for n in sizes}
    shift, scale = draw(st.sampled_from([(None, None), (None, -2.0), (1.0, -0.3), (-0.5, 1.0)]))
    box = poisson(shape, spacing, boundary, None, shift, scale)
    if kind == "box":
        return box
    if kind == "composed":
        return Diagonal(wrap(random.uniform(0.5, 2, tuple(sizes.values())), shape)) @ box
    jump = 10.0 ** random.uniform(-1, 3)
    weights = []
    for n in sizes:
        faces = box.face_resolution(n)
        open_ = random.uniform(0, 1, faces.sizes) > draw(st.sampled_from([0.0, 0.2]))
        weights.append(wrap(open_ * np.where(random.uniform(0, 1, faces.sizes) > 0.5, 1.0, jump), faces))
    return poisson(shape, spacing, boundary, weights, shift, scale)


class Tally:
    solved = refused = 0


def check(matrix, x, y, info, bits):
    """The promise, by a residual of our own; rounding the coefficients to the precision is no fault of the solver."""
    left = np.linalg.norm(y - matrix @ x)
    rounding = 8 * 2.0 ** (-52 if bits == 64 else -23) * np.linalg.norm(abs(matrix) @ abs(x))
    tolerance = float(math.max(info.tolerance, info.tolerance.shape))
    if info.method == "LSMR" and left > tolerance:  # least squares, where no x has a smaller residual
        slope = np.linalg.norm(matrix.T @ (y - matrix @ x))
        size = np.linalg.norm(matrix.toarray(), 2)
        assert slope <= (1e-4 if bits == 32 else 1e-8) * size * left + rounding * size, (slope, left)
        return
    assert np.isfinite(x).all() and left <= tolerance * 1.01 + rounding, (info.method, left, tolerance)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(operators(), st.sampled_from(METHODS), st.sampled_from([32, 64]), st.booleans(), st.integers(0, 2**31))
def one_system(operator, method, bits, reachable, seed):
    with precision(bits):
        shape = operator.domain
        matrix = scipy.sparse.csr_array(assemble(operator), dtype=np.float64)
        values = np.random.default_rng(seed).normal(size=shape.volume)
        y = (matrix @ values if reachable else values).reshape(shape.sizes)
        y = math.tensor(y.astype(f"float{bits}"), shape)
        try:
            with record_solves() as solves:
                x = solve_linear(operator, y, Solve(method))
        except (ConvergenceException, TypeError, ValueError, NotImplementedError) as error:
            Tally.refused += 1
            assert len(str(error)) > 40, repr(error)  # it says what is wrong
            assert isinstance(error, ConvergenceException) or method != "auto", repr(error)
            return
        Tally.solved += 1
        check(matrix, x.numpy(shape).ravel().astype(float), y.numpy(shape).ravel().astype(float), solves[0], bits)


@pytest.mark.timeout(600)
def test_random_operators():
    Tally.solved = Tally.refused = 0
    one_system()
    assert Tally.solved + Tally.refused >= 300 and Tally.solved > 150


@pytest.mark.parametrize("name", MATRICES)
def test_real_matrices(name):
    """The default in double precision: solved, unless the matrix is singular for this right-hand side or too ill-conditioned."""
    matrix = scipy.sparse.csr_array(MATRICES[name]())
    n = matrix.shape[0]
    random = np.random.default_rng(0)
    x = random.normal(size=n) + (1j * random.normal(size=n) if np.iscomplexobj(matrix.data) else 0)
    y = matrix @ x
    with precision(64):
        given = math.from_scipy(matrix, channel(row=n), dual(row=n))
        try:
            with record_solves() as solves:
                found = solve_linear(given, math.tensor(y, channel("row")), Solve(rel_tol=1e-8))
        except ConvergenceException as error:
            assert name.startswith(("hilbert", "pascal")), f"{name}: {error}"
            return
    left = np.linalg.norm(y - matrix @ found.numpy("row"))
    assert left <= 1e-8 * np.linalg.norm(y) * 1.01, (solves[0].method, left / np.linalg.norm(y))
