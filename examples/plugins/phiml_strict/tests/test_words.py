"""Each array word gives what it gives for NumPy arrays."""

import inspect

import numpy as np
import pytest
from phiml_core.backend import backend_named, primitive
from phiml_core.backend.dtype import dtype_named
from phiml_core.backend.spectral_kinds import TRIG_KINDS

STRICT, NUMPY = backend_named("array_api_strict"), backend_named("numpy")
ARRAY = STRICT.array_types[0]

RANDOM = np.random.default_rng(0)
FLOATS = RANDOM.uniform(0.1, 0.9, (3, 4))
INTS = RANDOM.integers(1, 5, (3, 4)).astype(np.int32)
BOOLS = RANDOM.integers(0, 2, (3, 4)).astype(bool)
COMPLEX = FLOATS + 1j * FLOATS[::-1]
CUBE = RANDOM.uniform(-1, 1, (4, 3, 5)).astype(np.float32)
POSITIONS = (np.array([2, 0, 2], np.int32), np.array([1, 3, 1], np.int32))


def strictly(value):
    if isinstance(value, np.ndarray):
        return STRICT.as_array(value)
    return tuple(map(strictly, value)) if isinstance(value, tuple) else value


def check(name, *args):
    """The word of both backends on the same arguments; results agree in values, sizes and type."""
    word = getattr(primitive, name)
    expected = np.asarray(word(*args))
    result = word(*map(strictly, args))
    assert isinstance(result, ARRAY), name
    assert (STRICT.sizes(result), STRICT.dtype(result).name) == (expected.shape, expected.dtype.name), name
    tolerance = 1e-5 if expected.dtype.name in ("float32", "complex64") else 1e-12
    np.testing.assert_allclose(STRICT.to_numpy(result), expected, rtol=tolerance, atol=tolerance, err_msg=name)


