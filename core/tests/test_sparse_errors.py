"""What can be wrong with sparse tensors, and what the message says."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch, channel, dual, instance, spatial, wrap
from phiml_core.shape import IncompatibleShapes, ShapeError, UnknownDim
from phiml_core.tensor.sparse import DenseResult, IndexOutside, SparseError, UnknownFormat, UnsupportedFormat

INDEX = wrap([[0, 1], [2, 0]], instance("e"), channel(index="x,~y"))
DIMS = spatial(x=3) & dual(y=2)


@pytest.fixture
def t(everywhere):
    return math.sparse_tensor(INDEX, math.tensor([4.0, 5.0], instance("e")), DIMS, format="csr")


def make(index=INDEX, values=1.0, dims=DIMS, **options):
    return math.sparse_tensor(index, values, dims, **options)


@pytest.mark.parametrize(
    "error, message, action",
    [
        (IndexOutside, r"position 2 lies outside dim 'x' of .*from 0 to 1", lambda: make(dims=spatial(x=2) & dual(y=2))),
        (IndexOutside, r"position -1 lies outside dim '~y'", lambda: make(INDEX - wrap([0, 1], channel(index="x,~y")))),
        (UnknownFormat, "'crs'.*coo, csr, csc, compact-cols, compact-rows", lambda: make(format="crs")),
        (UnknownFormat, "Unknown format 'sparse'.*Use one of dense", lambda: math.to_format(make(), "sparse")),
        (ShapeError, "must name the sparse dims", lambda: make(dims=spatial(x=3) & dual(z=2))),
        (ShapeError, "sizes of all sparse dims", lambda: make(dims=spatial("x") & dual(y=2))),
        (ShapeError, "must list their entries along.*rename_dims", lambda: make(values=wrap([1.0, 2.0], instance("k")))),
        (ShapeError, "2 positions along 'e', but the values", lambda: make(values=wrap([1.0, 2.0, 3.0], instance("e")))),
        (ShapeError, "cannot have sparse dims", lambda: make(values=math.ones(spatial(x=3)))),
        (SparseError, "must be integers, not float", lambda: make(INDEX * 1.0)),
        (SparseError, "batch dims.*Stack sparse tensors", lambda: make(math.expand(INDEX, batch(b=2)))),
        (SparseError, "said to be sorted", lambda: make(INDEX.e[::-1], format="csr", indices_sorted=True)),
        (ShapeError, "channel dim whose item names", lambda: make(wrap([1, 0], instance("e")))),
        (TypeError, "from_scipy takes a sparse matrix of SciPy, not a ndarray", lambda: math.from_scipy(np.eye(2), spatial(x=2), dual(y=2))),
        (ShapeError, "does not fit rows", lambda: math.from_scipy(make().to_scipy(), spatial(x=2), dual(y=2))),
    ],
)  # fmt: skip
def test_creation(error, message, action):
    with pytest.raises(error, match=message):
        action()


def test_operations_that_are_not_sparse(t):
    for action, name in (
        (lambda: t + 1, "add"),
        (lambda: 1 / t, "divide"),
        (lambda: t**0, "pow"),
        (lambda: t == 0, "equal"),
        (lambda: math.cos(t), "cos"),
        (lambda: math.maximum(t, 0.5), "maximum"),
        (lambda: t + wrap([1.0, 2.0, 3.0], spatial("x")), "add"),
        (lambda: math.where(t > 0, t, 1.0), "where"),
        (lambda: wrap([1.0, 2.0, 3.0], spatial("x")) / t, "divide"),
    ):
        with pytest.raises(
            DenseResult, match=rf"{name} of .*\(~yᵈ=2, xˢ=3\).*zeros do not stay zeros.*dense\(t\).*tensor_like"
        ):
            action()


def test_operations_that_are_not_there(t):
    for action, message in (
        (lambda: math.fft(t, "x"), r"fft of a sparse tensor .*dense\(t\)"),
        (lambda: math.sort(t, "x"), r"sort along .*dense\(t\)"),
        (lambda: math.pad(t, {"x": (1, 1)}, 1), "adds zeros"),
        (lambda: math.pad(t, {"x": (1, 1)}, "periodic"), "adds zeros"),
    ):
        with pytest.raises(UnsupportedFormat, match=message):
            action()
        with pytest.raises(NotImplementedError):  # the same for those who do not know our errors
            action()
    with pytest.raises(SparseError, match=r"stores all 6 values; stored_values\(t\) are the 2"):
        t.block()
    with pytest.raises(TypeError):
        float(t)


def test_dims_that_do_not_fit(t):
    with pytest.raises(ShapeError, match=r"~y.*has a primal dim of the same name.*dot"):
        t @ math.ones(spatial(z=2))
    with pytest.raises(ShapeError, match="numbers and sizes must agree"):
        t @ math.ones(spatial(y=3))
    with pytest.raises(ShapeError, match="sums over all rows"):
        math.dot(make_grid(), "~x", make_grid(), "x")
    with pytest.raises(ShapeError, match=r"\(xˢ=3\) twice"):
        math.dot(t, "~y", t, "~y")
    with pytest.raises(IncompatibleShapes, match=r"xˢ=3.*xˢ=2"):
        t + t.x[:2]
    with pytest.raises(ShapeError, match=r"sparse dims .* must be the same"):
        t + t.x[0]
    with pytest.raises(UnknownDim, match=r"concat: no dim 'z'.*Stack"):
        math.concat([t, t], "z")
    with pytest.raises(ShapeError, match="has that dim"):
        math.stack([t, t], spatial("x"))
    with pytest.raises(SparseError, match=r"concat of sparse tensors and a Dense .*to_format"):
        math.concat([t, math.dense(t)], "x")
    with pytest.raises(ShapeError, match=r"already|same name"):
        math.rename_dims(t, "x", dual("y"))
    with pytest.raises(IndexError, match="Position 3 lies outside dim 'x'"):
        t.x[3]
    with pytest.raises(IndexError, match="Position -4 lies outside dim 'x'"):
        t.x[[0, -4]]
    with pytest.raises(ShapeError, match="do not fit 2 stored values"):
        math.tensor_like(t, wrap([1.0, 2.0, 3.0], instance("e")))
    with pytest.raises(ShapeError, match="which dims"):
        math.to_format(math.ones(batch(b=2)), "coo")


def make_grid():
    index = wrap([[0, 1, 1, 0]], instance("e"), channel(index="x,y,~x,~y"))
    return math.sparse_tensor(index, 1.0, spatial(x=2, y=2) & dual(x=2, y=2))


def test_values_that_are_not_known(framework):
    def f(x):
        return math.to_format(x, "csr")

    with pytest.raises(SparseError, match=r"non-zeros of a dense tensor.*compiled"):
        math.jit_compile(f)(math.ones(spatial(x=3, y=2)))
    with pytest.raises(TypeError, match=r"auxiliary_args|known"):
        math.jit_compile(lambda m: wrap(m.to_scipy().sum()))(make())


def test_numbers_that_do_not_fit():
    huge = 2**33
    index = wrap(np.array([[huge - 1, 1], [0, huge - 2]]), instance("e"), channel(index="x,~y"))
    t = make(index, wrap([1.0, 2.0], instance("e")), spatial(x=huge) & dual(y=huge))
    assert math.stored_indices(t).index["x"].numpy().tolist() == [huge - 1, 0]
    assert t.x[-1].shape == dual(y=huge) and float(t.sum) == 3
    with pytest.raises(UnsupportedFormat, match=r"pointers.*'coo'"):
        math.to_format(
            make(wrap([[2**41, 0]], instance("e"), channel(index="x,~y")), 1.0, spatial(x=2**42) & dual(y=2)), "csr"
        )
