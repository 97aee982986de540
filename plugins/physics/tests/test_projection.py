"""Projection: divergence, boundaries, obstacles, decay of vortices, derivatives."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend, precision
from phiml_core.extrapolation import PERIODIC, ZERO_GRADIENT
from phiml_core.field import resample
from phiml_core.math import batch
from phiml_core.solve import NotConverged, Solve, record_solves
from phiml_core.transform import gradient, jit_compile
from phiml_physics import advect, diffuse
from phiml_physics.fluid import Obstacle, ObstacleFillsDomain, make_incompressible
from phiml_physics.geom import Box, Sphere, image_geometry
from phiml_physics.grid import CenteredGrid, GridError, StaggeredGrid
from phiml_physics.operators import divergence, spatial_gradient

TAU = 2 * np.pi


def rough(*x):
    """A velocity with divergence at all scales."""
    return tuple(
        math.sin(sum(c * (0.13 + 0.1 * i) for c in x)) + 0.3 * math.sin(9.1 * x[i] + 4 * x[-1]) for i in range(len(x))
    )


def remaining(v):
    """max |div v| h / max |v| in double precision, from the velocity alone."""
    total, names = 0.0, v.geometry.names
    fastest = max(np.abs(c.numpy(names)).max() for c in v.components)
    for axis, (n, c, dx) in enumerate(zip(names, v.components, v.geometry.spacing, strict=True)):
        stored = v.boundary.component(n).outer_faces(n)
        wide = math.pad(c, {n: (int(not stored[0]), int(not stored[1]))}, v.boundary.component(n))
        total = total + np.diff(wide.numpy(names).astype(float), axis=axis) / dx
    return np.abs(total).max() * min(v.geometry.spacing) / fastest


BOUNDARIES = {
    "closed": 0,
    "open": ZERO_GRADIENT,
    "periodic": PERIODIC,
    "open top": {"x": 0, "y": (0, ZERO_GRADIENT)},
    "channel": {"x": PERIODIC, "y": 0},
}
OBSTACLES = {
    "free": (),
    "ball": Sphere(x=40, y=55, radius=13.3),
    "box": Box(x=(30, 60), y=(40, 55)),
    "wall with a gap": (Box(x=(-1, 70), y=(50, 60)), Box(x=(80, 101), y=(50, 60))),
    "pocket": (
        Box(x=(20, 60), y=(20, 30)),
        Box(x=(20, 60), y=(50, 60)),
        Box(x=(20, 30), y=(20, 60)),
        Box(x=(50, 60), y=(20, 60)),
    ),
    "moving": Obstacle(Sphere(x=50, y=50, radius=15), velocity=(1, 0.5), angular_velocity=0.1),
}


EACH_PRECISION = [(name, b, bits) for name in ("numpy", "torch", "tensorflow") for b in BOUNDARIES for bits in (32, 64)]
IN_TURN = [
    ("jax", b, (32, 64)[i % 2]) for i, b in enumerate(BOUNDARIES)
]  # each is a program that is compiled for seconds


@pytest.mark.parametrize("each_backend, boundary, bits", EACH_PRECISION + IN_TURN, indirect=["each_backend"])
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_no_divergence_is_left(boundary, obstacle, bits, each_backend):
    with precision(bits):
        for n in (64, 100) if obstacle == "free" else (64,):
            v = StaggeredGrid(rough, BOUNDARIES[boundary], x=n, y=n, bounds=Box(x=100, y=100))
            with record_solves() as tape:
                v, p = make_incompressible(v, OBSTACLES[obstacle])
            assert remaining(v) <= (1e-5 if bits == 32 else 1e-10)
            assert int(tape[0].iterations.max) <= 25
            assert p.resolution == v.resolution


def test_a_jet_between_the_rows_that_are_looked_at(each_backend):
    """Compiled code estimates the largest speed from a few rows; a flow elsewhere meets the same tolerance."""

    def jet(x, y):
        return (math.exp(-((x - 8.6) ** 2 + (y - 8) ** 2) * 8), 0.0)

    with backend(each_backend):
        v = StaggeredGrid(jet, 0, Box(x=32, y=32), x=32, y=32)
        solved = jit_compile(lambda v: make_incompressible(v)[0])(v)
        assert remaining(solved) < 1e-5
        spread = jit_compile(lambda v: make_incompressible(v, (), Solve(suppress=[NotConverged]))[0])(v * 1e-30)
        assert remaining(spread) < 1e-5


@pytest.mark.parametrize("compiled", [False, True])
def test_what_flows_into_a_closed_box_is_spread_over_its_cells(compiled, each_backend):
    """A net inflow cannot be balanced: what is left is its mean, and the rest is solved for."""
    with backend(each_backend):
        v = StaggeredGrid(rough, {"x": (1.0, 0.0), "y": 0}, Box(x=16, y=16), x=16, y=16)
        project = jit_compile(make_incompressible) if compiled else make_incompressible
        found = divergence(project(v)[0]).values.numpy("x,y")
    np.testing.assert_allclose(found, -1 / 16, atol=3e-5)


@pytest.mark.parametrize("obstacle", [(), Sphere(x=4, y=3, radius=1)])
def test_inflow_into_a_fluid_at_rest(obstacle):
    """The only speed is that of the side, so that the tolerance follows from it."""
    sides = {"x": (math.vec(x=2.0, y=0.0), ZERO_GRADIENT), "y": 0}
    v, _ = make_incompressible(StaggeredGrid(0, sides, x=8, y=6), obstacle)
    assert abs(divergence(v).values.numpy("x,y")).max() < 2e-5
    np.testing.assert_allclose(v["x"].values.numpy("x,y").sum(1)[-1], 12, rtol=1e-5)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("boundary", [0, ZERO_GRADIENT, PERIODIC])
def test_any_number_of_dimensions(dims, boundary, each_backend):
    size = dict(zip("xyz"[:dims], (12, 9, 10), strict=False))
    v, _ = make_incompressible(StaggeredGrid(rough, boundary, **size))
    flux = float(abs(divergence(v).values).max)
    assert flux <= 1e-5 * max(1.0, max(float(abs(c).max) for c in v.components))


def test_projection_keeps_what_has_no_divergence_and_takes_all_else(each_backend):
    size = dict(x=16, y=12, bounds=Box(x=2, y=1))
    potential = CenteredGrid(lambda x, y: math.sin(3 * x) * y, ZERO_GRADIENT, **size)
    v, _ = make_incompressible(StaggeredGrid(rough, 0, **size))
    again, p = make_incompressible(v)
    for a, b in zip(v.components, again.components, strict=True):
        assert abs(a - b).max.item() < 1e-5
    mixed, p = make_incompressible(v + spatial_gradient(potential, boundary=0, at="face"))
    for a, b in zip(v.components, mixed.components, strict=True):
        assert abs(a - b).max.item() < 1e-4
    shifted = p.values - p.values.mean - potential.values + potential.values.mean
    assert abs(shifted).max.item() < 1e-4


def test_gravity_in_a_closed_box_is_balanced_by_pressure():
    v, p = make_incompressible(StaggeredGrid((0, -9.81), 0, x=8, y=16))
    assert max(abs(c).max.item() for c in v.components) < 1e-4
    slope = np.diff(p.values.numpy("x,y"), axis=1)
    assert np.allclose(slope, -9.81, rtol=1e-4)


def test_obstacle_stops_the_flow():
    v = StaggeredGrid((1, 0), {"x": (1, ZERO_GRADIENT), "y": 0}, x=32, y=24)
    v, _ = make_incompressible(v, Box(x=(10, 14), y=(6, 16)))
    inside = v.vector["x"].values.numpy("x,y")[9:14, 6:16]  # faces x = 10 … 14
    assert np.abs(inside).max() < 1e-6
    assert v.vector["x"].values.numpy("x,y")[11, 18:].min() > 1.1


def test_many_obstacles_are_as_large_a_program_as_few():
    """Constants for each of 50 boxes took 15 GB to compile at 128³."""
    jax = pytest.importorskip("jax")

    def operations(count):
        boxes = [Obstacle(Box(x=(2 * i, 2 * i + 1.3), y=(3, 9.5))) for i in range(count)]

        def f(factor):
            v = StaggeredGrid(rough, 0, x=16, y=12) * math.wrap(factor)
            return make_incompressible(v, boxes)[0].vector["x"].values.native("x,y")

        with backend("jax"):
            return str(jax.make_jaxpr(f)(np.float32(1.0))).count(" = ")

    assert operations(2) == operations(7)


def test_the_last_of_overlapping_obstacles_decides():
    """At rest over moving, and the other way round; a part that is covered twice counts once."""
    moving, wall = Obstacle(Box(x=(3, 7), y=(2, 6)), velocity=(1.0, 0)), Box(x=(5, 9), y=(2, 6))
    for bodies, expected in (((moving, wall), [1, 1, 0, 0]), ((wall, moving), [1, 1, 1, 0])):
        v, _ = make_incompressible(StaggeredGrid(0, ZERO_GRADIENT, x=12, y=8), bodies)
        assert np.allclose(v.vector["x"].values.numpy("x,y")[[3, 4, 6, 8], 4], expected, atol=1e-5)


def test_fluid_follows_a_moving_obstacle():
    body = Obstacle(Box(x=(10, 14), y=(6, 16)), velocity=(0.5, 0))
    v, _ = make_incompressible(StaggeredGrid(0, ZERO_GRADIENT, x=32, y=24), body)
    assert np.allclose(v.vector["x"].values.numpy("x,y")[10:15, 6:16], 0.5, atol=1e-6)
    assert v.vector["x"].values.numpy("x,y")[16, 11] > 0.1
    assert remaining(v) < 1e-5


def test_turning_obstacle_drags_nothing_through_its_surface():
    body = Obstacle(Sphere(x=10, y=10, radius=5), angular_velocity=1.0)
    v, _ = make_incompressible(StaggeredGrid(0, 0, x=20, y=20), body)
    u = v.vector["x"].values.numpy("x,y")
    y = np.arange(20) + 0.5
    assert np.allclose(u[9, 7:13], -(y[7:13] - 10), atol=1e-4)
    with pytest.raises(ValueError, match="vector"):
        make_incompressible(
            StaggeredGrid(0, 0, x=4, y=4, z=4), Obstacle(Sphere(x=2, y=2, z=2, radius=1), angular_velocity=1.0)
        )


def test_picture_as_obstacle(each_backend):
    disc = np.hypot(*(np.mgrid[:40, :40] - 19.5)) < 15
    shape = image_geometry(disc.astype(float), Box(x=(20, 70), y=(30, 80)))
    v = StaggeredGrid(rough, 0, x=50, y=50, bounds=Box(x=100, y=100))
    v, _ = make_incompressible(v, shape)
    assert remaining(v) <= 1e-5


@pytest.mark.parametrize("bits", [32, 64])
def test_gaps_of_rounding_size_are_closed(bits):
    """A pocket tied to the rest by faces that are open by 1e-16 would need pressures of 1e16: the solve did not converge."""
    hollow = np.hypot(*(np.mgrid[:60, :60] - 29.5))
    ring = image_geometry(((hollow < 27) & (hollow > 8)).astype(float), Box(x=(27.1, 73.3), y=(27.1, 73.3)))
    nearly = Box(x=(20, 30 - 1e-14), y=(-1, 101)), Box(x=(30, 40), y=(-1, 101))
    with precision(bits):
        for obstacle in (ring, nearly):
            v = StaggeredGrid(rough, 0, x=48, y=48, bounds=Box(x=100, y=100))
            v, _ = make_incompressible(v, obstacle)
            assert remaining(v) <= (1e-5 if bits == 32 else 1e-10)


@pytest.mark.parametrize("dims", [2, 3])
def test_taylor_green_vortices_decay_at_the_right_rate(dims):
    viscosity, dt, steps = 0.1, 0.005, 40

    def vortices(x, y, *z):
        u = -math.cos(x) * math.sin(y), math.sin(x) * math.cos(y)
        return (*u, *[0 * x for _ in z])

    size = dict(zip("xyz"[:dims], (32, 32, 4), strict=False))
    with precision(64):
        v = start = StaggeredGrid(vortices, PERIODIC, bounds=Box(**dict.fromkeys(size, TAU)), **size)
        for _ in range(steps):
            v = advect.mac_cormack(v, v, dt)
            v = diffuse.explicit(v, viscosity, dt)
            v, _ = make_incompressible(v)
    ratio = float((v.vector["x"].values * start.vector["x"].values).sum / (start.vector["x"].values ** 2).sum)
    rate = -np.log(ratio) / (steps * dt)
    assert rate == pytest.approx(2 * viscosity, rel=0.01)


def test_batches_and_single_runs_agree(each_backend):
    pressures = []
    rates = [0.5, 2.0]
    v = StaggeredGrid(lambda x, y: tuple(c * math.wrap(rates, batch("b")) for c in rough(x, y)), 0, x=16, y=12)
    both, p = make_incompressible(v, Sphere(x=math.wrap([5.0, 9], batch("b")), y=6, radius=3))
    for i, rate in enumerate(rates):
        one = StaggeredGrid(lambda x, y, r=rate: tuple(c * r for c in rough(x, y)), 0, x=16, y=12)
        one, q = make_incompressible(one, Sphere(x=[5.0, 9][i], y=6, radius=3))
        pressures.append(q)
        for a, b in zip(both[{"b": i}].components, one.components, strict=True):
            assert abs(a - b).max.item() < 2e-4
    assert p.values.shape.only("b").volume == len(pressures)


def step(v, s, center, dt):
    """Smoke around a ball."""
    s = advect.mac_cormack(s, v, dt)
    v = advect.semi_lagrangian(v, v, dt) + resample(s * (0, 0.5), to=v) * dt
    v, _ = make_incompressible(v, Obstacle(Sphere(center, 2.1)))
    return v, s


def test_moving_obstacles_and_steps_of_other_length_are_one_trace():
    pytest.importorskip("jax")
    with backend("jax"):
        v = StaggeredGrid(0, 0, x=12, y=16)
        s = CenteredGrid(Box(x=(4, 8), y=(1, 4)), ZERO_GRADIENT, x=12, y=16)
        compiled = jit_compile(step)
        w, t = v, s
        for i in range(3):
            center, dt = math.vec(x=6.0 + 0.3 * i, y=9.0), 0.5 + 0.1 * i
            v, s = compiled(v, s, center, dt)
            w, t = step(w, t, center, dt)
            assert remaining(v) <= 1e-5
        assert compiled.traces == 1
        assert abs(s.values - t.values).max.item() < 1e-4


WALL = Box(x=(2, 4), y=(2, 5))


@pytest.mark.parametrize(
    "place, boundary, obstacle",
    [
        ("jax", 0, ()),
        ("torch", ZERO_GRADIENT, ()),
        ("jax", PERIODIC, ()),
        ("torch", 0, WALL),
        ("jax", ZERO_GRADIENT, WALL),
        ("torch", PERIODIC, WALL),
    ],
)
def test_derivative_against_differences(place, boundary, obstacle):
    pytest.importorskip(place)
    rng = np.random.default_rng(0)
    with precision(64), backend(place):
        v = StaggeredGrid(rough, boundary, x=7, y=6)
        noise = [math.tensor(rng.normal(size=c.shape.sizes), c.shape.with_sizes((None, None))) for c in v.components]

        @jit_compile
        def loss(v):
            w, p = make_incompressible(v, obstacle, Solve(rel_tol=1e-12))
            return (
                sum(math.sum_(math.sin(c * (i + 1)), c.shape) for i, c in enumerate(w.components)) + (p.values**2).sum
            )

        found = gradient(loss, get_output=False)(v)
        along = sum(float((g * d).sum) for g, d in zip(found.components, noise, strict=True))

        def at(h):
            moved = [c + h * d for c, d in zip(v.components, noise, strict=True)]
            return float(loss(StaggeredGrid.from_components(moved, v.boundary, v.geometry)))

        assert along == pytest.approx((at(1e-5) - at(-1e-5)) / 2e-5, rel=1e-5)


def test_pressure_boundary_follows_that_of_the_velocity():
    for boundary, expected in [(0, "zero-gradient"), (PERIODIC, "periodic"), (ZERO_GRADIENT, "0.0")]:
        _, p = make_incompressible(StaggeredGrid(1, boundary, x=4, y=4))
        assert repr(p.boundary) == expected
    _, p = make_incompressible(StaggeredGrid(1, {"x": PERIODIC, "y": (0, ZERO_GRADIENT)}, x=4, y=4))
    assert repr(p.boundary) == "{x: periodic, y: (zero-gradient, 0.0)}"


@pytest.mark.parametrize("boundary", [0, PERIODIC])
def test_a_zero_pressure_as_first_guess_is_one_trace(boundary):
    step = jit_compile(lambda v, p: make_incompressible(v, (), Solve(x0=p)))
    with backend("jax"):
        v = StaggeredGrid(rough, boundary, x=6, y=8)
        p = CenteredGrid(0, PERIODIC if boundary is PERIODIC else ZERO_GRADIENT, x=6, y=8)
        for _ in range(3):
            v, p = step(v, p)
    assert step.traces == 1, step.log


def test_errors():
    v = StaggeredGrid(rough, 0, x=8, y=8)
    with pytest.raises(ObstacleFillsDomain, match="no fluid is left"):
        make_incompressible(v, Box(x=(-1, 9), y=(-1, 9)))
    with pytest.raises(GridError, match="staggered"):
        make_incompressible(v.at_centers())
    with pytest.raises(TypeError, match="geometry"):
        Obstacle(3)
    with pytest.raises(NotConverged):
        make_incompressible(v, Sphere(x=4, y=4, radius=2), Solve(max_iterations=1, rel_tol=1e-6))
    with pytest.raises(Exception, match="finite"):
        make_incompressible(v * float("nan"))
