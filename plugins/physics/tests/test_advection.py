"""Advection: order, limits, both forms, any number of dimensions, batches, derivatives."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend, precision
from phiml_core.extrapolation import PERIODIC, SYMMETRIC, ZERO_GRADIENT
from phiml_core.math import batch, channel, spatial
from phiml_core.transform import gradient, jit_compile
from phiml_physics.advect import backtrace, mac_cormack, semi_lagrangian
from phiml_physics.geom import Box
from phiml_physics.grid import CenteredGrid, StaggeredGrid

TAU = 2 * np.pi
SCHEMES = [semi_lagrangian, mac_cormack]
BOUNDARIES = [0, 2, ZERO_GRADIENT, PERIODIC, SYMMETRIC, {"x": PERIODIC, "y": (0, ZERO_GRADIENT)}]


def swirl(*x):
    """A velocity that differs along all axes."""
    return tuple(0.4 * math.sin(0.7 * sum(x) + i) + 0.1 * (i + 1) for i in range(len(x)))


def arrays(field):
    values = math.unstack(field.values, "vector") if "vector" in field.shape.names else [field.values]
    return [v.numpy(v.shape) for v in values]


def same(a, b, tolerance):
    return all(np.allclose(x, y, atol=tolerance) for x, y in zip(arrays(a), arrays(b), strict=True))


@pytest.fixture
def gathers_only(monkeypatch):
    def use():
        monkeypatch.setattr(backtrace, "small_steps", lambda *args: False)

    return use


@pytest.mark.parametrize("scheme, expected", [(semi_lagrangian, 1), (mac_cormack, 2)])
def test_order_of_advected_gaussian(scheme, expected, each_backend):
    """One turn through a periodic box; the limiter acts at the top only."""

    def blob(x):
        return math.exp(-40 * (x - 0.5) ** 2)

    def case(n):
        s = start = CenteredGrid(blob, PERIODIC, x=n, bounds=Box(x=1))
        steps = 3 * n // 2
        for _ in range(steps):
            s = scheme(s, math.vec(x=1.0), 1 / steps)
        return float(abs(s - start).mean)

    with precision(64):
        assert np.log2(case(128) / case(256)) == pytest.approx(expected, abs=0.25)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "dims, boundary", [*((d, b) for d in (1, 2) for b in BOUNDARIES), (3, ZERO_GRADIENT), (3, BOUNDARIES[-1])]
)
def test_both_forms_agree(scheme, boundary, dims, gathers_only):
    if dims == 1 and isinstance(boundary, dict):
        boundary = {"x": boundary["y"]}
    if dims == 3 and isinstance(boundary, dict):
        boundary = {**boundary, "z": 0}
    size = dict(zip("xyz"[:dims], (7, 6, 5), strict=False))
    v = StaggeredGrid(swirl, boundary, **size)
    fields = [CenteredGrid(lambda *x: math.sin(sum(x)), boundary, **size), v, v.at_centers()]
    pytest.importorskip("phiml_torch", reason="NumPy has one form only in three dimensions")
    with backend("torch"):
        convert = [f.__with_attrs__(math.convert(f.values), f.boundary) for f in fields]
        by_shifts = [scheme(f, v, 0.9) for f in convert]
    gathers_only()
    by_gathers = [scheme(f, v, 0.9) for f in fields]
    assert all(same(a, b, 1e-5) for a, b in zip(by_shifts, by_gathers, strict=True))


def test_tiny_displacements_pick_the_same_cell(gathers_only):
    """Else the limits of MacCormack's correction differ between both forms."""
    rng = np.random.default_rng(1)
    s = CenteredGrid(math.tensor(rng.normal(size=(9, 8)), spatial("x,y")), 0)
    tiny = math.tensor(
        rng.normal(size=(9, 8, 2)) * 1e-6 * rng.integers(0, 2, (9, 8, 2)), spatial("x,y"), channel(vector="x,y")
    )
    v = CenteredGrid(tiny, 0)
    a = mac_cormack(s, v, 1.0)
    gathers_only()
    assert same(a, mac_cormack(s, v, 1.0), 1e-6)


def test_whole_cells_are_exact(each_backend):
    s = CenteredGrid(lambda x, y: math.sin(x * y), {"x": PERIODIC, "y": 5}, x=6, y=5)
    moved = semi_lagrangian(s, (2, 1), 1.0).values.numpy("x,y")
    before = s.values.numpy("x,y")
    assert np.allclose(moved[:, 1:], np.roll(before, 2, 0)[:, :-1], atol=1e-5)
    assert np.allclose(moved[:, 0], 5)


