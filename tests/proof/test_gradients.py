"""The gradient of a loss through 16 compiled steps is that of differences, by everything a user may want to change."""

import numpy as np
import pytest
from phiml_physics.flow import (
    ZERO_GRADIENT,
    CenteredGrid,
    Obstacle,
    Sphere,
    StaggeredGrid,
    backend,
    fluid,
    gradient,
    iterate,
    jit_compile,
    math,
    precision,
    vec,
    wrap,
)
from proof_plume import cells_of, noise_like, start_of, step, velocity_of, with_components

STEPS, SIZES = 16, (12, 14)
SMALL = 1e-6
"""Step of the differences: a larger one meets the corners of the scheme, where matter enters another cell or a limit begins to act."""


@pytest.fixture
def jax_double():
    pytest.importorskip("phiml_jax", reason="phiml-jax is not installed")
    with backend("jax"), precision(64):
        yield


def moving():
    """A swirl at speeds of up to half a cell per step, in smoke that differs everywhere."""
    v, _ = fluid.make_incompressible(velocity_of("smooth", "closed", SIZES) * 3.0)
    return v, CenteredGrid(
        lambda x, y: math.sin(x * 0.06) * math.cos(y * 0.045) + 0.02 * x + 0.013 * y, ZERO_GRADIENT, **cells_of(SIZES)
    )


def resting():
    """Smoke that rises along each axis from below to beyond the sides, so that no value at rest lies at a limit of MacCormack's
    correction in the direction that matter comes from: that would be a corner without a gradient."""
    v, _, _ = start_of("closed", SIZES)
    sides = {"x": (0.0, 9.0), "y": (0.0, 9.0)}
    return v, CenteredGrid(lambda x, y: 0.02 * x + 0.013 * y + 1e-4 * x * y, sides, **cells_of(SIZES))


def loss_of(bodies):
    weights = noise_like([CenteredGrid(0, 0, **cells_of(SIZES)).values], 5)[0]
    pressure = start_of("closed", SIZES)[2]

    def loss(given):
        def one(v, s, p):
            obstacle = Obstacle(Sphere(given["center"], radius=17.0)) if bodies else ()
            return step(v, s, p, obstacle, given["inflow"], given["buoyancy"], given["dt"])

        v, s, _ = iterate(one, STEPS, given["v"], given["s"], pressure)
        total = math.sum_(s.values * weights, s.resolution)
        for c in v.components:
            total = total + math.sum_(math.sin(0.9 * c + 0.3), c.shape)
        return total

    return loss


def moved(given, name, direction, h):
    """`given` a step h further along a direction in one entry."""
    value = given[name]
    if isinstance(value, StaggeredGrid):
        new = with_components(value, [c + h * d for c, d in zip(value.components, direction)])
    elif isinstance(value, CenteredGrid):
        new = value.with_values(value.values + h * direction[0])
    else:
        new = value + h * direction[0]
    return {**given, name: new}


def along(slope, direction):
    parts = (
        slope.components
        if isinstance(slope, StaggeredGrid)
        else [slope.values if isinstance(slope, CenteredGrid) else slope]
    )
    return sum(float((a * b).sum) for a, b in zip(parts, direction))


@pytest.mark.parametrize(
    "start, bodies", [(moving, True), (resting, True), pytest.param(moving, False, marks=pytest.mark.long)]
)
def test_gradient_through_steps(start, bodies, jax_double):
    """With the default solve.  From rest against one-sided differences, for matter that comes from above."""
    v, s = start()
    numbers = {"inflow": wrap(0.2), "buoyancy": wrap(0.1), "dt": wrap(1.0), "center": vec(x=52.0, y=66.0)}
    given = {"v": v, "s": s, **numbers}
    loss = loss_of(bodies)
    slopes = jit_compile(gradient(loss, get_output=False))(given)
    value = jit_compile(loss)
    directions = {name: [wrap(1.0)] for name in numbers} | {"center": [vec(x=0.7, y=-0.4)]}
    directions |= {"v": noise_like(v.components, 7), "s": noise_like([s.values], 8)}
    if start is resting:
        directions["v"] = [-abs(d) for d in directions["v"]]
    at_rest = float(value(given))
    for name, direction in directions.items():
        if name == "center" and not bodies:
            continue
        ahead = float(value(moved(given, name, direction, SMALL)))
        if start is resting:
            twice = float(value(moved(given, name, direction, 2 * SMALL)))
            expected = (4 * ahead - twice - 3 * at_rest) / (2 * SMALL)  # one-sided, of second order
        else:
            expected = (ahead - float(value(moved(given, name, direction, -SMALL)))) / (2 * SMALL)
        assert along(slopes[name], direction) == pytest.approx(expected, rel=1e-5), name
        assert abs(expected) > 1e-3, name
    assert value.traces == 1


@pytest.mark.long
def test_compiled_inside_and_outside(jax_double):
    """gradient(jit_compile(f)), jit_compile(gradient(f)) and neither give the same."""
    v, s = moving()
    given = {"v": v, "s": s, "inflow": wrap(0.2), "buoyancy": wrap(0.1), "dt": wrap(1.0), "center": vec(x=52.0, y=66.0)}
    loss = loss_of(True)
    forms = [gradient(jit_compile(loss)), jit_compile(gradient(loss)), gradient(loss)]
    found = [form(given) for form in forms]
    for value, slopes in found[1:]:
        assert float(value) == pytest.approx(float(found[0][0]), rel=1e-10)
        for name, slope in slopes.items():
            ones = [wrap(1.0)] if name not in ("v", "s") else noise_like(v.components if name == "v" else [s.values])
            if name == "center":
                ones = [vec(x=1.0, y=0.3)]
            assert along(slope, ones) == pytest.approx(along(found[0][1][name], ones), rel=1e-7), name
    assert np.isfinite(float(found[0][0]))
