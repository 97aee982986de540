"""Random chains of linear operations: their operator, its transposes, sums and diagonal against the matrix of what they do."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, concat_shapes, dual, instance, spatial, tensor

PADS = [0, "periodic", "zero-gradient", "symmetric", "reflect", "antisymmetric"]


def operation(rng, sizes):
    """A random linear operation on tensors with these dims."""
    d = str(rng.choice(list(sizes)))
    n, names = sizes[d], ",".join(sizes)
    pad, offset, cut = PADS[rng.integers(len(PADS))], int(rng.integers(1, 3)), int(rng.integers(1, n))
    field = tensor(rng.normal(size=list(sizes.values())), spatial(names))
    line = tensor(rng.normal(size=n), spatial(d))
    square = tensor(rng.normal(size=(n, n)), concat_shapes(spatial(d), dual(d)))
    order = tensor(rng.permutation(n), spatial(d))
    a, b, c = rng.normal(size=3)

    def neighbours(x):
        wide = math.pad(x, {d: (1, 1)}, pad)
        return a * wide[{d: slice(0, -2)}] + b * x + c * wide[{d: slice(2, None)}]

    choices = [
        lambda x: math.roll(x, {d: offset}),
        lambda x: math.flip(x, d),
        lambda x: math.shift(x, (offset,), d, padding=pad, stack_dim=None)[0],
        lambda x: math.laplace(x, padding=pad),
        lambda x: x * field,
        lambda x: x * line,
        lambda x: square @ x,
        lambda x: math.gather(x, order, d),
        lambda x: math.pad(x[{d: slice(cut, None)}], {d: (0, cut)}, 0),
        lambda x: math.concat([x[{d: slice(cut, None)}], x[{d: slice(0, cut)}] * 2], d),
        lambda x: math.expand(math.sum(x, d), spatial(**{d: n})),
        lambda x: x - math.mean(x, d),
        lambda x: math.where(field > 0, x, 0),
        lambda x: math.cumulative_sum(x, d),
        neighbours,
    ]
    return choices[rng.integers(len(choices))]


def chains(rng, sizes):
    """A sum of chains of random operations, as a function."""
    parts = [[operation(rng, sizes) for _ in range(rng.integers(1, 4))] for _ in range(rng.integers(1, 4))]

    def function(x):
        total = 0
        for part in parts:
            value = x
            for step in part:
                value = step(value)
            total = total + value
        return total

    return function


@pytest.mark.parametrize("seed", range(24))
def test_chains(seed):
    rng = np.random.default_rng(seed)
    with math.precision(64):
        for _ in range(4):
            sizes = {d: int(rng.integers(3, 6)) for d in "xyz"[: rng.integers(1, 4)]}
            check(chains(rng, sizes), sizes, rng)


def check(function, sizes, rng):
    dims, names = spatial(**sizes), ",".join(sizes)
    units = np.eye(dims.volume).reshape(-1, *sizes.values())
    matrix = np.stack([function(tensor(u, spatial(names))).numpy(names).ravel() for u in units], 1)
    operator, _ = math.matrix_from_function(function, math.zeros(dims))
    values = rng.normal(size=dims.volume)
    x = tensor(values.reshape(list(sizes.values())), spatial(names))

    def same(found, expected):
        found = math.expand(found, dims).numpy(names).ravel()
        np.testing.assert_allclose(found, expected, atol=1e-10 * dims.volume * (abs(matrix).max() + 1))

    there, back = matrix @ values, matrix.T @ values
    same(operator(x), there)
    same(operator.T(x), back)
    same(operator.T.T(x), there)
    same((operator + operator.T * 2.0)(x), there + 2 * back)
    same((operator.T @ operator)(x), matrix.T @ there)
    same(operator.diagonal(), np.diag(matrix))
    assert not operator.symmetric or np.allclose(matrix, matrix.T)
    if operator.definite:
        values = np.linalg.eigvalsh(matrix if operator.definite == "positive" else -matrix)
        assert values[0] > -1e-10 * values[-1]


def test_sums_that_cancel():
    def function(x):
        return math.expand(math.sum(x - math.mean(x, "x"), "x"), spatial(x=5))

    operator, _ = math.matrix_from_function(function, math.zeros(spatial(x=5)))
    assert abs(operator.T(math.ones(spatial(x=5))).numpy("x")).max() == 0


def test_diagonal_where_dims_change_their_order(rng):
    order, factor = tensor([1, 0, 2, 3], spatial("y")), tensor(rng.normal(size=(3, 4)), spatial("x,y"))
    operator, _ = math.matrix_from_function(lambda x: math.gather(x, order, "y") * factor, factor)
    expected = factor.numpy("x,y") * [0, 0, 1, 1]
    np.testing.assert_allclose(operator.diagonal().numpy("x,y"), expected, rtol=1e-6)


def test_sums_beside_flipped_products(rng):
    """Summed dims of matrices and of sums in one operator."""
    matrix = tensor(rng.normal(size=(3, 3)), concat_shapes(spatial("y"), dual("y")))

    def function(x):
        return math.flip(matrix @ x, "y") + math.expand(math.sum(x, "x"), spatial(x=4)) + math.roll(x, {"x": 1})

    with math.precision(64):
        check(function, {"x": 4, "y": 3}, rng)


# --- vectors, and coefficients with a batch ---

V = channel(vector="x,y")


def of_vectors(rng, grid):
    """A random linear operation on fields of two components."""
    factors = tensor(rng.normal(size=3), batch("b"))
    field = tensor(rng.normal(size=(3, *grid.sizes)), batch("b"), spatial("x,y"))
    matrix = tensor(rng.normal(size=(2, 2)), concat_shapes(V, dual(vector="x,y")))
    lengths = tensor(rng.normal(size=2), V)

    def backward(c):
        return c - math.shift(c, (1,), "x", padding=0, stack_dim=None)[0]

    def packed(v):
        return math.unpack_dim(math.flip(math.pack_dims(v, "x,y", instance("p")), "p"), "p", grid)

    choices = [
        lambda v: math.stack([math.laplace(v.vector["x"], padding=0), v.vector["y"] * 2], V),
        lambda v: math.stack([v.vector["y"], v.vector["x"]], V),
        lambda v: v + math.stack([v.vector["y"], 0 * v.vector["x"]], V),
        lambda v: math.stack([c * (i + 1.0) for i, c in enumerate(math.unstack(v, "vector"))], V),
        lambda v: math.expand(backward(v.vector["x"]), V),
        lambda v: math.expand(math.sum(v, "vector"), V),
        lambda v: matrix @ v,
        lambda v: v * lengths,
        lambda v: v * factors,
        lambda v: v * field,
        lambda v: v - math.mean(v, "x,y"),
        packed,
    ]
    return choices[rng.integers(len(choices))]


@pytest.mark.parametrize("seed", range(16))
def test_chains_of_vectors(seed):
    rng = np.random.default_rng(seed)
    grid = spatial(x=3, y=4)
    with math.precision(64):
        for _ in range(4):
            parts = [[of_vectors(rng, grid) for _ in range(rng.integers(1, 4))] for _ in range(rng.integers(1, 4))]

            def function(v, parts=parts):
                values = [v] * len(parts)
                for k, part in enumerate(parts):
                    for step in part:
                        values[k] = step(values[k])
                return sum(values)

            check_vectors(function, grid, rng)


def check_vectors(function, grid, rng):
    count = 2 * grid.volume

    def flat(t):
        t = math.expand(t, batch(b=3) & grid & V)
        return t.numpy("b,x,y,vector").reshape(3, count)

    def field(values):
        return tensor(values.reshape(*grid.sizes, 2), spatial("x,y"), V)

    matrix = np.stack([flat(function(field(unit))) for unit in np.eye(count)], 2)
    back = matrix.transpose(0, 2, 1)
    operator, _ = math.matrix_from_function(function, field(np.zeros(count)))
    values = rng.normal(size=count)
    x = field(values)
    for found, expected in [
        (operator(x), matrix @ values),
        (operator.T(x), back @ values),
        (operator.T.T(x), matrix @ values),
        ((operator + operator.T * 2.0)(x), matrix @ values + 2 * (back @ values)),
        ((operator.T @ operator)(x), np.einsum("bji,bj->bi", matrix, matrix @ values)),
        (operator.diagonal(), np.einsum("bii->bi", matrix)),
    ]:
        np.testing.assert_allclose(flat(found), expected, atol=1e-9 * (abs(matrix).max() + 1))
    singular = np.linalg.svd(matrix, compute_uv=False)
    if (singular[:, -1] > 1e-3 * singular[:, 0]).all():
        x = flat(math.solve_linear(function, x))
        np.testing.assert_allclose(np.einsum("bij,bj->bi", matrix, x), np.broadcast_to(values, (3, count)), atol=1e-6)
