"""Operations that write to tensors in compiled functions: what networks hold is written to once per call, arguments never."""

import pytest
import torch
from phiml_core import math
from phiml_core.math import batch, channel, spatial, tensor, wrap


@pytest.fixture
def x():
    return tensor([[1.0, 2.0], [3.0, 5.0]], batch("b"), channel("f"))


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2), torch.nn.Tanh())


def applied(net, x):
    return wrap(net(x.native("b,f")), x.shape)


def total(x):
    return math.sum(x**2, "b,f")


def penalty(net):
    return math.gradient(lambda x: total(applied(net, x)), get_output=False)


def native_penalty(net, x):
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad((net(x) ** 2).sum(), x, create_graph=True)
    return slope


def three(net, x):
    for _ in range(3):
        x = x + net(x)
    return x


PROGRAMS = {
    "call": (lambda net, x: applied(net, x), lambda net, x: net(x)),
    "loop": (lambda net, x: math.iterate(lambda x: x + applied(net, x), 3, x), three),
    "branch": (
        lambda net, x: math.cond(total(x) > 0, lambda x: applied(net, x), lambda x: x, x),
        lambda net, x: net(x),
    ),
    "derivative": (lambda net, x: penalty(net)(x), native_penalty),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_running_means(x, program):
    ours, native = PROGRAMS[program]
    compiled_net, net = network(), network()
    compiled = math.jit_compile(lambda x: total(ours(compiled_net, x)))
    for _ in range(2):
        loss = (native(net, x.native("b,f")) ** 2).sum()
        found = compiled(x).native("")
        torch.testing.assert_close(found, loss)
        loss.backward()
        found.backward()
        for a, b in zip(compiled_net.buffers(), net.buffers(), strict=True):
            torch.testing.assert_close(a, b)
    for a, b in zip(compiled_net.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


@pytest.mark.parametrize("write", [lambda a: a.mul_(2), lambda a: a[:1].add_(2), torch.relu_])
def test_arguments_stay_what_they_are(write):
    x = tensor([-1.0, 2.0], spatial("x"))
    with pytest.raises(TypeError, match="writes to an argument of a function being compiled"):
        math.jit_compile(lambda x: wrap(write(x.native("x")), spatial("x")))(x)
    assert x.numpy().tolist() == [-1, 2]
    f = math.jit_compile(lambda x: wrap(write(x.native("x") * 2), spatial("x")))
    assert f(x).shape.volume in (1, 2) and x.numpy().tolist() == [-1, 2]


def test_captured_tensors_are_written_to_when_the_program_runs():
    held = torch.ones(2)
    f = math.jit_compile(lambda x: wrap(held.mul_(2) * x.native("x"), spatial("x")))
    x = tensor([1.0, 2.0], spatial("x"))
    assert f(x).numpy().tolist() == [2, 4] and f(x).numpy().tolist() == [4, 8] and held.tolist() == [4, 4]
    with pytest.raises(TypeError, match="its derivative cannot be computed later"):
        math.gradient(lambda x: math.sum(f(x)))(x)
