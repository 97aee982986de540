"""PyTorch's own derivatives over functions of tensors: autograd, parameters, `torch.func`; and ours over its functions."""

import numpy as np
import pytest
import torch
from phiml_core import math
from phiml_core.math import channel, precision, spatial, stack, tensor, wrap
from phiml_core.transform import CapturedGradient


def energy(a):
    x = wrap(a, spatial("x"))
    v = stack([x, math.sin(x)], channel(vector="x,y"))
    return (math.sum_(math.vec_squared(v)) + math.sum_(x.x[1:] * x.x[:-1])).native()


def plain(a):
    return (a**2 + torch.sin(a) ** 2).sum() + (a[1:] * a[:-1]).sum()


COMPILED = math.jit_compile(lambda x: wrap(energy(x.native("x"))))


def compiled(a):
    return COMPILED(wrap(a, spatial("x"))).native()


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("function", [energy, compiled], ids=["eager", "compiled"])
def test_native_transforms(function, bits):
    with precision(bits):
        a = torch.tensor([0.3, 0.7, 1.1], dtype=getattr(torch, f"float{bits}"))
        tol = {"rtol": 1e-5 if bits == 32 else 1e-12, "atol": 1e-6 if bits == 32 else 1e-13}
        np.testing.assert_allclose(function(a), plain(a), **tol)
        np.testing.assert_allclose(torch.func.grad(function)(a), torch.func.grad(plain)(a), **tol)
        np.testing.assert_allclose(torch.func.jacrev(torch.func.grad(function))(a), torch.func.hessian(plain)(a), **tol)
        rows = torch.stack([a, 2 * a])
        np.testing.assert_allclose(torch.func.vmap(function)(rows), torch.func.vmap(plain)(rows), **tol)
        np.testing.assert_allclose(
            torch.func.vmap(torch.func.grad(function))(rows), torch.func.vmap(torch.func.grad(plain))(rows), **tol
        )
        b = a.clone().requires_grad_()
        (g,) = torch.autograd.grad(function(b), b, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), b)
        np.testing.assert_allclose(h, torch.func.hessian(plain)(a).sum(0), **tol)


def test_native_transforms_of_branches_and_loops():
    """What depends on values: they are read below the transform, and chosen item by item where they differ between items."""

    def decided(a):
        x = wrap(a, spatial("x"))
        x = math.cond(math.max(x) < 1, lambda x: x * x, lambda x: 3 * x, x)
        (x,) = math.while_loop(lambda x: math.sum(x) < 100, lambda x: (2 * x,), (x,))
        return math.sum(x).native()

    a = torch.tensor([0.5, 0.25])
    slope = torch.tensor([512.0, 256.0])  # 2 a, doubled 9 times
    np.testing.assert_allclose(torch.func.grad(decided)(a), slope)
    np.testing.assert_allclose(torch.func.jacrev(decided)(a), slope)
    rows = torch.stack([a, 40 * a])
    np.testing.assert_allclose(torch.func.vmap(decided)(rows), [decided(a), decided(40 * a)])
    np.testing.assert_allclose(torch.func.vmap(torch.func.grad(decided))(rows), [[512, 256], [6, 6]])


@pytest.mark.parametrize("jit", [False, True])
def test_parameters_of_a_network_learn(jit):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)

    def predict(x):
        return wrap(layer(x.native("x,vector")), spatial("x"), channel("vector"))

    if jit:
        predict = math.jit_compile(predict)
    data = wrap(torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), spatial("x"), channel("vector"))
    goal = wrap(torch.tensor([[1.0], [2.0], [3.0]]), spatial("x"), channel("vector"))
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss = math.l2_loss(predict(data) - goal).sum
        loss.native().backward()
        losses.append(float(loss))
        optimizer.step()
    assert losses[-1] < 1e-3 * losses[0]
    np.testing.assert_allclose(layer.weight.detach(), [[2, 1]], atol=0.1)


def test_values_under_autograd_can_be_read():
    """Eagerly differentiated values are known: Python may branch on them."""
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    x = wrap(a, spatial("x"))
    assert x.available and float(x.x[0]) == 1 and x.numpy().tolist() == [1, 2]
    y = x * 2 if math.sum_(x) > 2 else x
    y.native().sum().backward()
    assert a.grad.tolist() == [2, 2]


def test_gradients_inside_autograd():
    """A derivative of ours inside of one of PyTorch's, by a value that only the inner function captures."""
    k = torch.tensor(3.0, requires_grad=True)
    x = tensor([1.0, 2.0], spatial("x"))
    for transform in (lambda f: f, math.jit_compile):
        loss, g = math.gradient(transform(lambda x: math.sum_(x**2) * wrap(k)))(x)
        (dk,) = torch.autograd.grad(math.sum_(g * x).native() + loss.native(), k)
        assert float(dk) == pytest.approx(2 * 5 + 5)


def test_results_of_gradients_are_plain():
    loss, g = math.gradient(lambda x: math.sum_(x**2))(tensor([1.0, 2.0], spatial("x")))
    assert not loss.native().requires_grad and not g.native().requires_grad


