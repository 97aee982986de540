"""Tensors: creation, alignment, element types, and what operations on them refuse."""

import copy
import operator
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, instance, spatial, tensor, wrap
from phiml_core.ops.native import NotConcrete
from phiml_core.shape import DimTypeConflict, IncompatibleShapes, ShapeError, UnknownDim
from phiml_core.tensor import Dense, Stacked
from phiml_core.tree import tree_leaves, tree_map


def arange(*sizes):
    return np.arange(np.prod(sizes), dtype=np.float64).reshape(sizes)


# --- creation ---


def test_wrap_and_tensor(place, bits):
    x = tensor(arange(4, 3), spatial("x,y"))
    assert x.shape == spatial(x=4, y=3) and x.backend.name == place
    assert tensor([1.0, 2.0]).dtype.bits == bits and tensor([1, 2]).dtype.kind is int
    assert wrap([1.0, 2.0]).shape == channel(vector=2) and wrap(3).rank == 0
    assert wrap(arange(2), channel(vector="x,y")).vector["y"].item() == 1
    assert wrap([1, 2]).backend.name == "numpy"
    assert tensor([wrap(1.0), 2.0], channel(vector="x,y")).shape == channel(vector="x,y")


def test_numpy_and_native_round_trip(place, bits):
    array = arange(4, 3)
    x = tensor(array, spatial("x,y"))
    assert (x.numpy("y,x") == array.T).all() and (x.numpy(["x", "y"]) == array).all()
    assert (x.numpy(spatial("x,y")) == array).all() and type(x.numpy("x,y")) is np.ndarray
    assert tuple(x.native("y,x").shape) == (3, 4)
    assert (math.expand(x, batch(b=2)).numpy("x,b,y") == np.stack([array] * 2, 1)).all()
    assert x.x[0].y[1].item() == 1 and float(x.x[1].y[0]) == 3 and int(tensor(2)) == 2 and bool(tensor(True))


def test_from_nothing(place, bits):
    s = spatial(x=4, y=3)
    assert math.zeros(s).dtype.bits == bits and (math.zeros(s) == 0).all and (math.ones(s) == 1).all
    assert math.zeros(batch(b=2), s, dtype=int).shape == batch(b=2) & s
    assert (math.full(s, 7) == 7).all and math.full(s, 7).dtype.kind is int
    assert math.range_tensor(s).numpy("x,y").tolist() == arange(4, 3).tolist()
    assert math.arange(spatial("x"), 2, 8, 2).numpy().tolist() == [2, 4, 6]
    assert np.allclose(math.linspace(0, 1, spatial(x=5)).numpy(), np.linspace(0, 1, 5))
    grid = math.meshgrid(s)
    assert grid.shape == s & channel(vector="x,y") and grid.x[2].y[1].numpy("vector").tolist() == [2, 1]
    assert math.vec(x=1, y=2.5).vector["y"].item() == 2.5
    assert math.zeros_like(tensor([1, 2])).dtype.kind is int and (math.ones_like(tensor([5.0])) == 1).all


def test_repr(place):
    assert repr(tensor([1.0, 2.0], channel(vector="x,y"))) == "(x=1.0, y=2.0)"
    assert repr(tensor(2.5)) == "2.5" and f"{tensor(2.5):.2f}" == "2.50"
    assert "xˢ=100" in repr(math.zeros(spatial(x=100)))


# --- alignment ---


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.lt])
def test_operators_align_by_name(place, bits, op):
    a, b = 1 + arange(4, 3), 2 + arange(3, 2)
    with math.precision(64):
        result = op(tensor(a, spatial("x,y")), tensor(b, spatial("y"), channel("c")))
        assert result.shape == spatial(x=4, y=3) & channel(c=2)
        assert np.allclose(result.numpy("x,y,c"), op(a[:, :, None], b[None]))


def test_transposed_operands(place, bits):
    a, b = arange(4, 3), arange(3, 4)
    result = tensor(a, spatial("x,y")) - tensor(b, spatial("y,x"))
    assert np.allclose(result.numpy("x,y"), a - b.T)


