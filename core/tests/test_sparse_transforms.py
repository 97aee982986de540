"""Sparse tensors in transformed functions: gradients with respect to values, compiled functions, loops."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, concat_shapes, dual, instance, precision, spatial, wrap
from phiml_core.tensor.sparse import UnknownPositions
from phiml_core.tree import tree_leaves

FORMATS = ["coo", "csr", "csc", "compact-cols", "compact-rows"]
PATTERN = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 1], [1, 0, 0]])


@pytest.fixture(autouse=True)
def double():
    with precision(64):
        yield


@pytest.fixture
def A(rng):
    return PATTERN * rng.uniform(0.5, 1.5, PATTERN.shape)


@pytest.fixture
def y(rng):
    return rng.normal(size=3)


def sparse(array, format="csr", names="x,y"):
    row, column = names.split(",")
    return math.to_format(math.tensor(array, spatial(row), dual(column)), format)


def close(t, expected, names="x,~y"):
    assert np.allclose(t.numpy(names), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("format", FORMATS)
def test_gradient_of_a_product(framework, run, format, A, y):
    f = run(math.gradient(lambda m, v: math.l2_loss(m @ v), "m,v", get_output=False))
    slope, back = f(sparse(A, format), math.tensor(y, spatial("y")))
    assert slope.format == format  # the gradient has the pattern of the tensor
    close(slope, np.outer(A @ y, y) * PATTERN)
    close(back, A.T @ (A @ y), "y")


def test_second_derivatives(framework, A, y):
    def loss(m, v):
        return math.l2_loss(m @ v)

    inner = math.gradient(loss, "v", get_output=False)
    slope = math.gradient(lambda m, v: math.l2_loss(inner(m, v)), "v", get_output=False)
    square = A.T @ A
    close(slope(sparse(A), math.tensor(y, spatial("y"))), square @ square @ y, "y")


STEPS = {
    "sum": lambda m: math.sum_(m, "x") ** 2,
    "mean": lambda m: math.mean(m, "x") ** 2,
    "max": lambda m: math.max_(m, "x") ** 2,
    "elementwise": lambda m: (math.sin(m) * m + m / 2 - abs(m)) ** 2,
    "scaled": lambda m: (m * wrap([1.0, 2, 3, 4], spatial("x"))) ** 2,
    "dense": lambda m: math.dense(m) ** 2,
    "formats": lambda m: math.to_format(math.to_format(m, "csc"), "coo") ** 2,
    "slices": lambda m: m.x[1:][{"~y": [2, 0]}] ** 2,
    "joined": lambda m: math.concat([m, 2 * m.x[:2]], "x") ** 2,
    "turned": lambda m: math.rename_dims(m, "x,~y", concat_shapes(dual("x"), spatial("y"))) ** 2,
    "other pattern": lambda m: (m + sparse(np.eye(4, 3))) * (sparse(np.eye(4, 3)) - m),
    "product": lambda m: (m @ sparse(np.arange(6.0).reshape(3, 2), "csr", "y,z")) ** 2,
    "values": lambda m: math.stored_values(m) ** 2,
}


@pytest.mark.parametrize("name", STEPS)
def test_gradients_by_differences(framework, name, A):
    """Central differences in double precision, of a function of the stored values."""
    step = STEPS[name]
    index = wrap(np.argwhere(PATTERN), instance("e"), channel(index="x,~y"))
    weights = {}

    def loss(values):
        result = step(math.sparse_tensor(index, values, spatial(x=4) & dual(y=3), format="csr"))
        total = 0.0
        for leaf in tree_leaves(result):
            leaf = math.dense(leaf)
            weights.setdefault(leaf.shape, np.random.default_rng(1).uniform(1, 2, leaf.shape.sizes))
            total = total + math.sum_(leaf * wrap(weights[leaf.shape], leaf.shape), leaf.shape)
        return total

    at = A[PATTERN > 0]
    slope = math.gradient(loss, get_output=False)(math.tensor(at, instance("e"))).numpy()
    h = 1e-6
    for i in range(len(at)):
        ahead, behind = (float(loss(math.tensor(at + s * h * np.eye(len(at))[i], instance("e")))) for s in (1, -1))
        assert np.isclose(slope[i], (ahead - behind) / (2 * h), rtol=1e-6, atol=1e-7), (name, i)


def test_one_trace_for_all_values_and_positions(framework, A, y):
    f = math.jit_compile(lambda m, v: 2 * m @ v)
    v = math.tensor(y, spatial("y"))
    close(f(sparse(A), v), 2 * A @ y, "x")
    close(f(3 * sparse(A), v), 6 * A @ y, "x")
    other = A[[1, 0, 3, 2]][:, [2, 1, 0]]  # as many entries at other positions
    close(f(sparse(other), v), 2 * other @ y, "x")
    assert math.trace_count(f) == 1
    close(f(sparse(A, "coo"), v), 2 * A @ y, "x")
    assert math.trace_count(f) == 2


COMPILED = {
    "elementwise": lambda m: abs(-m) * wrap([1.0, 2, 3, 4], spatial("x")) / 2 + m,
    "sum": lambda m: math.sum_(m, "~y"),
    "max": lambda m: math.max_(m, "x"),
    "dense": math.dense,
    "slices": lambda m: m.x[1:3],
    "one row": lambda m: m.x[2],
    "flipped": lambda m: math.flip(m, "~y"),
    "turned": lambda m: math.rename_dims(m, "x,~y", concat_shapes(dual("x"), spatial("y"))),
    "joined": lambda m: math.concat([m, m], "x"),
    "stacked": lambda m: math.stack([m, 2 * m], batch("b")),
    "to coo": lambda m: math.to_format(m, "coo"),
    "to csr": lambda m: math.to_format(m, "csr"),
    "to csc": lambda m: math.to_format(m, "csc"),
}


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_as_eager(framework, name, A):
    """Positions are arguments of the compiled function, so that nothing may depend on them."""
    f = COMPILED[name]
    for format in FORMATS if name in ("dense", "to csr") else ("csr", "compact-cols"):
        m = sparse(A, format)
        eager, compiled = f(m), math.jit_compile(f)(m)
        names = eager.shape.names
        assert np.allclose(compiled.numpy(names), eager.numpy(names)), format
        assert math.is_sparse(compiled) == math.is_sparse(eager)


def test_two_patterns_while_compiling(framework, A, y):
    m, other = sparse(A), sparse(np.eye(4, 3))
    added = math.jit_compile(lambda a, b: a - b)(m, other)
    close(added, A - np.eye(4, 3))
    close(added @ math.tensor(y, spatial("y")), (A - np.eye(4, 3)) @ y, "x")
    right = math.rename_dims(other, "x,~y", concat_shapes(dual("z"), spatial("y")))
    for f in (lambda a, b: a * b, lambda a, b: a @ right, lambda a, b: math.to_format(a, "compact-cols")):
        with pytest.raises(UnknownPositions, match=r"compiled.*known indices"):
            math.jit_compile(f)(m, other)


def test_positions_made_while_compiling_are_known(framework, A, y):
    index = wrap(np.argwhere(PATTERN), instance("e"), channel(index="x,~y"))

    @math.jit_compile
    def f(values, v):
        m = math.sparse_tensor(index, values, spatial(x=4) & dual(y=3))
        turned = math.rename_dims(m, "x,~y", concat_shapes(dual("x"), spatial("y")))
        return math.to_format(turned @ m, "compact-cols") @ v

    result = f(math.tensor(A[PATTERN > 0], instance("e")), math.tensor(y, spatial("y")))
    close(result, A.T @ A @ y, "y")


def test_in_loops_and_branches(framework, rng):
    square = np.eye(4) + 0.1 * rng.normal(size=(4, 4))
    m = math.to_format(math.tensor(square, spatial("x"), dual("x")), "csr")

    @math.jit_compile
    def power(m, v):
        _, v = math.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, m @ v), (0, v))
        return math.cond(v.x[0] > 1e9, lambda t, v: v, lambda t, v: t @ v, m, v)

    v = rng.normal(size=4)
    close(power(m, math.tensor(v, spatial("x"))), np.linalg.matrix_power(square, 4) @ v, "x")
    close(math.jit_compile(lambda t: math.cond(t.sum > 1e9, lambda u: u, lambda u: 2 * u, t))(m), 2 * square, "x,~x")


def test_trees_stack_and_stop(framework, A, y):
    m = sparse(A)
    v = math.tensor(y, spatial("y"))
    slope = math.gradient(lambda v: math.l2_loss(math.stop_gradient(m * v.y[0]) @ v), get_output=False)(v)
    close(slope, (y[0] ** 2) * A.T @ A @ y, "y")
    tree = math.stack([{"m": m}, {"m": 2 * m}], batch("b"))
    close(tree["m"], np.stack([A, 2 * A]), "b,x,~y")


@pytest.mark.parametrize("format", ["compact-cols", "compact-rows"])
def test_unused_slots_do_not_count(framework, run, format, A):
    """Where positions are not known, reductions of stored values leave out the slots that hold none."""

    def reduced(m):
        many = [op(m, dims) for op in (math.max_, math.min_, math.mean) for dims in ("~y", "x", "x,~y")]
        return *many, math.all_(m != 0, "~y"), math.any_(m > 10, "x")

    columns, rows = (np.where(PATTERN.any(a), A.sum(a) / PATTERN.sum(a).clip(1), np.nan) for a in (0, 1))
    stored = np.where(PATTERN, -A, np.nan)
    found = run(reduced)(sparse(-A, format))
    none = ~PATTERN.any(1)
    with np.errstate(all="ignore"):
        close(found[0], np.where(none, -np.inf, np.where(PATTERN, -A, -np.inf).max(1)), "x")
        close(found[1], np.nanmax(stored, 0), "~y")
        close(found[2], np.nanmax(stored), "")
        close(found[3], np.where(none, np.inf, np.where(PATTERN, -A, np.inf).min(1)), "x")
        close(found[4], np.nanmin(stored, 0), "~y")
    np.testing.assert_allclose(found[6].numpy("x"), -rows)
    np.testing.assert_allclose(found[7].numpy("~y"), -columns)
    np.testing.assert_allclose(found[8].numpy(""), np.nanmean(stored))
    assert found[9].numpy("x").all() and not found[10].numpy("~y").any()
