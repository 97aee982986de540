"""Random chains of operations on every framework: values as NumPy's, derivatives as differences of values, compiled as eager."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import concat_shapes, dual, instance, precision, spatial, tensor
from phiml_core.transform import gradient, jit_compile

PADS = [0, "periodic", "zero-gradient", "symmetric", "reflect", "antisymmetric"]
FRAMEWORKS = {"jax": "phiml_jax", "torch": "phiml_torch", "tensorflow": "phiml_tf"}


def operation(rng, sizes):
    """A random smooth or piecewise smooth function of tensors with these dims, of any backend."""
    d = str(rng.choice(list(sizes)))
    n, names = sizes[d], ",".join(sizes)
    rule, offset, cut = PADS[rng.integers(len(PADS))], int(rng.integers(1, 3)), int(rng.integers(1, n))
    values, matrix, order = rng.normal(size=list(sizes.values())), rng.normal(size=(n, n)), rng.permutation(n)
    places = rng.random((6, len(sizes))) * (np.array(list(sizes.values())) - 1)

    def field():
        return tensor(values, spatial(names))

    def sampled(x):
        at = tensor(places, instance("places"), math.channel(vector=names))
        return x + 0.1 * math.sum(math.grid_sample(x, at, "zero-gradient"))

    choices = [
        lambda x: math.roll(x, {d: offset}),
        lambda x: math.flip(x, d),
        lambda x: math.shift(x, (offset,), d, padding=rule, stack_dim=None)[0],
        lambda x: math.laplace(x, padding=rule),
        lambda x: x * field(),
        lambda x: tensor(matrix, concat_shapes(spatial(d), dual(d))) @ x,
        lambda x: math.gather(x, tensor(order, spatial(d)), d),
        lambda x: math.pad(x[{d: slice(cut, None)}], {d: (0, cut)}, rule),
        lambda x: math.concat([x[{d: slice(cut, None)}], x[{d: slice(0, cut)}] * 2], d),
        lambda x: x - math.mean(x, d),
        lambda x: math.where(field() > 0, x, x * x),
        lambda x: math.cumulative_sum(x, d),
        lambda x: math.sin(x),
        lambda x: math.exp(-x * x),
        lambda x: x / (1 + x * x),
        lambda x: (x * x + 1) ** 1.5,
        lambda x: math.maximum(x, field()),
        lambda x: math.clip(x, -1, 1),
        lambda x: x / math.sqrt(math.sum(x * x, d) + 1),
        lambda x: x - math.max(x, d),
        lambda x: math.sort(x, d),
        lambda x: x + math.prod(math.tanh(x) + 1.5, d),
        sampled,
    ]
    return choices[rng.integers(len(choices))]


@pytest.fixture(params=list(FRAMEWORKS))
def framework(request):
    pytest.importorskip(FRAMEWORKS[request.param])
    with precision(64):
        yield request.param


@pytest.mark.parametrize("seed", [*range(6), *[pytest.param(s, marks=pytest.mark.long) for s in range(6, 60)]])
def test_chains(framework, seed):
    rng = np.random.default_rng(seed)
    sizes = {d: int(rng.integers(3, 5)) for d in "xyz"[: rng.integers(1, 4)]}
    chain = [operation(rng, sizes) for _ in range(rng.integers(1, 5))]
    dims, names = spatial(**sizes), ",".join(sizes)
    start, direction, other, weights = rng.normal(size=(4, *sizes.values()))

    def function(x):
        for step in chain:
            x = step(x)
        return math.sum(math.expand(x, dims) * tensor(weights, spatial(names)), names)

    def slope(values):
        return gradient(function, get_output=False)(tensor(values, spatial(names)))

    def along(x):
        return math.sum(gradient(function, get_output=False)(x) * tensor(direction, spatial(names)), names)

    def on_numpy(values):
        with math.backend("numpy"):
            return float(function(tensor(values, spatial(names))))

    value, h = on_numpy(start), 1e-6
    change = (on_numpy(start + h * direction) - on_numpy(start - h * direction)) / (2 * h)
    with math.backend(framework):
        x = tensor(start, spatial(names))
        assert float(function(x)) == pytest.approx(value, rel=1e-10, abs=1e-10)
        found, eager = gradient(function)(x)
        assert float(found) == pytest.approx(value, rel=1e-10, abs=1e-10)
        assert (eager.numpy(names) * direction).sum() == pytest.approx(change, rel=2e-5, abs=2e-5)
        found, compiled = jit_compile(gradient(function))(x)
        assert float(found) == pytest.approx(value, rel=1e-10, abs=1e-10)
        np.testing.assert_allclose(compiled.numpy(names), eager.numpy(names), rtol=1e-9, atol=1e-9)
        second = gradient(along, get_output=False)(x).numpy(names)
        ahead, behind = (slope(start + s * 1e-5 * other).numpy(names) for s in (1, -1))
        change = ((ahead - behind) * direction).sum() / 2e-5
        assert (second * other).sum() == pytest.approx(change, rel=1e-4, abs=1e-4)