def test_numbers_and_sequences(place, bits):
    v = tensor([1.0, 2.0], channel(vector="x,y"))
    pair = (1, 2)
    assert (v + pair).numpy().tolist() == [2, 4] and ([3, 4] - v).numpy().tolist() == [2, 2]
    grid = math.zeros(spatial(x=2, y=3)) + pair
    assert grid.shape.channel == channel(vector="x,y")
    assert (np.float64(2) * v).numpy().tolist() == [2, 4] and (2 - v).numpy().tolist() == [1, 0]
    assert (v**2).numpy().tolist() == [1, 4] and (2**v).numpy().tolist() == [2, 4] and (-v).sum.item() == -3
    assert (v // 2).numpy().tolist() == [0, 1] and (v % 2).numpy().tolist() == [1, 0]


def test_constant_dims_cost_nothing(place, bits):
    x = math.expand(tensor([1.0, 2.0], spatial("x")), batch(b=1000))
    y = x * 2 + x
    assert y.shape == batch(b=1000) & spatial(x=2) and y.spec.stored == spatial(x=2)
    assert y.sum.shape == batch(b=1000) and math.all_(y.sum == 9, batch)


def test_stacked_acts_like_dense(place, bits, rng):
    parts = [tensor(rng.normal(size=(4, 3)), spatial("x,y")) for _ in range(2)]
    lazy = math.stack(parts, channel(vector="x,y"))
    block = lazy.block()
    assert isinstance(lazy, Stacked) and isinstance(block, Dense)
    other = tensor(rng.normal(size=(2, 3)), channel(vector="x,y"), spatial("y"))
    for f in (
        lambda v: v + other,
        lambda v: other / v,
        lambda v: math.sin(v) * 2,
        lambda v: math.where(v > 0, v, other),
        lambda v: v.x[1:3].vector["y"],
        lambda v: math.sum_(v, "vector"),
        lambda v: math.max_(v, "x,y"),
        lambda v: math.vec_squared(v),
        lambda v: math.rename_dims(v, "x,vector", "a,b"),
        lambda v: math.clip(v, -1, 1),
    ):
        math.assert_close(f(lazy), f(block), abs_tolerance=1e-6)


# --- element types ---


def test_kinds_promote_and_precision_comes_from_the_context(place, bits):
    i, f, b = tensor([1, 2]), tensor([1.0, 2.0]), tensor([True, False])
    assert (i + i).dtype.kind is int and (i / i).dtype.kind is float and (i / i).dtype.bits == bits
    assert (i + 1.5).dtype.bits == bits and (f + 1).dtype.bits == bits and (f + 1j).dtype.kind is complex
    assert (b + b).dtype.kind is int and (b & b).dtype.kind is bool and (b * 2.0).dtype.kind is float
    assert (f > 1).dtype.kind is bool and (i == i).dtype.kind is bool
    assert (i + tensor(np.int8([1, 2]))).dtype.kind is int
    assert math.cast(f, int).dtype.kind is int and math.to_complex(f).dtype.bits == 2 * bits


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "float16", "float64", "bool", "complex128", "uint8"])
def test_casts(place, dtype):
    x = math.cast(tensor([0, 1, 2]), dtype)
    assert x.dtype.name == dtype and x.numpy().dtype == dtype


def test_python_numbers_do_not_widen(place):
    with math.precision(32):
        x = tensor(np.float32([1, 2]), spatial("x"))
        for y in (x + 1.0, x * np.float64(2), 1 / x, x + wrap(2.5), math.maximum(x, 0.0)):
            assert y.dtype.name == "float32"


# --- values in Python ---


def test_pickle_and_copy(place, bits):
    x = tensor(arange(4, 3), spatial("x,y"))
    v = math.stack([x, x + 1], channel(vector="x,y"))
    for t in (x, v, math.expand(x, batch(b=2)), tensor(True)):
        for again in (pickle.loads(pickle.dumps(t)), copy.deepcopy(t)):
            assert again.shape is t.shape and again.dtype is t.dtype and again.backend is t.backend
            assert (again == t).all


def test_iteration_and_length(place):
    x = tensor([1, 2, 3], spatial("x"))
    assert [int(v) for v in x] == [1, 2, 3] and len(x) == 3 and [int(v) for v in x.x] == [1, 2, 3]
    y = math.expand(x, batch(b=2))
    with pytest.raises(TypeError, match=r"ambiguous.  Name the dim"):
        iter(y)
    with pytest.raises(TypeError, match=r"length of a tensor .* is ambiguous"):
        len(y)


@dataclass(frozen=True)
class State:
    __value_attrs__ = ("u", "p")
    u: object
    p: object
    name: str = "state"


def test_trees(place):
    s = State(tensor([1.0, 2.0], spatial("x")), {"a": tensor(3.0), "b": [4, None]})
    doubled = tree_map(lambda t: t * 2, s)
    assert isinstance(doubled, State) and doubled.name == "state"
    assert [t.sum.item() for t in tree_leaves(doubled)] == [6, 6, 8]
    stacked = math.stack([s, doubled], batch("b"))
    assert stacked.u.shape == batch(b=2) & spatial(x=2) and stacked.p["a"].shape == batch(b=2)
    assert math.l2_loss(s).item() == (1 + 4 + 9 + 16) / 2
    assert math.slice_(stacked, {"b": 1}).p["a"].item() == 6
    with pytest.raises(TypeError, match="Trees differ in structure"):
        tree_map(lambda a, b: a, s, State(s.u, s.u))