@pytest.mark.parametrize("dt", [0.5, 3.7])
def test_values_from_far_outside_are_those_of_the_boundary(dt, each_backend):
    s = CenteredGrid(lambda x: x, {"x": (2, 3)}, x=4)
    far = semi_lagrangian(s, math.vec(x=dt * 20), 1.0)
    assert far.values.numpy("x").tolist() == [2] * 4


@pytest.mark.parametrize("velocity", [0.3, 2.7])
def test_mac_cormack_makes_no_new_extremes(velocity):
    s = CenteredGrid(Box(x=(3, 6), y=(2, 5)), 0, x=10, y=9)
    for _ in range(5):
        s = mac_cormack(s, (velocity, 0.4 * velocity), 1.0)
    assert -1e-6 <= s.min.item() and s.max.item() <= 1 + 1e-6


def test_zero_correction_is_semi_lagrangian():
    s = CenteredGrid(lambda x, y: math.sin(x) * y, 0, x=8, y=6)
    assert same(mac_cormack(s, (0.3, 0.2), 1.0, correction_strength=0.0), semi_lagrangian(s, (0.3, 0.2), 1.0), 1e-6)


IN_TURN = [  # JAX compiles each of these for seconds
    (semi_lagrangian, True, "torch"), (semi_lagrangian, False, "jax"), (mac_cormack, True, "jax"), (mac_cormack, False, "torch")
]  # fmt: skip
"""Scheme, whether matter moves less than a cell, backend."""


@pytest.mark.parametrize("scheme, short, place", IN_TURN)
def test_backends_compilation_and_batches_agree(scheme, short, place):
    pytest.importorskip(place)
    dt = 0.9 if short else 4.0
    size = dict(x=7, y=6)
    rates = math.wrap([0.3, 1.0], batch("b"))

    def run(b):
        v = StaggeredGrid(lambda x, y: tuple(c * b for c in swirl(x, y)), ZERO_GRADIENT, **size)
        return v, CenteredGrid(lambda x, y: math.sin(x + y) * b, ZERO_GRADIENT, **size)

    def step(v, s, dt):
        return scheme(v, v, dt), scheme(s, v, dt)

    with precision(64):
        each = [step(*run(r), dt) for r in (0.3, 1.0)]
        together = step(*run(rates), dt)
        with backend(place):
            eager = step(*run(rates), dt)
            compiled = jit_compile(step)
            results = [
                together,
                eager,
                compiled(*run(rates), dt),
                compiled(*run(rates), math.wrap([dt, dt], batch("b"))),
            ]
        for result in results:
            for i, one in enumerate(each):
                assert all(same(a[{"b": i}], b, 1e-10) for a, b in zip(result, one, strict=True))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_constant_along_z_equals_two_dimensions(scheme, each_backend):
    flat = scheme(CenteredGrid(lambda x, y: math.sin(x * y), 0, x=7, y=6), StaggeredGrid(swirl, 0, x=7, y=6), 0.8)
    v = StaggeredGrid(lambda x, y, z: (*swirl(x, y), 0), {"x": 0, "y": 0, "z": ZERO_GRADIENT}, x=7, y=6, z=3)
    s = CenteredGrid(lambda x, y, z: math.sin(x * y), {"x": 0, "y": 0, "z": ZERO_GRADIENT}, x=7, y=6, z=3)
    deep = scheme(s, v, 0.8)
    for z in range(3):
        assert np.allclose(deep.values.z[z].numpy("x,y"), flat.values.numpy("x,y"), atol=1e-5)


# --- derivatives ---


def objective(scheme, weights):
    def loss(s, v, dt):
        a, b = scheme(s, v, dt), semi_lagrangian(v, v, dt)
        total = math.sum_(a.values * weights, a.resolution)
        for c in b.components:
            total = total + math.sum_(c * c, c.shape) + math.sum_(c * math.sin(c * 9 + 1), c.shape)
        return total

    return loss


