"""What PyTorch itself gets wrong without an error, and what therefore must be right, or an error, here."""

import numpy as np
import pytest
import torch
from phiml_core import math
from phiml_core.backend import NoGradient, backend_named
from phiml_core.math import channel, convert, spatial, tensor, wrap
from phiml_torch.refusal import NotRecordable

TORCH = backend_named("torch")


@pytest.fixture
def x():
    return tensor([1.0, 2.0], spatial("x"))


def lookups(a, u):
    """Two chained bilinear look-ups with tanh between."""
    n = a.shape[0]
    for _ in range(2):
        i, j = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
        px, py = (i - u[0]).clamp(0, n - 1.001), (j - u[1]).clamp(0, n - 1.001)
        x0, y0 = px.floor().long(), py.floor().long()
        fx, fy = px - x0, py - y0
        left = a[x0, y0] * (1 - fy) + a[x0, y0 + 1] * fy
        right = a[x0 + 1, y0] * (1 - fy) + a[x0 + 1, y0 + 1] * fy
        a = torch.tanh(left * (1 - fx) + right * fx)
    return (a**2).sum()


@pytest.mark.inductor
def test_gradient_of_chained_lookups_in_machine_code():
    """The compiler for CPUs fuses scatters with what reads them: wrong by more than the values."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        a, u = torch.randn(24, 24), 3 * torch.randn(2, 24, 24)
    a.requires_grad_()
    u.requires_grad_()
    expected = torch.autograd.grad(lookups(a, u), (a, u))

    def derivative(a, u):
        _, pull_back, _ = TORCH.vjp(lambda a, u: ((lookups(a, u),), ()), (a, u))
        return pull_back((torch.ones(()),))

    for found in (TORCH.jit(derivative)(a.detach(), u.detach()),
                  torch.autograd.grad(TORCH.jit(lambda a, u: (lookups(a, u),))(a, u)[0], (a, u))):  # fmt: skip
        for f, e in zip(found, expected, strict=True):
            np.testing.assert_allclose(f, e, rtol=1e-4, atol=1e-4 * float(e.abs().max()))


def test_hand_written_gradients_survive_compilation():
    """Derivatives of a traced graph would forget them: 6 instead of 300."""
    cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (100 * g * i[0] ** 2,))
    compiled = math.jit_compile(lambda x: cube(x))
    a = torch.tensor(1.7320508, requires_grad=True)
    (g,) = torch.autograd.grad(compiled(wrap(a)).native(), a)
    assert float(g) == pytest.approx(300, rel=1e-5)
    assert float(math.gradient(compiled, get_output=False)(tensor(1.7320508))) == pytest.approx(300, rel=1e-5)
    assert float(torch.func.grad(lambda a: compiled(wrap(a)).native())(a.detach())) == pytest.approx(300, rel=1e-5)


def test_loops_with_unknown_number_of_steps_have_no_gradient(x):
    """`torch.while_loop` returns about zero."""
    loop = math.jit_compile(lambda x: math.while_loop(lambda v: math.sum_(v) < 50, lambda v: (v * v,), (x,))[0])
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(NoGradient, match="fixed number of steps"):
        torch.autograd.grad(loop(wrap(a, spatial("x"))).native().sum(), a)
    eager = math.while_loop(lambda v: math.sum_(v) < 50, lambda v: (v * v,), (wrap(a, spatial("x")),))[0]
    (g,) = torch.autograd.grad(eager.native().sum(), a)
    np.testing.assert_allclose(g, [8, 8 * 2.0**7])


def test_forward_derivatives_through_hand_written_ones_are_refused():
    """Custom operators with registered autograd return 0."""
    cube = math.custom_gradient(lambda x: x**3, lambda i, o, g: (3 * g * i[0] ** 2,))
    compiled = math.jit_compile(lambda x: x**3)
    for f in (cube, compiled):
        with pytest.raises((RuntimeError, NotImplementedError), match=r"forward|jvp"):
            torch.func.jvp(lambda a, f=f: f(wrap(a)).native(), (torch.tensor(2.0),), (torch.tensor(1.0),))


def test_values_of_a_recording_are_not_frozen():
    """A recorded `.numpy()` would be the value of the example for ever."""
    a = torch.ones(2)
    for leak in (
        lambda a: a.numpy(),
        lambda a: a.detach().numpy(),
        lambda a: a.tolist(),
        lambda a: np.asarray(a),
        lambda a: float(a.sum()),
        lambda a: bool(a.sum() > 0),
        lambda a: np.from_dlpack(a),
    ):
        with pytest.raises((NotRecordable, TypeError, BufferError, RuntimeError)):
            TORCH.jit(lambda a, leak=leak: (a * torch.as_tensor(leak(a)),))(a)


def test_random_numbers_of_torch_are_refused_in_recordings():
    """A generator given to `randn` would be dropped."""
    for draw in (
        lambda a: torch.randn(2, generator=torch.Generator().manual_seed(0)),
        lambda a: torch.rand_like(a),
        lambda a: torch.nn.functional.dropout(a),
    ):
        with torch.random.fork_rng(), pytest.raises(NotRecordable, match="key"):
            TORCH.jit(lambda a, draw=draw: (a + draw(a),))(torch.ones(2))


def test_results_of_unknown_size_are_refused():
    for f in (lambda a: torch.nonzero(a), lambda a: a[a > 0], lambda a: torch.unique(a)):
        with pytest.raises(NotRecordable, match="size depends on values"):
            TORCH.jit(lambda a, f=f: (f(a),))(torch.ones(2))


@pytest.mark.parametrize("layout", ["transposed", "strided", "expanded", "offset"])
def test_arguments_in_any_layout(layout):
    """Compiled code trusts the strides of its first arguments."""
    f = TORCH.jit(lambda a: (a * torch.arange(12.0).reshape(3, 4), a.flip(0)))
    a = torch.arange(12.0).reshape(3, 4)
    f(a)
    other = {
        "transposed": a.t().contiguous().t(),
        "strided": torch.arange(24.0).reshape(3, 8)[:, ::2],
        "expanded": torch.ones(3, 1).expand(3, 4),
        "offset": torch.arange(13.0)[1:].reshape(3, 4),
    }[layout]
    for x, y in zip(f(other), (other * torch.arange(12.0).reshape(3, 4), other.flip(0)), strict=True):
        assert torch.equal(x, y)


@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("layout", ["expanded", "transposed"])
def test_views_of_tensors_in_any_layout(layout, captured):
    """Whether a reshaped slice is a view depends on strides, which the program that is recorded need not be given."""
    x = torch.zeros(1, 1).expand(8, 6) if layout == "expanded" else torch.arange(48.0).reshape(6, 8).t()
    f = TORCH.jit(lambda a: ((x if captured else a)[::2].reshape(24) + a[0, 0], a.t().reshape(48)))
    for given in (x, x.contiguous(), torch.arange(48.0).reshape(8, 6)):
        expected = (x if captured else given)[::2].reshape(24) + given[0, 0], given.t().reshape(48)
        assert all(torch.equal(p, q) for p, q in zip(f(given), expected, strict=True))


@pytest.mark.inductor
def test_arguments_in_any_layout_in_machine_code():
    test_arguments_in_any_layout("transposed")
    test_arguments_in_any_layout("expanded")


def test_reductions_over_no_axes_reduce_nothing():
    """PyTorch takes an empty tuple of axes for all."""
    from phiml_core.backend import primitive

    a = torch.arange(6.0).reshape(2, 3)
    for name in ("sum", "prod", "mean", "max", "min"):
        assert torch.equal(getattr(primitive, name)(a, ()), a)
    assert primitive.any(a, ()).shape == primitive.all(a, ()).shape == (2, 3)


def test_shared_memory_by_dlpack():
    """Memory is shared as documented; what is read-only is copied, since PyTorch would write to it."""
    array = np.arange(4, dtype=np.float32)
    shared = convert(wrap(array, spatial("x")), "torch")
    array[0] = 9
    assert float(shared.x[0]) == 9
    array.flags.writeable = False
    copied = convert(wrap(array, spatial("x")), "torch").native_array
    copied[0] = 5
    assert array[0] == 9
    t = tensor([1.0, 2.0], spatial("x"))
    view = convert(t, "numpy").native_array
    assert view.ctypes.data == t.native_array.data_ptr()
    jax = pytest.importorskip("jax")
    over = convert(wrap(jax.numpy.arange(3.0), spatial("x")), "torch")
    assert over.backend.name == "torch" and over.numpy().tolist() == [0, 1, 2]


def test_numpy_data_that_run_backwards():
    """`torch.from_dlpack` ends the process."""
    x = convert(wrap(np.arange(3.0)[::-1], spatial("x")), "torch")
    assert x.numpy().tolist() == [2, 1, 0]


def test_data_given_to_tensor_may_change_later():
    for dtype in (np.float32, np.float64):
        array = np.zeros(100, dtype)
        x = tensor(array, spatial("x"))
        array[:] = 1
        assert float(math.max_(x)) == 0
    f = math.jit_compile(lambda x: x * 1)
    array = np.zeros(100, np.float32)
    out = f(wrap(array, spatial("x")))
    array[:] = 1
    assert float(math.max_(out)) == 0


def test_constants_of_a_compiled_function_are_those_of_its_trace():
    """Captured data are inputs of the graph, not copied into it."""
    c = tensor([1.0, 2.0], spatial("x"))
    f = math.jit_compile(lambda x: x * c + wrap([1.0, 1.0], spatial("x")))
    x = tensor([3.0, 4.0], spatial("x"))
    assert f(x).numpy().tolist() == f(x).numpy().tolist() == [4, 9]


def test_random_bits_are_equal_to_those_of_numpy():
    from phiml_core.backend import primitive

    numpy = backend_named("numpy")
    for key in ((0, 0), (0xFFFFFFFF, 1), (0x13198A2E, 0x03707344)):
        for count in (0, 1, 2, 7, 64):
            a, b = (primitive.random_bits(place, key, count) for place in (numpy, TORCH))
            assert b.dtype is torch.uint32
            np.testing.assert_array_equal(a, b.numpy())
    draw = math.jit_compile(
        lambda key: (math.random_normal(spatial(x=9), key=key), math.random_uniform(spatial(x=9), key=key))
    )
    key = math.random_key(3)
    normal, uniform = draw(key)
    np.testing.assert_array_equal(math.random_uniform(spatial(x=9), key=key).numpy(), uniform.numpy())
    # made of logarithm and cosine, whose last digit is another one in machine code
    np.testing.assert_allclose(math.random_normal(spatial(x=9), key=key).numpy(), normal.numpy(), rtol=5e-7)


def test_channels_of_named_dims_do_not_matter():
    v = wrap(torch.arange(6.0).reshape(3, 2), spatial("x"), channel(vector="x,y"))
    f = math.jit_compile(lambda v: v.vector["y"] * 2)
    assert f(v).numpy().tolist() == [2, 6, 10]