def test_structure(place, bits):
    x = tensor(arange(4, 3), spatial("x,y"))
    assert math.concat([x, x.x[:1]], "x").shape == spatial(x=5, y=3)
    assert (math.concat([x.y[:1], x.y[1:]], "y") == x).all
    packed = math.pack_dims(x, "y,x", instance("points"))
    assert packed.numpy().tolist() == arange(4, 3).T.reshape(-1).tolist()
    assert (math.unpack_dim(packed, "points", spatial(y=3, x=4)) == x).all
    assert math.unpack_dim(packed, "points", spatial(y=3, x=None)).shape == x.shape
    assert math.flip(x, "x").x[0].numpy("y").tolist() == [9, 10, 11]
    assert math.roll(x, {"x": 1}).x[0].numpy("y").tolist() == [9, 10, 11]
    assert math.rename_dims(x, "x", batch("b")).shape == batch(b=4) & spatial(y=3)
    assert math.stack({"a": x, "b": x}, channel("c")).shape.get_item_names("c") == ("a", "b")


def test_vectors(place, bits):
    v = tensor([[3.0, 4.0], [0.0, 0.0]], spatial("p"), channel(vector="x,y"))
    assert math.vec_length(v).numpy().tolist() == [5, 0] and math.vec_squared(v).numpy().tolist() == [25, 0]
    assert math.vec_normalize(v).p[1].numpy().tolist() == [0, 0]
    a, b = tensor(arange(2, 3), spatial("x,k")), tensor(arange(3, 4), spatial("k"), channel("c"))
    assert np.allclose(math.dot(a, "k", b, "k").numpy("x,c"), arange(2, 3) @ arange(3, 4))
    e = [math.vec(x=float(i == 0), y=float(i == 1), z=float(i == 2)) for i in range(3)]
    assert (math.cross_product(e[0], e[1]) == e[2]).all


# --- errors ---

