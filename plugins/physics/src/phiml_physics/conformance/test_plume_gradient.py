"""The derivative of many steps, by inflow and by the first state, against differences of NumPy's values."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.conformance.claims import capability, claimed
from phiml_core.math import batch, spatial

from .plume import Plume

STEPS, DT, H = 16, 0.5, 1e-6


def loss(smoke, rate, obstacle):
    """What has become of the smoke after 16 steps, weighted by height."""
    plume = Plume(obstacle)
    state = plume.start()
    state.smoke = state.smoke.with_values(state.smoke.values + smoke)
    state = math.iterate(lambda s: plume.step(s, rate, DT), STEPS, state)
    height = math.arange(spatial("y"), 12) * 0.1
    motion = sum(math.sum_(c * c, "x,y") for c in state.velocity.components)
    return math.sum_(state.smoke.values * state.smoke.values * height, "x,y") + motion


def data(array, *dims):
    return math.tensor(np.asarray(array, np.float64), *dims)


def expected(smoke, rate, obstacle, along):
    """Central differences in double precision with NumPy."""
    with math.backend("numpy"), math.precision(64):
        values = [
            float(loss(data(smoke + h * along[0], spatial("x,y")), data(rate + h * along[1]), obstacle))
            for h in (H, -H)
        ]
    return (values[0] - values[1]) / (2 * H)


@capability("gradient", "compiled gradient")
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "eager"])
@pytest.mark.parametrize("obstacle", [False, True], ids=["free", "obstacle"])
def test_sixteen_steps(obstacle, compiled, place, double):
    if not compiled and obstacle:
        return  # eager once is enough: it is slow
    rng = np.random.default_rng(0)
    smoke, along = rng.uniform(0.1, 0.3, (10, 12)), (rng.uniform(-1, 1, (10, 12)), 0.7)
    with claimed(place, "compiled gradient" if compiled else "gradient"):
        derivative = math.gradient(lambda smoke, rate: loss(smoke, rate, obstacle), "smoke,rate", get_output=False)
        derivative = math.jit_compile(derivative) if compiled else derivative
        by_smoke, by_rate = derivative(data(smoke, spatial("x,y")), data(0.4))
        terms = np.append((by_smoke.numpy("x,y") * along[0]).ravel(), float(by_rate) * along[1])
        reference = expected(smoke, 0.4, obstacle, along)
        assert abs(terms.sum() - reference) <= 1e-6 * (np.abs(terms).sum() + abs(reference))


@capability("gradient")
def test_each_plume_of_a_batch_has_its_gradient(place, double):
    with claimed(place, "compiled gradient"):
        derivative = math.jit_compile(
            math.gradient(lambda rate, smoke: loss(smoke, rate, False), "rate", get_output=False)
        )
        rates = [0.4, 0.1]
        smoke = data(np.full((10, 12), 0.2), spatial("x,y"))
        together = derivative(data(rates, batch("b")), smoke)
        for i, rate in enumerate(rates):
            one = float(derivative(data(rate), smoke))
            assert abs(float(together.b[i]) - one) <= 1e-8 * abs(one)
