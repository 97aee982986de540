"""Compositions of operators: against dense matrices, and with their structure kept."""

import importlib.util

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import batch, channel, dual, precision, spatial, tensor, wrap
from phiml_solvers.assemble import assemble
from phiml_solvers.operator import (
    DenseMatrix,
    Diagonal,
    Identity,
    Product,
    Separable,
    SparseMatrix,
    Stencil,
    Sum,
    Zero,
    inverse,
    poisson,
    restricted,
)
from phiml_solvers.trace import structured, transposed
from traced_functions import inner, largest, unit_grids, weighted_laplace

GRID = spatial(x=5, y=6)
BACKENDS = ["numpy"] + [n for n, p in (("torch", "torch"), ("jax", "jax"), ("tensorflow", "tf")) if importlib.util.find_spec(f"phiml_{p}")]  # fmt: skip
SIDES = ("periodic", "neumann", "dirichlet", "absent")


@pytest.fixture(params=BACKENDS)
def each(request):
    with backend(request.param), precision(64):
        yield request.param


def field(rng, low=-1.0):
    return tensor(rng.uniform(low, 1, (5, 6)), spatial("x,y"))


def operators(rng):
    """One of each class, on the same grid."""
    star = {(0, 0): field(rng), (1, 0): field(rng), (-1, 0): 0.5, (0, 2): -1.0, (1, 1): field(rng)}
    faces = [tensor(rng.uniform(0, 1, s), spatial("x,y")) for s in ((4, 6), (5, 5))]
    matrix = rng.normal(size=(30, 30)) * (rng.uniform(size=(30, 30)) < 0.2)
    from scipy.sparse import coo_array

    return {
        "identity": Identity(GRID),
        "zero": Zero(GRID),
        "diagonal": Diagonal(field(rng)),
        "box": poisson(GRID, (0.5, 2.0), {"x": "periodic", "y": ("neumann", "dirichlet")}, shift=0.5),
        "masked": poisson(GRID, 0.5, "neumann", faces),
        "stencil": Stencil.of(star, GRID, {"x": "dirichlet", "y": ("absent", "neumann")}),
        "periodic stencil": Stencil.of(star, GRID, {"x": "periodic", "y": "absent"}),
        "sparse": SparseMatrix.of(coo_array(matrix), GRID),
        "dense": DenseMatrix(tensor(matrix.reshape(5, 6, 5, 6), spatial("x,y"), dual("x,y"))),
        "separable": Separable(
            (
                DenseMatrix(tensor(rng.normal(size=(5, 5)), spatial("x"), dual("x"))),
                DenseMatrix(tensor(rng.normal(size=(6, 6)), spatial("y"), dual("y"))),
            )
        ),
        "traced": structured(lambda x: x - math.mean(x, "y") * field(np.random.default_rng(3)), field(rng)),
    }


def matrix_of(operator):
    """By unit vectors."""
    result = operator(unit_grids())
    result = math.expand(result, GRID)
    return result.numpy("x,y,b").reshape(30, 30)


NAMES = tuple(operators(np.random.default_rng(0)))


@pytest.mark.parametrize("name", NAMES)
def test_adjoint_identity(name, each, rng):
    operator, x, y = operators(rng)[name], field(rng), field(rng)
    for composed in (
        operator,
        2.5 * operator,
        operator + Diagonal(field(rng)),
        operator @ operators(rng)["stencil"],
        operator.T,
    ):
        assert abs(inner(composed(x), y) - inner(x, composed.T(y))) < 1e-10


@pytest.mark.parametrize("name", NAMES)
def test_assembly_diagonal_and_transpose(name, double, rng):
    operator = operators(rng)[name]
    matrix = matrix_of(operator)
    if name != "traced":
        np.testing.assert_allclose(assemble(operator).toarray(), matrix, atol=1e-12)
        np.testing.assert_allclose(assemble(operator.T).toarray(), matrix.T, atol=1e-12)
    np.testing.assert_allclose((operator.diagonal() + 0 * field(rng)).numpy("x,y").ravel(), np.diag(matrix), atol=1e-12)
    if operator.symmetric:
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    if operator.definite:
        values = np.linalg.eigvalsh(matrix)
        assert (values.min() if operator.definite == "positive" else -values.max()) > -1e-10
    if hasattr(operator, "largest"):
        largest_value = operator.largest
        largest_value = float(largest_value.numpy()) if hasattr(largest_value, "numpy") else largest_value
        assert abs(np.linalg.eigvals(matrix)).max() <= largest_value * (1 + 1e-12)


