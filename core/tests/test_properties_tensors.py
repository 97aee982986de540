"""Alignment, slicing, stacking and packing of any tensors, against NumPy."""

import importlib.util

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import batch, channel, instance, spatial, tensor
from phiml_core.shape import EMPTY, concat_shapes, merge_shapes
from phiml_core.tensor import Dense, Stacked

BACKENDS = ["numpy"] + [name for name in ("jax",) if importlib.util.find_spec(f"phiml_{name}")]

SIZES = {"a": 2, "b": 3, "c": 4, "d": 1}
KINDS = {"a": batch, "b": spatial, "c": channel, "d": instance}
FULL = "abcd"


def examples(name):
    """Fewer for backends that compile an operation for each new structure."""
    return settings(max_examples=100 if name == "numpy" else 10, deadline=None, suppress_health_check=list(HealthCheck))


def everywhere(*strategies):
    """A property that holds on every backend."""

    def decorate(function):
        def test(name):
            @examples(name)
            @given(st.tuples(*strategies))
            def holds(values):
                with backend(name):
                    function(*[v(name) if callable(v) else v for v in values])

            holds()

        test.__doc__ = function.__doc__
        return pytest.mark.parametrize("name", BACKENDS)(test)

    return decorate


@st.composite
def tensors(draw, names=FULL):
    """A tensor with some of the dims in any order, dense, constant along some, or stacked; and its array over all dims.

    Drawn as a recipe, since the backend is chosen later.
    """
    dims = draw(st.permutations(names).flatmap(lambda p: st.integers(0, len(p)).map(lambda n: p[:n])))
    constant = draw(st.sets(st.sampled_from(dims))) if dims else set()
    stacked = draw(st.sampled_from([*dims, None]))
    values = draw(st.integers(0, 2**31))

    def make(name):
        stored = [d for d in dims if d not in constant]
        array = np.random.default_rng(values).integers(-5, 6, [SIZES[d] for d in stored]).astype(np.float32)
        shape = concat_shapes(*(KINDS[d](**{d: SIZES[d]}) for d in stored)) if stored else EMPTY
        t = tensor(array, shape) if stored else tensor(float(array))
        t = math.expand(t, merge_shapes(EMPTY, *(KINDS[d](**{d: SIZES[d]}) for d in constant)))
        if stacked is not None:
            t = math.stack(math.unstack(t, stacked), KINDS[stacked](**{stacked: SIZES[stacked]}))
            assert isinstance(t, Stacked)
        return t

    return make


def full(t):
    """The values of a tensor as a NumPy array over all dims, of size 1 along those it has not."""
    have = [d for d in FULL if d in t.shape.names]
    array = t.numpy(",".join(have)) if have else np.asarray(t.numpy())
    return array.reshape([t.shape.get_size(d) if d in have else 1 for d in FULL])


@everywhere(tensors(), tensors())
def test_operands_align(x, y):
    """Whatever the order, the layout and the missing dims."""
    for result, expected in (
        (x + y, full(x) + full(y)),
        (x * y - 2 * x, full(x) * full(y) - 2 * full(x)),
        (math.maximum(x, y), np.maximum(full(x), full(y))),
        (x < y, full(x) < full(y)),
        (math.where(x > 0, y, x), np.where(full(x) > 0, full(y), full(x))),
    ):
        assert result.shape == x.shape & y.shape
        assert np.array_equal(full(result), expected)


@everywhere(tensors(), st.sets(st.sampled_from(FULL)))
def test_reductions(x, names):
    names = [n for n in FULL if n in names and n in x.shape.names]
    axes = tuple(FULL.index(n) for n in names)
    dims = ",".join(names)
    for word, numpy in ((math.sum_, np.sum), (math.max_, np.max), (math.mean, np.mean)):
        found = word(x, dims)
        assert found.shape == x.shape.without(names)
        assert np.allclose(full(found), numpy(full(x), axes, keepdims=True) if axes else full(x), atol=1e-5)