ARITY = {name: len(inspect.signature(getattr(primitive, name)).parameters) for name in primitive.__all__}
ONE = [n for n, count in ARITY.items() if count == 1 and n != "nonzero"]
TWO = [n for n in ARITY if list(inspect.signature(getattr(primitive, n)).parameters) == ["x", "y"]]
ON_BOOLS = {"logical_not", "logical_and", "logical_or", "logical_xor"}
ON_INTS = {"invert", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"}
NOT_COMPLEX = {
    *("floor", "ceil", "round", "sigmoid", "erf", "floor_divide", "remainder", "atan2", "maximum", "minimum", "angle"),
    *("less", "less_equal", "greater", "greater_equal"),
}


def test_every_word_has_a_method():
    missing = []
    for name in primitive.__all__:
        cls = type(STRICT) if "place" in inspect.signature(getattr(primitive, name)).parameters else ARRAY
        table = getattr(primitive, name).methods  # some words have a composed default, in terms of the others
        if table.fallback is None and not any(m.accepts((cls,)) for m in table.methods):
            missing.append(name)
    assert missing == []


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_array(name):
    values = [BOOLS] if name in ON_BOOLS else [INTS] if name in ON_INTS else [FLOATS, FLOATS.astype(np.float32)]
    if not {name} & (ON_BOOLS | ON_INTS | NOT_COMPLEX):
        values.append(COMPLEX)
    for value in values:
        check(name, value + 1 if name == "acosh" else value)


@pytest.mark.parametrize("name", ["isfinite", "isnan", "isinf"])
def test_tests(name):
    check(name, np.array([1.0, np.nan, np.inf, -np.inf], np.float32))
    check(name, BOOLS)


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_arrays(name):
    values = [BOOLS] if name in ON_BOOLS else [INTS] if name in ON_INTS else [FLOATS, FLOATS.astype(np.float32)]
    if not {name} & (ON_BOOLS | ON_INTS | NOT_COMPLEX):
        values.append(COMPLEX)
    for value in values:
        number = value.flat[0].item()
        check(name, value, value[::-1].copy())
        check(name, value, value[:1])
        check(name, value, number)
        getattr(primitive, name)(strictly(value), number)


@pytest.mark.parametrize("value", [BOOLS, INTS, FLOATS, COMPLEX], ids=["bool", "int", "float", "complex"])
def test_casts(value):
    for target in ("bool", "int8", "int64", "uint32", "float32", "complex64"):
        if not (value.dtype.kind == "c" and target not in ("bool", "complex64")):
            check("astype", value, dtype_named(target))


def test_where_and_clip():
    check("where", BOOLS, FLOATS, FLOATS[::-1].copy())
    check("where", BOOLS, FLOATS, 0.5)
    check("where", BOOLS, 0.5, FLOATS)
    check("clip", FLOATS, 0.3, 0.6)
    check("clip", INTS, 2, 3)


@pytest.mark.parametrize("axes", [(0,), (1, 2), (0, 1, 2)])
def test_reductions(axes):
    for name in ("sum", "prod", "mean", "max", "min"):
        check(name, CUBE, axes)
        check(name, CUBE.astype(np.float64), axes)
    for name in ("any", "all", "max", "min"):
        check(name, CUBE > 0, axes)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_along_one_axis(axis):
    for name in ("argmax", "argmin", "cumsum", "sort", "argsort"):
        check(name, CUBE, axis)
    for name in ("argmax", "sort", "argsort"):
        check(name, CUBE > 0, axis)


def test_order_of_axes():
    check("reshape", CUBE, (12, 5))
    check("transpose", CUBE, (2, 0, 1))
    check("broadcast_to", CUBE[:, :1], (4, 7, 5))
    check("flip", CUBE, (0, 2))
    check("roll", CUBE, (1, -2), (0, 2))
    check("concat", CUBE, (CUBE[:1], CUBE), 0)
    check("stack", CUBE, (2 * CUBE,), 1)
    check("stack", CUBE, (2 * CUBE,), 3)


@pytest.mark.parametrize(
    "index",
    [
        *(
            np.s_[..., 1:9:2],
            np.s_[1, ..., None],
            np.s_[()],
            np.s_[1,],
            np.s_[1:9,],
            np.s_[:, -1],
            np.s_[None, :, None, 0],
            np.s_[0, 1, 2],
        ),
        *(np.s_[::-1,], np.s_[5:2,], np.s_[-9:3:2, :, 3::-2], np.s_[0:0,], np.s_[7:9,]),
    ],
)
def test_indexing(index):
    check("getitem", CUBE, index)


@pytest.mark.parametrize("mode", ["constant", "edge", "wrap", "symmetric"])
@pytest.mark.parametrize("widths", [((1, 2), (0, 0), (0, 3)), ((0, 6), (5, 0), (1, 1))])
def test_padding(mode, widths):
    check("pad", CUBE, widths, mode, 0)
    if mode == "constant":
        check("pad", CUBE, widths, mode, 1.5)
        check("pad", BOOLS, widths[:2], mode, True)
        primitive.pad(strictly(CUBE), widths, mode, np.float32(2))


def test_positions():
    check("take", CUBE, POSITIONS[0], 1)
    check("take", CUBE, np.array([[0, 1], [3, 3]]), 0)
    check("gather", FLOATS, POSITIONS)
    check("gather", CUBE, POSITIONS[:1])
    check("gather", CUBE, (np.array([[1], [0]]), np.array([[0, 2]])))
    check("nonzero", BOOLS)
    check("boolean_mask", CUBE, np.array([True, False, True]), 1)


@pytest.mark.parametrize("mode", ["add", "update", "max", "min"])
def test_scatter(mode):
    values = np.array([3.0, 4.0, 3.0 if mode == "update" else 5.0])
    check("scatter", FLOATS, POSITIONS, values, mode)


def test_linear_algebra():
    for subscripts in ("ab,bc->ac", "ab,cb->ca", "ab,ba->", "ab,ab->ab", "ab,b->a"):
        n = {"a": 3, "b": 4, "c": 2}
        x, y = (RANDOM.uniform(size=[n[i] for i in part]) for part in subscripts.partition("->")[0].split(","))
        check("einsum", x, (y,), subscripts)
    check("einsum", FLOATS, (), "ij->i")
    matrix = np.eye(3) * 4 + RANDOM.uniform(size=(2, 3, 3))
    check("solve", matrix, RANDOM.uniform(size=(2, 3, 2)))


def test_no_diagonals():
    with pytest.raises(NotImplementedError, match="repeats a letter"):
        primitive.einsum(strictly(np.eye(3)), (), "ii->i")


def test_creation():
    for name, args in {"zeros": ((2, 3),), "full": ((2, 3), 7), "arange": (2, 9)}.items():
        for dtype in map(dtype_named, ("int32", "float32", "float64")):
            expected = getattr(primitive, name)(NUMPY, *args, dtype)
            result = getattr(primitive, name)(STRICT, *args, dtype)
            assert STRICT.dtype(result) is dtype
            np.testing.assert_array_equal(STRICT.to_numpy(result), expected)


@pytest.mark.parametrize("axes", [(0,), (2, 0), (0, 1, 2), ()])
def test_fourier(axes):
    for value in (CUBE, CUBE.astype(np.float64), CUBE.astype(np.complex64)):
        check("fft", value, axes)
        check("ifft", value, axes)


@pytest.mark.parametrize("kind", TRIG_KINDS)
def test_waves(kind):
    for inverse in (False, True):
        check("trig", CUBE.astype(np.float64), (0, 2), (kind, "dct2"), inverse)
        check("trig", CUBE, (1,), (kind,), inverse)


@pytest.mark.parametrize("kinds", [("dst2", "dct2"), ("fft", "dct2"), ("fft", "fft"), ("dct4", "fft")])
def test_spectral_scale(kinds):
    k = [
        np.minimum(np.arange(n), n - np.arange(n)) if kind == "fft" else np.arange(n) for n, kind in zip((4, 5), kinds)
    ]
    scale = 1 / (1 + k[0][:, None, None] + k[1] ** 2)
    check("spectral_scale", CUBE.astype(np.float64), (0, 2), kinds, scale)
    check("spectral_scale", CUBE, (0, 2), kinds, scale.astype(np.float32))
    check("spectral_scale", CUBE, (0, 2), kinds, scale)


def test_random_bits():
    for key in ((1, 2), (np.array([1, 7], np.uint32), np.array([2, 9], np.uint32))):
        expected = primitive.random_bits(NUMPY, key, 5)
        np.testing.assert_array_equal(
            STRICT.to_numpy(primitive.random_bits(STRICT, tuple(map(strictly, key)), 5)), expected
        )