def expressions():
    """Random expressions of operators by name."""
    leaves = st.sampled_from(NAMES)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("+"), inner, inner),
            st.tuples(st.just("-"), inner, inner),
            st.tuples(st.just("@"), inner, inner),
            st.tuples(st.just("*"), st.sampled_from([2.0, -0.5, 1, "field"]), inner),
            st.tuples(st.just("T"), inner),
        ),
        max_leaves=4,
    )


def evaluate(expression, known, matrices, values):
    """The operator and the dense matrix of an expression."""
    if isinstance(expression, str):
        return known[expression], matrices[expression]
    word, *parts = expression
    if word == "*":
        operator, matrix = evaluate(parts[1], known, matrices, values)
        if parts[0] == "field":
            return values * operator, values.numpy("x,y").reshape(-1, 1) * matrix
        return parts[0] * operator, parts[0] * matrix
    done = [evaluate(p, known, matrices, values) for p in parts]
    if word == "T":
        return done[0][0].T, done[0][1].T
    (a, m), (b, n) = done
    return (a + b, m + n) if word == "+" else (a - b, m - n) if word == "-" else (a @ b, m @ n)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions(), st.integers(0, 3))
def test_random_compositions_against_dense_matrices(expression, seed):
    with precision(64):
        rng = np.random.default_rng(seed)
        known = operators(rng)
        matrices = {name: matrix_of(operator) for name, operator in known.items()}
        x, y, values = field(rng), field(rng), field(rng)
        operator, matrix = evaluate(expression, known, matrices, values)
        scale = 1 + abs(matrix).max() * 30
        result = (operator(x) + 0 * x).numpy("x,y").ravel()
        np.testing.assert_allclose(result, matrix @ x.numpy("x,y").ravel(), atol=1e-12 * scale)
        back = (operator.T(y) + 0 * y).numpy("x,y").ravel()
        np.testing.assert_allclose(back, matrix.T @ y.numpy("x,y").ravel(), atol=1e-12 * scale)
        if operator.symmetric:
            np.testing.assert_allclose(matrix, matrix.T, atol=1e-10 * scale)
        if operator.definite:
            assert np.linalg.eigvalsh(matrix).min() * (
                1 if operator.definite == "positive" else -1
            ) > -1e-9 * scale or (operator.definite == "negative" and np.linalg.eigvalsh(matrix).max() < 1e-9 * scale)


@st.composite
def stencils(draw):
    rank = draw(st.integers(1, 3))
    sizes = tuple(draw(st.integers(1, 5)) for _ in range(rank))
    count = draw(st.integers(1, 5))
    offsets = draw(
        st.lists(
            st.tuples(*[st.integers(-min(2, n), min(2, n)) for n in sizes]), min_size=count, max_size=count, unique=True
        )
    )
    varies = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    pairs = []
    for _ in range(rank):
        lower = draw(st.sampled_from(SIDES))
        pairs.append((lower, lower if lower == "periodic" else draw(st.sampled_from(SIDES[1:]))))
    return sizes, offsets, varies, pairs, draw(st.integers(0, 99))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(stencils())
def test_random_stencils_against_dense_matrices(case):
    """Applied, assembled, transposed, traced and transposed, in one to three dims with every mix of sides."""
    sizes, offsets, varies, pairs, seed = case
    with precision(64):
        rng = np.random.default_rng(seed)
        names = "xyz"[: len(sizes)]
        dims = spatial(**dict(zip(names, sizes)))
        values = [tensor(rng.normal(size=sizes), spatial(*names)) if v else float(rng.normal()) for v in varies]
        operator = Stencil.of(dict(zip(offsets, values)), dims, dict(zip(names, pairs)))
        n = dims.volume
        units = tensor(np.eye(n).reshape(n, *sizes), batch("b"), spatial(*names))
        order = ",".join((*names, "b"))
        matrix = operator(units).numpy(order).reshape(n, n)
        np.testing.assert_allclose(assemble(operator).toarray(), matrix, atol=1e-12)
        found = structured(lambda x: operator(x), math.zeros(dims))
        for other, want in ((found, matrix), (operator.T, matrix.T), (transposed(found), matrix.T)):
            result = math.expand(other(units), dims)
            np.testing.assert_allclose(result.numpy(order).reshape(n, n), want, atol=1e-12)
        np.testing.assert_allclose((operator.diagonal() + 0 * units.b[0]).numpy(names if len(names) == 1 else ",".join(names)).ravel(), np.diag(matrix), atol=1e-12)  # fmt: skip


