"""Boundaries and padding: a window of the values that a boundary continues to infinity."""

import pickle

import numpy as np
import pytest
from phiml_core import extrapolation as e
from phiml_core import math
from phiml_core.extrapolation import Constant, Extrapolation, as_extrapolation, combine_sides, ghost
from phiml_core.math import batch, channel, pad, spatial, tensor, wrap
from phiml_core.shape import ItemNameError, ShapeError, UnknownDim
from phiml_core.tree import tree_leaves, tree_map

NUMPY = {"periodic": "wrap", "zero-gradient": "edge", "symmetric": "symmetric", "reflect": "reflect"}
BOUNDARIES = ["periodic", "zero-gradient", "symmetric", "antisymmetric", "reflect", 0, 7.5]
WIDTHS = [{"x": (1, 2)}, {"x": (1, 1), "y": (2, 0)}, {"y": (9, 10)}, {"x": (0, 0)}]


def reference(array, widths, boundary):
    """The same by `np.pad`; beyond each second mirror the sign changes once more."""
    both = [widths.get("x", (0, 0)), widths.get("y", (0, 0))]
    if not isinstance(boundary, str):
        return np.pad(array, both, constant_values=boundary)
    if boundary != "antisymmetric":
        return np.pad(array, both, mode=NUMPY[boundary])
    signs = [np.where((np.arange(-lo, n + up) // n) % 2, -1, 1) for n, (lo, up) in zip(array.shape, both, strict=True)]
    return np.pad(array, both, mode="symmetric") * np.multiply.outer(*signs)


@pytest.fixture
def array(bits, rng):
    return rng.normal(size=(4, 3)).astype(f"float{bits}")


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_against_numpy(place, array, boundary, widths):
    found = pad(tensor(array, spatial("x,y")), widths, boundary)
    assert found.shape == spatial(x=4 + sum(widths.get("x", (0,))), y=3 + sum(widths.get("y", (0,))))
    assert np.array_equal(found.numpy("x,y"), reference(array, widths, boundary))


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_one_way_of_many(place, array, boundary):
    """The fused program, side by side by `ghost`, and component by component are the same."""
    x = tensor(array, spatial("x,y"))
    rule = as_extrapolation(boundary)
    whole = pad(x, {"x": (2, 5)}, rule)
    parts = [ghost(rule, x, "x", False, 2), x, ghost(rule, x, "x", True, 5)]
    assert (math.concat([math.expand(p, x.shape.only("y")) for p in parts], "x") == whole).all
    v = math.stack([x, x * 2], channel(vector="x,y"))
    assert (pad(v, {"x": (2, 5)}, rule).vector["y"] == pad(x * 2, {"x": (2, 5)}, rule)).all


def test_cropping_is_a_window(place, array):
    x = tensor(array, spatial("x,y"))
    assert np.array_equal(pad(x, {"x": (-1, -1)}).numpy("x,y"), array[1:-1])
    assert np.array_equal(pad(x, {"x": (-1, 1)}, "periodic").numpy("x,y"), array[[1, 2, 3, 0]])
    assert pad(x, {"x": (-2, -2)}).shape == spatial(x=0, y=3)
    assert pad(x, 1).shape == spatial(x=6, y=5) and pad(x, (0, 1)).shape == spatial(x=5, y=4)


SIDES = combine_sides(x=(1, "periodic"), y=("antisymmetric", "zero-gradient"))


def test_sides(place, array):
    found = pad(tensor(array, spatial("x,y")), {"x": (1, 1), "y": (1, 2)}, SIDES).numpy("x,y")
    middle = np.concatenate([np.ones((1, 3)), array, array[:1]])
    assert np.allclose(found, np.concatenate([-middle[:, :1], middle, middle[:, -1:], middle[:, -1:]], 1))


def test_two_constants(place, array):
    found = pad(tensor(array, spatial("x,y")), {"x": (1, 1)}, {"x": (3, tensor(4.0))})
    assert np.array_equal(found.numpy("x,y"), np.concatenate([np.full((1, 3), 3), array, np.full((1, 3), 4)]))


def test_values_with_dims(place, array):
    """One constant for each batch item and each component."""
    x = tensor(array, spatial("x,y"))
    values = tensor([[1.0, 2.0], [3.0, 4.0]], batch("b"), channel(vector="x,y"))
    found = pad(math.stack([x, x], channel(vector="x,y")), {"x": (1, 0)}, values)
    assert found.shape == batch(b=2) & spatial(x=5, y=3) & channel(vector="x,y")
    assert math.all_((found.x[0] == values).all, batch) and (found.x[1:].b[0].vector["x"] == x).all
    swapped = tensor([2.0, 1.0], channel(vector="y,x"))
    assert pad(math.stack([x, x], channel(vector="x,y")), {"x": (1, 0)}, swapped).x[0].y[0].vector["y"].item() == 2


@pytest.mark.parametrize("lazy", [True, False])
def test_components(place, array, lazy):
    x = tensor(array, spatial("x,y"))
    v = math.stack([x, x * 2], channel(vector="x,y"))
    v = v if lazy else v.block()
    widths = {"x": (1, 1), "y": (1, 1)}
    for boundary, per_item in (
        (e.combine_components(x=0, y="periodic"), {"x": 0, "y": "periodic"}),
        (
            e.combine_by_direction(0, "zero-gradient"),
            {"x": {"x": 0, "y": "zero-gradient"}, "y": {"x": "zero-gradient", "y": 0}},
        ),
        ((3, 4), {"x": 3, "y": 4}),
    ):
        found = pad(v, widths, boundary)
        for name, rule in per_item.items():
            assert (found.vector[name] == pad(v.vector[name], widths, rule)).all


def test_staggered(place, array):
    """Components of different size."""
    v = math.stack([tensor(array, spatial("x,y")), tensor(array.T, spatial("x,y"))], channel(vector="x,y"))
    found = pad(v, {"x": (1, 1)}, e.combine_components(x=1, y="zero-gradient"))
    assert found.vector["x"].shape == spatial(x=6, y=3) and found.vector["y"].shape == spatial(x=5, y=4)
    assert np.array_equal(found.vector["y"].x[0].numpy(), array.T[0]) and (found.vector["x"].x[-1] == 1).all


def test_constant_dims_and_trees(place):
    x = math.expand(tensor(2.0), spatial(x=2))
    assert pad(x, {"x": (1, 0)}, 5).numpy().tolist() == [5, 2, 2]
    assert pad({"a": x, "b": None}, {"x": (1, 0)}, "periodic")["a"].shape == spatial(x=3)


def test_types(place, bits):
    mask, whole = tensor([True, False], spatial("x")), tensor([1, 2], spatial("x"))
    assert pad(mask, {"x": (1, 1)}, 0).numpy().tolist() == [False, True, False, False]
    assert pad(mask, {"x": (1, 1)}, 1).dtype.kind is bool
    assert pad(whole, {"x": (1, 1)}, 0).dtype.kind is int
    half = pad(whole, {"x": (1, 1)}, 0.5)
    assert half.dtype.bits == bits and half.numpy().tolist() == [0.5, 1, 2, 0.5]
    assert pad(tensor([1.0], spatial("x")), {"x": (1, 1)}, 1).dtype.bits == bits


def test_constants_are_leaves_with_derivatives():
    jax = pytest.importorskip("jax")

    def f(value, native):
        return pad(tensor(native, spatial("x")), {"x": (1, 2)}, Constant(tensor(value))).sum.native() ** 2

    value, grads = jax.value_and_grad(f, (0, 1))(jax.numpy.float32(2), jax.numpy.ones(3))
    assert value == 81 and grads[0] == 2 * 9 * 3 and grads[1].tolist() == [18] * 3
    sides = combine_sides(x=(tensor(1.0), 2), y="periodic")
    assert [float(t) for t in tree_leaves(sides)] == [1, 2]
    assert tree_map(lambda t: t * 2, sides) == combine_sides(x=(2.0, 4), y="periodic")


def test_third_parties_add_boundaries(place, array):
    class Falling(Extrapolation):
        name = "falling"

    @ghost.dispatch
    def _(boundary: Falling, value, dim, upper, width):
        return value[{dim: -1 if upper else 0}] - math.arange(spatial(dim), 1, width + 1)

    x = tensor(array, spatial("x,y"))
    found = pad(x, {"x": (0, 2)}, combine_sides(x=(0, Falling()), y=0)).numpy("x,y")
    assert np.allclose(found[4:], array[-1] - np.array([[1], [2]]), rtol=1e-6)


def test_parsing():
    assert as_extrapolation(0) == e.ZERO == as_extrapolation(e.ZERO) and as_extrapolation("one") == e.ONE
    assert as_extrapolation("boundary") is e.BOUNDARY is e.ZERO_GRADIENT
    assert as_extrapolation(wrap(1.5)) == Constant(1.5) and as_extrapolation((0, 1)).shape == channel(vector=2)
    assert as_extrapolation({"x-": 0, "x+": 1, "y": e.PERIODIC}) == combine_sides(x=(0, 1), y="periodic")
    assert repr(as_extrapolation({"x": (0, 1), "y": "periodic"})) == "{x: (0, 1), y: periodic}"


def test_sides_components_slices():
    assert SIDES.side("x", False) == e.ONE and SIDES.side("x", True) is e.PERIODIC
    assert as_extrapolation((0, 1)).component(1) == e.ONE == e.combine_components(x=0, y=1).component("y")
    assert as_extrapolation(wrap([0, 1], batch("b")))[{"b": 1}] == e.ONE and e.PERIODIC[{"b": 1}] is e.PERIODIC
    assert e.combine_components(x=0, y=1).side("x", True) == e.combine_components(x=0, y=1)
    slip = e.combine_by_direction(0, "zero-gradient")
    assert slip.component("x").side("x", True) == e.ZERO and slip.component("x").side("y", True) is e.ZERO_GRADIENT


def test_derivatives_and_faces():
    assert e.ONE.derivative() == e.ZERO == e.ZERO_GRADIENT.spatial_gradient()
    assert e.PERIODIC.derivative() is e.PERIODIC and e.SYMMETRIC.derivative() is e.ANTISYMMETRIC
    assert e.ANTISYMMETRIC.derivative() is e.SYMMETRIC
    faces = {b: as_extrapolation(b).outer_faces("x") for b in BOUNDARIES}
    assert faces == {
        "periodic": (True, False),
        "zero-gradient": (True, True),
        "symmetric": (True, True),
        "antisymmetric": (True, True),
        "reflect": (True, True),
        0: (False, False),
        7.5: (False, False),
    }
    assert combine_sides(x=(0, "zero-gradient")).valid_outer_faces("x") == (False, True)
    assert e.combine_by_direction(0, "zero-gradient").outer_faces("x") == (False, False)
    assert [as_extrapolation(b).is_flexible for b in BOUNDARIES] == [False, True, True, True, True, False, False]


def test_arithmetic():
    assert e.ZERO + 1 == e.ONE == 1 - e.ZERO == e.ONE * e.ONE and -e.ONE == Constant(-1) and e.ONE / 2 == Constant(0.5)
    for copying in (e.PERIODIC, e.ZERO_GRADIENT, e.SYMMETRIC):
        assert copying + 1 == copying * 2 == copying - copying == copying + e.ZERO == e.ONE * copying == copying
    assert e.ANTISYMMETRIC * 2 == -e.ANTISYMMETRIC == e.ANTISYMMETRIC + e.ANTISYMMETRIC == e.ANTISYMMETRIC
    assert e.ANTISYMMETRIC * e.ANTISYMMETRIC == abs(e.ANTISYMMETRIC) == e.SYMMETRIC
    assert e.SYMMETRIC * e.ANTISYMMETRIC == e.ANTISYMMETRIC
    assert SIDES * 2 == combine_sides(x=(2, "periodic"), y=("antisymmetric", "zero-gradient"))
    assert combine_sides(x=(0, 1), y=2) + e.ONE == combine_sides(x=(1, 2), y=3)
    assert e.combine_components(x=0, y="periodic") + 1 == e.combine_components(x=1, y="periodic")
    assert e.combine_components(x=0, y=1) + wrap([1, 2], channel(vector="x,y")) == e.combine_components(x=1, y=3)
    assert math.maximum(e.ZERO, e.ONE) == e.ONE and math.sqrt(Constant(4)) == Constant(2)
    assert e.ZERO * math.vec(x=1, y=2) == Constant(math.vec(x=0, y=0))


@pytest.mark.parametrize("a, op, b", [("PERIODIC", "+", "ZERO_GRADIENT"), ("SYMMETRIC", "+", "ANTISYMMETRIC"),
                                      ("ANTISYMMETRIC", "+", "1"), ("PERIODIC", "*", "SYMMETRIC")])  # fmt: skip
def test_incompatible(a, op, b):
    with pytest.raises(e.IncompatibleBoundaries):
        eval(f"{a} {op} {b}", vars(e))


def test_equality_hash_pickle():
    for b in (e.ZERO, e.PERIODIC, SIDES, e.combine_components(x=0, y="periodic"), e.combine_by_direction(0, 1)):
        again = pickle.loads(pickle.dumps(b))
        assert again == b and hash(again) == hash(b)
    assert e.ZERO != e.ONE and e.ZERO != e.PERIODIC and e.PERIODIC != e.SYMMETRIC and SIDES != e.ZERO


X = math.zeros(spatial(x=4, y=3))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda: pad(X, {"x": (1, 1)}, "open"),
            e.UnknownBoundary,
            r"no boundary 'open'.  Known names: periodic, zero-grad",
        ),
        (lambda: pad(X, {"x": (1, 1)}, None), e.UnknownBoundary, r"None is no boundary"),
        (lambda: pad(X, {"z": (1, 1)}), UnknownDim, r"pad: no dim 'z'"),
        (lambda: pad(X, {"x": (-3, -2)}), ShapeError, r"cannot cut 5 of the 4 items"),
        (lambda: pad(X.x[:0], {"x": (1, 0)}, "periodic"), ShapeError, r"is empty"),
        (lambda: pad(X, {"x": (1, 1)}, {"y": 0}), e.UnknownBoundary, r"No boundary is given for dim 'x', only for y"),
        (lambda: combine_sides(**{"x-": 0}), e.UnknownBoundary, r"Only one side of dim 'x'"),
        (lambda: e.combine_components(x=0).component("y"), e.UnknownBoundary, r"component 'y'"),
        (lambda: as_extrapolation(wrap([0], channel(vector="x"))).component("y"), ItemNameError, r"no item 'y'"),
        (lambda: e.combine_by_direction(0, 1)[{"vector": 0}], UnknownDim, r"needs the name of a component"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_odd_reflection_changes_the_sign_with_each_mirror(place):
    found = pad(tensor([0.0, 2.0, 3.0], spatial("x")), {"x": (4, 3)}, "antireflect").numpy("x")
    assert found.tolist() == [0, 2, -3, -2, 0, 2, 3, -2, 0, 2]
    assert pad(tensor([5.0], spatial("x")), {"x": (2, 1)}, "reflect").numpy("x").tolist() == [5] * 4
    assert e.REFLECT.derivative() == e.ANTIREFLECT and e.ANTIREFLECT.derivative() == e.REFLECT


def test_products_with_zero_outside_are_zero_outside(place):
    for rule in (e.ZERO_GRADIENT, e.PERIODIC, e.SYMMETRIC):
        assert e.ZERO * rule == rule * e.ZERO == e.ZERO / rule == e.ZERO
        assert e.ONE * rule == rule * e.ONE == rule + e.ZERO == rule
    sides = combine_sides(x=(0, 1), y=0) * e.ZERO_GRADIENT
    assert sides.side("x", False) == e.ZERO and sides.side("x", True) == e.ZERO_GRADIENT


def test_products_with_fixed_values_that_compiled_code_does_not_know(place):
    """Eager and compiled code see the same values outside."""
    x = tensor([1.0, 2.0], spatial("x"))

    def outside(first, second):
        masked = Constant(first) * e.ZERO_GRADIENT
        rules = [
            masked,
            masked * Constant(second),
            masked * masked,
            masked * 2,
            masked + e.ZERO_GRADIENT,
            masked / e.ONE,
        ]
        return math.stack([pad(x, {"x": (1, 0)}, rule).x[0] for rule in rules], channel("rule"))

    for first, second, expected in ((0, 1, [0, 0, 0, 0, 1, 0]), (3, 0, [1, 0, 1, 1, 1, 1]), (3, 2, [1, 1, 1, 1, 1, 1])):
        for run in (outside, math.jit_compile(outside)):
            assert run(tensor(float(first)), tensor(float(second))).numpy("rule").tolist() == expected
    both = pad(x, {"x": (0, 1)}, Constant(tensor([0.0, 4.0], batch("b"))) * e.ZERO_GRADIENT)
    assert both.x[2].numpy("b").tolist() == [0, 2]


def test_values_that_vary_along_a_side_go_on_around_its_corners(place, array):
    """Whatever the order of the dims."""
    x, side = tensor(array, spatial("x,y")), tensor([1.0, 2.0, 3.0, 4.0], spatial("x"))
    for widths in ({"x": (1, 2), "y": (0, 1)}, {"y": (0, 1), "x": (1, 2)}):
        found = pad(x, widths, {"x": 0, "y": (5, side)}).numpy("x,y")
        assert found.shape == (7, 4) and found[1:5, 3].tolist() == [1, 2, 3, 4]
    found = pad(x, {"x": (1, 2), "y": (0, 1)}, {"x": 0, "y": (5, side)})
    assert found.numpy("x,y")[:, 3].tolist() == [1, 1, 2, 3, 4, 4, 4]