def test_captured_parameters_in_hand_written_gradients_are_refused():
    k = torch.tensor(3.0, requires_grad=True)
    f = math.custom_gradient(lambda x: x * wrap(k), lambda i, o, g: (g,))
    a = torch.tensor(1.0, requires_grad=True)
    with pytest.raises(CapturedGradient, match="pass the value as an argument"):
        f(wrap(a))


def test_no_gradient_where_none_is_asked_for():
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        assert not compiled(a).requires_grad
        assert not energy(a).requires_grad


def test_large_and_empty_and_scalar_arguments():
    f = math.jit_compile(lambda x, y: (x * 2, y + 1))
    x, y = f(wrap(np.zeros((0, 3), np.float32), spatial("x,y")), 2.0)
    assert x.shape.sizes == (0, 3) and float(y) == 3


def test_derivatives_are_no_further_traces():
    x = tensor([1.0, 2.0, 3.0], spatial("x"))

    @math.jit_compile
    def step(x, k):
        return x * k

    gradient = math.gradient(lambda x: math.sum_(step(step(x, 2.0), 3.0)), get_output=False)
    for _ in range(3):
        assert gradient(x).numpy().tolist() == [6, 6, 6]
    assert step.traces == 1
    assert step(x, 2.0).numpy().tolist() == [2, 4, 6] and step.traces == 1


def _loops(x):
    (a,) = math.fori_loop(3, lambda i, x: (x + 0.1 * math.sin(x) * x,), (x,))
    last, path = math.scan(lambda i, x: (x * a,), (x,), 3, math.batch("t"))
    b = math.cond(math.max(a) < 1, lambda x: x * x, lambda x: 3 * x, last[0])
    return math.sum(b) + math.sum(path[0], "x,t")


def _search(x):
    (x,) = math.while_loop(lambda x: math.sum(x) < 100, lambda x: (2 * x,), (x,))
    return math.sum(x)


@pytest.mark.parametrize("inside", [False, True], ids=["around", "inside"])
def test_vmap_of_compiled_loops(inside):
    def native(f):
        return lambda a: f(wrap(a, spatial("x"))).native()

    rows = torch.tensor([[0.3, 0.7, 1.1], [0.1, 0.2, 0.15]])
    expected = torch.stack([native(_loops)(row) for row in rows])
    slopes = torch.stack([torch.func.grad(native(_loops))(row) for row in rows])
    if inside:  # torch.func inside of a compiled function

        def mapped(f):
            compiled = math.jit_compile(lambda x: wrap(f(x.native("b,x")), math.batch("b")))
            return lambda rows: compiled(wrap(rows, math.batch("b"), spatial("x"))).native("b")

        run = mapped(torch.func.vmap(native(_loops)))
        with pytest.raises(TypeError, match=r"cannot run inside of torch\.func"):
            mapped(torch.func.vmap(native(_search)))(rows)
        slope = math.jit_compile(lambda x: wrap(torch.func.grad(native(_loops))(x.native("x")), spatial("x")))
        np.testing.assert_allclose(slope(wrap(rows[0], spatial("x"))).native("x"), slopes[0], 1e-5)
    else:
        run = torch.func.vmap(native(math.jit_compile(_loops)))
        found = torch.func.vmap(torch.func.grad(native(math.jit_compile(_loops))))(rows)
        np.testing.assert_allclose(found, slopes, 1e-5)
        searched = torch.func.vmap(native(math.jit_compile(_search)))(rows)
        np.testing.assert_allclose(searched, [native(_search)(row) for row in rows], 1e-6)
    np.testing.assert_allclose(run(rows), expected, 1e-6)


def test_parameters_of_a_step_that_is_iterated():
    """The compiled loop takes its number of steps as a value."""
    rate = torch.tensor(0.1, requires_grad=True)
    step = math.jit_compile(lambda x: x + math.sin(x) * wrap(rate))
    a = torch.tensor([0.3, 0.7, 1.1])
    math.sum(math.iterate(step, 7, wrap(a, spatial("x"))) ** 2).native().backward()
    x, other = a, torch.tensor(0.1, requires_grad=True)
    for _ in range(7):
        x = x + torch.sin(x) * other
    (x**2).sum().backward()
    torch.testing.assert_close(rate.grad, other.grad)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_derivative_of_a_loop_whose_count_is_a_value(count):
    def loss(x, n, k):
        weights = tensor([1.0, 2.0, 3.0], spatial("x"))
        x, m = math.fori_loop(n, lambda i, x, m: (x + k * math.sin(x) * weights + 0.1 * i, m + 1), (x, 1))
        return math.sum(x**2) * m

    with precision(64):
        x = tensor([0.3, 0.7, 1.1], spatial("x"))
        found = math.jit_compile(math.gradient(loss, "x,k", get_output=False))(x, count, 0.1)
        expected = math.gradient(loss, "x,k", get_output=False)(x, count, 0.1)
        np.testing.assert_allclose(found[0].numpy(), expected[0].numpy(), 1e-12)
        np.testing.assert_allclose(float(found[1]), float(expected[1]), 1e-12)