def test_structure_is_kept(double, rng):
    known = operators(rng)
    box, masked, stencil, diagonal = (known[n] for n in ("box", "masked", "stencil", "diagonal"))
    kinds = {
        "BoxLaplace": (2.0 * box, box + 3.0 * Identity(), -box, box - 1.0 * Identity(GRID), box + box, box / 2.0, Identity() @ box, sum([box, box])),
        "MaskedLaplace": (masked * 2.0, masked + Diagonal(0.5), Diagonal(2.0) @ masked),
        "Stencil": (stencil + stencil, 3.0 * stencil, stencil + Identity(), stencil + diagonal, diagonal @ stencil, box + diagonal),
        "Diagonal": (diagonal @ diagonal, diagonal + Identity(), 2.0 * Identity(GRID), inverse(diagonal), field(rng) * Identity(GRID)),
        "Zero": (Zero(GRID) @ stencil, stencil @ Zero(GRID)),
        "Product": (stencil @ stencil, diagonal @ box, diagonal @ masked, 2.0 * (diagonal @ box), inverse(stencil @ box)),
        "Sum": (stencil + masked, masked + diagonal),
        "Inverse": (inverse(box), 1.0 * inverse(box).T),
        "Identity": (inverse(Identity(GRID)), Identity() @ Identity(GRID)),
    }  # fmt: skip
    for name, found in kinds.items():
        for operator in found:
            assert type(operator).__name__ == name, (name, operator)
    assert inverse(inverse(stencil)) is stencil
    assert (stencil.T @ stencil).symmetric and (stencil.T @ stencil).T is not None
    assert (
        (2.0 * masked).definite == "negative"
        and (-masked).definite == "positive"
        and masked.singular
        and (-masked).singular
    )
    assert (masked + Diagonal(-1.0)).definite == "negative" and (masked + Diagonal(1.0)).definite is None


def test_factors_may_be_tensors_and_batches(each, rng):
    box, x = operators(rng)["box"], field(rng)
    steps = tensor([0.1, 0.2], batch("steps"))
    operator = Identity() - steps * box
    assert type(operator).__name__ == "BoxLaplace"
    assert largest(operator(x) - (x - steps * box(x))) < 1e-12
    sparse = operators(rng)["sparse"]
    assert largest((steps * sparse)(x) - steps * sparse(x)) < 1e-12


def test_composition_is_seen_through(double, rng):
    """A sum or product that is no single class is traced to one."""
    x = field(rng)
    weights = field(rng, 0.5)
    masked = structured(lambda x: weighted_laplace(x, weights), x)
    total = masked + Diagonal(-weights)
    assert isinstance(total, Sum)
    assert type(structured(lambda x: total(x), x)) is Stencil
    product = Diagonal(weights) @ masked
    assert isinstance(product, Product) and type(structured(lambda x: product(x), x)) is Stencil


def test_coarser_grids(double, rng):
    fine = spatial(x=6, y=4)
    for operator in (poisson(fine, 0.5, "neumann"), Stencil.of({(0, 0): 2.0, (1, 0): -1.0}, fine, "absent")):
        coarse = restricted(operator)
        assert coarse.domain == spatial(x=3, y=2)
        y = tensor(rng.normal(size=(3, 2)), spatial("x,y"))
        assert abs(inner(coarse(y), y * y) - inner(y, coarse.T(y * y))) < 1e-11
    matrix = assemble(coarse).toarray()
    units = tensor(np.eye(6).reshape(6, 3, 2), batch("b"), spatial("x,y"))
    np.testing.assert_allclose(coarse(units).numpy("x,y,b").reshape(6, 6), matrix, atol=1e-12)
    with pytest.raises(ValueError, match="multiple"):
        restricted(poisson(spatial(x=5, y=4)))


def test_inverse_solves(double, rng):
    box, x = operators(rng)["box"], field(rng)
    solved = inverse(box)
    assert largest(solved(box(x)) - x) < 1e-8
    assert largest((inverse(box @ box))(box(box(x))) - x) < 1e-7
    assert solved.T.operator.symmetric


def test_errors(rng):
    with pytest.raises(ValueError, match="not known"):
        assemble(Identity())
    with pytest.raises(TypeError):
        Identity() + 1
    with pytest.raises(TypeError):
        Identity() * Identity()
    with pytest.raises(NotImplementedError, match="diagonal"):
        inverse(operators(rng)["box"]).diagonal()
    assert wrap(1.0) * Identity() is not None


@pytest.mark.parametrize("shape", [(7, 7), (7, 4), (4, 7)], ids=str)
def test_transposes_of_bands(shape, rng):
    """Whose entries, listed by rows, are in an order by columns that is its own inverse."""
    band = scipy.sparse.diags([-1.0, 2.5, -0.5], [-1, 0, 1], shape=shape).tocsr()
    y = rng.normal(size=shape[0])
    with precision(64):
        operator = SparseMatrix.of(band, channel(u=shape[1]), channel(i=shape[0]))
        np.testing.assert_allclose(operator.T(wrap(y, channel("i"))).numpy("u"), y @ band.toarray(), atol=1e-12)