X, Y = math.zeros(spatial(x=4)), math.zeros(spatial(x=5))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: X + Y, IncompatibleShapes, "dim 'x' has size 4 and 5.  Slice or resample"),
        (lambda: X + math.zeros(channel(x=4)), DimTypeConflict, "rename one, or change its type"),
        (lambda: X + np.ones(4), TypeError, r"native array of sizes \(4,\).*Name them"),
        (lambda: X + "text", TypeError, "unsupported operand"),
        (lambda: X & X, TypeError, "defined for integers and booleans, not for float32"),
        (lambda: math.zeros(spatial(x=2, y=2)).native(), ShapeError, r"needs an order of dims.*native\('x,y'\)"),
        (lambda: math.zeros(spatial(x=2, y=2)).native("x"), ShapeError, "leaves out dims .*: y"),
        (lambda: X.native("x,z"), UnknownDim, "native: No dim 'z'"),
        (lambda: X.item(), ShapeError, "needs a single value"),
        (lambda: bool(X), ShapeError, "needs a single value"),
        (lambda: X.z, AttributeError, "neither a dim nor an attribute 'z'.  Dims: x"),
        (lambda: np.asarray(X), TypeError, r"has no order of dims.  Use t.numpy\('x'\)"),
        (lambda: range(math.zeros(spatial(x=4)).x[0]), TypeError, "Only integer tensors can be indices"),
        (lambda: wrap(np.ones((2, 2))), ShapeError, "needs names for its axes"),
        (lambda: wrap(np.ones(2), spatial("x,y")), ShapeError, "2 dims .* do not fit an array with 1 axes"),
        (lambda: wrap(np.ones(2), spatial(x=3)), ShapeError, "'x' should have size 3, but its axis has size 2"),
        (lambda: wrap("text"), TypeError, "Cannot make a tensor of builtins.str"),
        (lambda: wrap(["a"]), TypeError, "Text is no tensor"),
        (lambda: wrap([[1], [2, 3]], spatial("x,y")), ShapeError, "unequal lengths"),
        (lambda: wrap(1, "x"), TypeError, "Dims are given as shapes"),
        (lambda: math.zeros(spatial("x")), ShapeError, "All sizes must be known"),
        (lambda: math.stack([], batch("b")), ShapeError, "at least one value"),
        (lambda: math.stack([X, X], batch(b=3)), ShapeError, "Cannot stack 2 values along"),
        (lambda: math.stack([X, X], spatial("x")), ShapeError, "already has that dim"),
        (lambda: math.stack([X, X], "b"), ShapeError, r"needs a dim such as batch\('b'\)"),
        (lambda: math.concat([X, wrap(1.0)], "x"), UnknownDim, "concat: no dim 'x'"),
        (lambda: math.unpack_dim(X, "x", spatial(a=3, b=2)), ShapeError, "4 items do not fill 6"),
        (lambda: math.rename_dims(X, "x", "a,b"), ShapeError, "1 dims, 2 names"),
        (lambda: math.dot(X, "x", Y, "x"), ShapeError, "must agree"),
        (lambda: math.cast(X, "float128"), TypeError, "no type of tensor elements"),
        (lambda: math.round_(wrap(1j)), TypeError, "not defined for complex"),
        (lambda: math.cross_product(X, math.zeros(channel(vector=4))), ShapeError, "2 or 3 components"),
        (lambda: math.sum_(X, "z"), UnknownDim, "sum: No dim 'z'"),
        (lambda: math.precision(33).__enter__(), ValueError, "16, 32 or 64"),
        (lambda: math.expand(X, batch("b")), ShapeError, "needs sizes"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_non_uniform_tensors_have_no_single_array(place):
    v = math.stack([math.zeros(spatial(x=3)), math.zeros(spatial(x=2))], channel(vector="x,y"))
    assert v.shape.volume == 5 and not v.shape.is_uniform
    with pytest.raises(ShapeError, match=r"no single native array.  Go over its items"):
        v.numpy("x,vector")
    assert ((v + 1).vector["y"] == 1).all and math.sum_(v + 1).item() == 5


def test_values_are_unknown_while_compiling():
    jax = pytest.importorskip("jax")

    def f(native):
        t = wrap(native, spatial("x"))
        assert not t.available
        with pytest.raises(NotConcrete, match="Compute with tensors instead"):
            t.x[0].item()
        with pytest.raises(NotConcrete, match=r"numpy\(\) needs the values"):
            t.numpy()
        return native

    jax.jit(f)(jax.numpy.ones(3))


def test_mixing_backends(place):
    from phiml_core.backend import MixedBackends
    from phiml_core.backend.backend import Backend
    from phiml_core.backend.choose import join

    other = type("Other", (Backend,), {"name": "other", "rank": 1})()
    third = type("Third", (Backend,), {"name": "third", "rank": 1})()
    with pytest.raises(MixedBackends, match=r"never moved between frameworks silently.  Convert one of them"):
        join(other, third)
    x = wrap(np.ones(3), spatial("x")) + tensor([1.0, 2.0, 3.0], spatial("x"))
    assert x.backend.name == place  # NumPy joins any other


def test_a_backend_that_is_not_installed():
    from phiml_core.backend import BackendNotInstalled, use

    with pytest.raises(BackendNotInstalled, match=r"'matlab' is not installed.*numpy"):
        use("matlab")


def test_concat_keeps_the_order_of_dims():
    x = math.ones(spatial(x=2, y=3))
    assert math.concat([x, x.x[:1]], "x").shape.names == ("x", "y")
    assert math.concat([x, x.y[:1]], "y").shape.names == ("x", "y")


def test_concat_of_items_that_differ_in_size():
    faces = math.stack([math.ones(spatial(x=3)), 2 * math.ones(spatial(x=4))], channel(vector="x,y"))
    states = math.stack([faces, 3 * faces], batch("time"))  # states along time, each with components
    moves = math.stack(
        [math.expand(c, batch(time=2)) for c in faces.vector], channel(vector="x,y")
    )  # the other way round
    joined = math.concat([states, moves], "time")
    assert joined.shape == (states.shape.with_size(4, "time"))
    assert joined.vector["y"].numpy("time,x").tolist() == [[2] * 4, [6] * 4, [2] * 4, [2] * 4]
    more = math.concat([faces, math.rename_dims(faces, "vector", channel(vector="z,w"))], "vector")
    assert more.shape.get_item_names("vector") == ("x", "y", "z", "w") and more.vector["w"].shape == spatial(x=4)
    assert math.concat([faces, faces], "vector").shape.get_item_names("vector") is None
    longer = math.concat([faces, faces], "x")
    assert longer.vector["x"].shape == spatial(x=6) and longer.vector["y"].shape == spatial(x=8)


def test_stacks_keep_the_order_of_their_items():
    """Whatever other stacks of equal dims there were before."""
    for first, second in ((spatial(x=2, y=3), spatial(y=3, x=2)), (spatial(v=3, u=2), spatial(u=2, v=3))):
        for dims in (first, second):
            parts = [math.expand(math.tensor(1.0), dims)] * 2
            assert math.stack({"a": parts[0], "b": parts[1]}, channel("s")).shape.spatial.names == dims.names