@everywhere(
    tensors(), st.sampled_from(FULL), st.slices(4), st.integers(-4, 3), st.lists(st.integers(-4, 3), max_size=5)
)
def test_slices(x, name, item, position, positions):
    if name not in x.shape.names:
        return
    axis, size = FULL.index(name), SIZES[name]
    assert np.array_equal(full(x[{name: item}]), full(x)[(slice(None),) * axis + (item,)])
    if -size <= position < size:
        found = x[{name: position}]
        assert found.shape == x.shape.without(name)
        assert np.array_equal(full(found), np.take(full(x), [position], axis))
    positions = [p for p in positions if -size <= p < size]
    if positions:
        assert np.array_equal(full(x[{name: positions}]), np.take(full(x), positions, axis))
        index = math.wrap(positions, KINDS[name](name))
        assert np.array_equal(full(x[{name: index}]), np.take(full(x), positions, axis))
    mask = np.arange(size) % 2 == position % 2
    assert np.array_equal(full(x[{name: math.wrap(mask, KINDS[name](name))}]), np.compress(mask, full(x), axis))


@everywhere(tensors(), st.sampled_from(FULL))
def test_unstacking_and_stacking(x, name):
    if name not in x.shape.names:
        return
    parts = math.unstack(x, name)
    assert len(parts) == SIZES[name] and all(p.shape == x.shape.without(name) for p in parts)
    for again in (
        math.stack(parts, x.shape[name]),
        math.concat([x[{name: slice(i, i + 1)}] for i in range(SIZES[name])], name),
    ):
        assert again.shape == x.shape and np.array_equal(full(again), full(x))


@everywhere(tensors(), st.permutations(FULL), st.integers(0, 4))
def test_packing_and_unpacking(x, order, count):
    packed = [n for n in order if n in x.shape.names][:count]
    if not packed:
        return
    found = math.pack_dims(x, ",".join(packed), instance("packed"))
    rest = [n for n in FULL if n in x.shape.names and n not in packed]
    expected = x.numpy(",".join([*packed, *rest])).reshape([-1, *[SIZES[n] for n in rest]])
    assert np.array_equal(found.numpy(",".join(["packed", *rest])), expected)
    again = math.unpack_dim(found, "packed", x.shape[",".join(packed)])
    assert again.shape == x.shape and np.array_equal(full(again), full(x))


@everywhere(tensors(), st.permutations(FULL))
def test_native_order(x, order):
    order = [n for n in order if n in x.shape.names]
    array = x.numpy(",".join(order)) if order else x.numpy()
    assert array.shape == tuple(SIZES[n] for n in order)
    if order:
        again = tensor(array, x.shape[",".join(order)])
        assert isinstance(again, Dense) and np.array_equal(full(again), full(x))


@everywhere(
    tensors(),
    st.sampled_from(FULL),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["wrap", "edge", "symmetric"]),
)
def test_padding(x, name, lower, upper, mode):
    if name not in x.shape.names:
        return
    names = {"wrap": "periodic", "edge": "zero-gradient", "symmetric": "symmetric"}
    found = math.pad(x, {name: (lower, upper)}, names[mode])
    widths = [(lower, upper) if n == name else (0, 0) for n in FULL]
    assert np.array_equal(full(found), np.pad(full(x), widths, mode=mode))


@everywhere(tensors("abc"), st.integers(0, 2**31))
def test_reading_at_positions(grid, seed):
    if "b" not in grid.shape.names:
        return
    index = math.wrap(np.random.default_rng(seed).integers(0, SIZES["b"], 5), instance("d_"))
    found = math.gather(grid, index, "b")
    rest = ",".join(n for n in "ac" if n in grid.shape.names)
    expected = np.take(grid.numpy(f"b,{rest}" if rest else "b"), index.numpy(), 0)
    assert np.array_equal(found.numpy(f"d_,{rest}" if rest else "d_"), expected)


@everywhere(tensors(), st.sampled_from(FULL))
def test_renaming_and_flipping(x, name):
    if name not in x.shape.names:
        return
    renamed = math.rename_dims(x, name, "z")
    assert "z" in renamed.shape.names and renamed.shape.get_type("z") == x.shape.get_type(name)
    assert np.array_equal(full(math.rename_dims(renamed, "z", name)), full(x))
    axis = FULL.index(name)
    assert np.array_equal(full(math.flip(x, name)), np.flip(full(x), axis))
    assert np.array_equal(full(math.roll(x, {name: 2})), np.roll(full(x), 2, axis))
