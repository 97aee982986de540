"""Functions of slices, of dims of other types, and of pairs; repeated functions that stop early."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, dual, instance, spatial, tensor, wrap
from phiml_core.shape import ShapeError


def vector(*values):
    return tensor([float(v) for v in values], spatial("x"))


# --- map ---


def test_map(everywhere):
    x = tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3), batch("b"), spatial("x"))
    found = math.map(lambda v, k: max(v, 2.0) * k, x, 10)
    assert isinstance(found, math.Tensor) and found.shape == x.shape
    np.testing.assert_allclose(found.numpy("b,x"), np.maximum(np.arange(6.0).reshape(2, 3), 2) * 10)
    sums, lasts = math.map(lambda row, label: (math.sum_(row), {"last": row.x[-1]}), x, label="a", dims="b")
    assert sums.numpy().tolist() == [3, 12] and lasts["last"].numpy().tolist() == [2, 5]
    assert math.map(lambda v: None, x) is None


def test_map_slices_trees_and_keywords(everywhere):
    x = tensor(np.arange(4.0, dtype=np.float32).reshape(2, 2), batch("b"), spatial("x"))
    tree = {"a": x, "b": [vector(5, 6)]}
    found = math.map(
        lambda t, y: math.sum_(t["a"]) + t["b"][0].x[1] + y, tree, dims=batch, y=tensor([10.0, 20.0], batch("b"))
    )
    assert found.numpy().tolist() == [17, 31]


def test_map_options(everywhere):
    x, seen = vector(1, 2, 3), []

    def counting(n):
        seen.append(n)
        return range(n)

    same = vector(7)
    assert math.map(lambda v: same, x, range=counting, simplify=True) is same
    assert seen == [3]
    assert math.map(lambda v: math.ones(channel(c=2)), x).shape == spatial(x=3) & channel(c=2)
    kinds = math.map(lambda v: float(isinstance(v, math.Tensor)), x, unwrap_scalars=False)
    assert kinds.numpy().tolist() == [1, 1, 1]


def test_map_errors():
    with pytest.raises(ValueError, match="map of f: there are no items"):
        math.map(lambda v: v, wrap(np.zeros((0,)), spatial("x")), map_name="f")
    with pytest.raises(TypeError, match=r"map of look: results of type object cannot be stacked along \(xˢ=2\)"):

        def look(v):
            return object()

        math.map(look, wrap([1.0, 2.0], spatial("x")))


def test_map_in_compiled_functions_and_derivatives(framework, run):
    f = run(math.gradient(lambda x: math.sum_(math.map(lambda v: v**3, x)), get_output=False))
    np.testing.assert_allclose(f(vector(1, 2)).numpy(), [3, 12])


# --- types ---

FORMS = {
    "map_s2b": (spatial(n=2), "batch"),
    "map_i2b": (instance(n=2), "batch"),
    "map_c2b": (channel(n=2), "batch"),
    "map_d2b": (dual(n=2), "batch"),
    "map_d2c": (dual(n=2), "channel"),
    "map_c2d": (channel(n=2), "dual"),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_map_types(form):
    dim, kind = FORMS[form]
    seen = []

    def f(x, tree, *, scale=1):
        seen.extend([x.shape.get_type(n) for n in x.shape.names if "n" in n])
        return {"y": x * scale, "z": tree[0]}

    out = getattr(math, form)(f)(math.ones(dim & batch(b=3)), [math.zeros(dim)], scale=2)
    assert seen == [kind]
    assert out["y"].shape == dim & batch(b=3) and out["z"].shape == dim
    assert f.__name__ == getattr(math, form)(f).__name__


def test_map_types_of_named_dims(everywhere):
    f = math.map_types(lambda x: math.sum_(x), "y", batch)
    x = tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3), spatial("x,y"))
    assert f(x).shape == spatial(y=3)
    assert f(x).numpy().tolist() == [3, 5, 7]
    assert math.map_types(lambda x: x.shape.get_type("x"), "x", "instance")(x) == "instance"
    assert math.map_types(lambda x: x, "absent", batch)(x) is x


# --- pairs ---


def test_map_pairs(everywhere):
    p = tensor([1.0, 2.0, 4.0], instance("points"))
    found = math.map_pairs(lambda a, b: b - a, p, math.ones(instance(points=3) & dual(points=3)))
    np.testing.assert_allclose(found.numpy("points,~points"), [[0, 1, 3], [-1, 0, 2], [-3, -2, 0]])
    with pytest.raises(ShapeError, match="map_pairs needs connections"):
        math.map_pairs(lambda a, b: a, p, p)


def test_map_pairs_of_sparse_connections(everywhere):
    p = tensor([[1.0, 0], [2, 5], [4, 1]], instance("points"), channel(vector="x,y"))
    near = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], np.float32)
    dense = tensor(near, instance("points"), dual("points"))
    calls = []

    def difference(a, b):
        calls.append(a.shape.volume)
        return b - a

    found = math.map_pairs(difference, p, math.to_format(dense, "coo"))
    assert calls == [6]  # three pairs of vectors
    expected = (p.numpy("points,vector")[None] - p.numpy("points,vector")[:, None]) * near[..., None]
    np.testing.assert_allclose(math.dense(found).numpy("points,~points,vector"), expected)


# --- iterate ---


def doubled(v):
    return v * 2


@pytest.fixture(params=["eager", "compiled"])
def step(request):
    return {"eager": doubled, "compiled": math.jit_compile(doubled)}[request.param]


def test_until(everywhere, step):
    big = lambda v: v > 30
    assert float(math.iterate(step, 100, tensor(1.0), until=big)) == 32
    assert float(math.iterate(step, 3, tensor(1.0), until=big)) == 8
    assert float(math.iterate(step, 3, tensor(50.0), until=big)) == 50
    states = math.iterate(step, batch(time=100), tensor(1.0), until=big)
    assert states.numpy().tolist() == [1, 2, 4, 8, 16, 32]


def test_until_inside_of_transforms(framework, run):
    f = lambda x: math.iterate(doubled, 10, x, until=lambda v: v > 30)
    assert float(run(f)(tensor(1.0))) == 32 and float(run(f)(tensor(3.0))) == 48
    assert float(run(math.gradient(f, get_output=False))(tensor(1.0))) == 32
    g = math.jit_compile(lambda x: math.iterate(doubled, batch(t=7), x, until=lambda v: v > 30))
    assert g(tensor(1.0)).numpy().tolist() == [1, 2, 4, 8, 16, 32, 32, 32]


def test_checkpoints(framework, run):
    f = lambda x, c: math.iterate(lambda v: math.sin(v) * 1.5, 6, x, checkpoint=c)
    found, expected = (
        float(run(math.gradient(lambda x, c=c: f(x, c), get_output=False))(tensor(0.4))) for c in (True, False)
    )
    assert found == pytest.approx(expected, rel=1e-5)


def test_arguments_substeps_measure_and_range(everywhere, step):
    done = []

    def steps(n):
        for i in range(n):
            done.append(i)
            yield i

    assert float(math.iterate(step, 5, tensor(1.0), substeps=2, range=steps)) == 2**10
    assert done == [0, 1, 2, 3, 4]
    clock = iter(range(100))
    path, times = math.iterate(lambda v, k: v * k, batch(time=3), tensor(1.0), measure=lambda: next(clock), k=3.0)
    assert path.numpy().tolist() == [1, 3, 9, 27] and times.numpy().tolist() == [1, 1, 1]
    told = []
    math.iterate(step, 6, tensor(1.0), progress=lambda i, n: told.append((i, n)))
    assert told[-1] == (6, 6)


def test_progress_bar(everywhere, step, capsys):
    math.iterate(step, 3, tensor(1.0), progress=True)
    printed = capsys.readouterr()
    assert "3/3" in printed.out + printed.err


def test_iterations_must_be_one_dim():
    with pytest.raises(ShapeError, match="a number of steps or one dim with a size"):
        math.iterate(doubled, batch("time"), wrap(1.0))