@pytest.mark.parametrize(
    "place, scheme, boundary, dt, compiled, dims",
    [
        ("torch", semi_lagrangian, 0, 0.7, False, 2),
        ("jax", mac_cormack, 0, 0.7, True, 2),
        ("torch", mac_cormack, ZERO_GRADIENT, 3.3, True, 2),
        ("jax", mac_cormack, PERIODIC, 3.3, True, 2),
        ("torch", semi_lagrangian, {"x": PERIODIC, "y": (0, ZERO_GRADIENT)}, 0.7, True, 2),
        ("jax", mac_cormack, PERIODIC, 0.7, True, 1),
        ("torch", mac_cormack, 0, 0.7, True, 3),
    ],
)
def test_derivative_against_differences(place, scheme, boundary, dt, compiled, dims):
    pytest.importorskip(place)
    rng = np.random.default_rng(3)
    with precision(64), backend(place):
        size = dict(zip("xyz"[:dims], (5, 4, 3), strict=False))

        def noise(shape):
            return math.tensor(rng.normal(size=shape.sizes), shape.with_sizes((None,) * shape.rank))

        v = StaggeredGrid(swirl, boundary, **size)
        s = CenteredGrid(lambda *x: math.sin(sum(x) + x[-1]), boundary, **size)
        loss = objective(scheme, noise(s.resolution))
        derive = gradient(loss, "s,v,dt", get_output=False)
        ds, dv, ddt = (jit_compile(derive) if compiled else derive)(s, v, dt)
        value = jit_compile(loss)
        to_s, to_v = noise(s.resolution), [noise(c.shape) for c in v.components]

        def along(step):
            new = [c + step * d for c, d in zip(v.components, to_v, strict=True)]
            moved = StaggeredGrid.from_components(new, v.boundary, v.geometry)
            return float(value(s.with_values(s.values + step * to_s), moved, dt + step * 0.2))

        h = 1e-6
        difference = (along(h) - along(-h)) / (2 * h)
        found = float((ds.values * to_s).sum) + 0.2 * float(ddt)
        found += sum(float((a * b).sum) for a, b in zip(dv.components, to_v, strict=True))
        assert found == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize("scheme, short, place", IN_TURN)
def test_derivative_by_a_wind_that_is_the_same_everywhere(scheme, short, place):
    pytest.importorskip(place)
    strength = 0.3 if short else 2.3
    with precision(64), backend(place):
        s = CenteredGrid(lambda x, y: math.sin(0.4 * x + 0.9 * y), PERIODIC, x=11, y=13)
        weights = math.sin(s.values * 3)
        loss = jit_compile(lambda wind: math.sum_(scheme(s, wind, 1.0).values * weights, "x,y"))
        wind, to = math.vec(x=strength, y=0.21), math.vec(x=0.6, y=-0.8)
        found = float((gradient(loss, get_output=False)(wind) * to).sum)
        expected = (float(loss(wind + 1e-6 * to)) - float(loss(wind - 1e-6 * to))) / 2e-6
        assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("scheme, shifts, place", IN_TURN)
def test_derivative_at_rest_is_that_of_one_side(scheme, shifts, place, gathers_only):
    """At zero displacement the derivative is that for matter that comes from above, and not zero as that of |d| would be."""
    pytest.importorskip(place)
    if not shifts:
        gathers_only()
    rng = np.random.default_rng(5)
    with precision(64), backend(place):
        rising = rng.random((5, 4)).cumsum(0).cumsum(1)  # the limiter has no corner here
        s = CenteredGrid(math.tensor(rising, spatial("x,y")), ZERO_GRADIENT)
        inner = np.pad(rng.normal(size=(4, 3)), ((0, 1), (0, 1)))  # at the upper sides it acts at once
        weights = math.tensor(inner, spatial("x,y"))

        @jit_compile
        def loss(u):
            return math.sum_(scheme(s, CenteredGrid(u, 0), 1.0).values * weights, "x,y")

        u = math.zeros(spatial(x=5, y=4), channel(vector="x,y"))
        found = gradient(loss, get_output=False)(u)
        direction = math.tensor(-rng.random(size=(5, 4, 2)), spatial("x,y"), channel(vector="x,y"))
        difference = (loss(1e-6 * direction) - loss(u)) / 1e-6
        assert float((found * direction).sum) == pytest.approx(float(difference), rel=1e-4)
        assert abs(found[{"x": slice(0, -1), "y": slice(0, -1)}]).min.item() > 0


def test_errors():
    s = CenteredGrid(0, 0, x=4, y=4)
    with pytest.raises(TypeError, match="advected"):
        semi_lagrangian(math.ones(spatial(x=4)), (1, 0), 1.0)
    with pytest.raises(ValueError, match="Reorder"):
        semi_lagrangian(s, math.vec(y=1, x=2), 1.0)
