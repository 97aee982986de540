"""Differential operators: exact cases, order of accuracy, identities."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import precision
from phiml_core.extrapolation import PERIODIC, ZERO_GRADIENT
from phiml_core.math import channel
from phiml_physics import diffuse
from phiml_physics.geom import Box
from phiml_physics.grid import CenteredGrid, GridError, StaggeredGrid
from phiml_physics.operators import curl, divergence, laplace, spatial_gradient

TAU = 2 * np.pi


def wave(*x):
    """A smooth periodic function of any number of axes."""
    result = 1.0
    for k, c in enumerate(x):
        result = result * math.sin(TAU * c + 0.3 * k + 0.1)
    return result


def slopes(*x):
    """The gradient of `wave`."""
    found = []
    for i in range(len(x)):
        product = TAU
        for k, c in enumerate(x):
            product = product * (math.cos if k == i else math.sin)(TAU * c + 0.3 * k + 0.1)
        found.append(product)
    return tuple(found)


def grid(kind, f, dims, n, boundary=PERIODIC):
    axes = "xyz"[:dims]
    return kind(f, boundary, bounds=Box(**dict.fromkeys(axes, 1)), **dict.fromkeys(axes, n))


def error(found, exact):
    parts = zip(
        *(math.unstack(g.values, "vector") if "vector" in g.shape.names else [g.values] for g in (found, exact)),
        strict=True,
    )
    return max(abs(a - b).max.item() for a, b in parts)


def order(case, n):
    """Exponent of the error in the cell size."""
    return np.log2(case(n) / case(2 * n))


CASES = {
    "gradient": lambda d, n: error(spatial_gradient(grid(CenteredGrid, wave, d, n)), grid(CenteredGrid, slopes, d, n)),
    "gradient at faces": lambda d, n: error(
        spatial_gradient(grid(CenteredGrid, wave, d, n), at="face"), grid(StaggeredGrid, slopes, d, n)
    ),
    "laplace": lambda d, n: error(
        laplace(grid(CenteredGrid, wave, d, n)), grid(CenteredGrid, lambda *x: -d * TAU**2 * wave(*x), d, n)
    ),
    "divergence": lambda d, n: error(
        divergence(grid(CenteredGrid, slopes, d, n)), grid(CenteredGrid, lambda *x: -d * TAU**2 * wave(*x), d, n)
    ),
    "divergence of faces": lambda d, n: error(
        divergence(grid(StaggeredGrid, slopes, d, n)), grid(CenteredGrid, lambda *x: -d * TAU**2 * wave(*x), d, n)
    ),
}


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("name", CASES)
def test_second_order(name, dims, each_backend):
    with precision(64):
        assert order(lambda n: CASES[name](dims, n), 16) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("difference", ["forward", "backward"])
def test_first_order(difference):
    with precision(64):
        assert order(
            lambda n: error(
                spatial_gradient(grid(CenteredGrid, wave, 2, n), difference=difference),
                grid(CenteredGrid, slopes, 2, n),
            ),
            32,
        ) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("boundary", [0, ZERO_GRADIENT, PERIODIC, {"x": PERIODIC, "y": (0, ZERO_GRADIENT)}])
def test_divergence_of_the_gradient_is_laplace(boundary):
    s = CenteredGrid(lambda x, y: math.sin(x) * y, boundary, x=8, y=6)
    all_faces = {n: PERIODIC if isinstance(s.boundary.side(n, False), type(PERIODIC)) else ZERO_GRADIENT for n in "xy"}
    assert error(divergence(spatial_gradient(s, boundary=all_faces, at="face")), laplace(s)) < 1e-4


def test_fixed_inflow_counts_in_divergence():
    v = StaggeredGrid((1, 0), {"x": (3, ZERO_GRADIENT), "y": 0}, x=4, y=3)
    assert divergence(v).values.numpy("x,y")[:, 0].tolist() == [-2, 0, 0, 0]


def test_curl_of_rotation_is_twice_its_rate():
    rotation = lambda x, y: (-3 * y, 3 * x)
    v = StaggeredGrid(rotation, ZERO_GRADIENT, x=4, y=3)
    assert np.allclose(curl(v, at="center").values.numpy("x,y"), 6, atol=3)
    corners = curl(v)
    assert corners.resolution.sizes == (5, 4) and np.allclose(corners.values.numpy("x,y")[1:-1, 1:-1], 6)
    assert np.allclose(curl(v.at_centers()).values.numpy("x,y")[2:-2, 2:-2], 6)


def test_curl_in_three_dimensions():
    rotation = lambda x, y, z: (z - y, x - z, y - x)  # around (1, 1, 1)
    w = curl(CenteredGrid(rotation, ZERO_GRADIENT, x=6, y=6, z=6), at="center")
    assert np.allclose(w.values.numpy("vector,x,y,z")[:, 2:-2, 2:-2, 2:-2], 2, atol=1e-5)


def test_curl_is_of_second_order():
    def exact(x, y):
        return -2 * TAU**2 * wave(x, y)

    def case(n):
        v = grid(StaggeredGrid, lambda x, y: (-slopes(x, y)[1], slopes(x, y)[0]), 2, n)
        return error(curl(v, at="center"), grid(CenteredGrid, exact, 2, n))

    with precision(64):
        assert order(case, 16) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("boundary", [0, ZERO_GRADIENT, PERIODIC, {"x": PERIODIC, "y": (0, ZERO_GRADIENT)}])
def test_curl_of_a_stream_function_conserves_volume(boundary):
    psi = CenteredGrid(lambda x, y: math.sin(x) * math.cos(2 * y), boundary, x=8, y=6)
    v = curl(psi, at="face")
    assert abs(divergence(v).values).max.item() < 1e-5
    assert abs(v.vector["x"].values).max.item() > 0.1


def test_vector_gradient_needs_a_new_dim():
    s = CenteredGrid(lambda x, y: (x, 2 * y), ZERO_GRADIENT, x=4, y=4)
    matrix = spatial_gradient(s, stack_dim="gradient").values
    assert matrix.shape.only("gradient,vector") == channel(gradient="x,y", vector="x,y")
    assert matrix[{"gradient": "y", "vector": "y", "x": 1, "y": 1}].item() == 2


def test_staggered_laplace_keeps_faces():
    v = StaggeredGrid(lambda x, y: (x**2, y**2), 0, x=8, y=8)
    result = laplace(v)
    assert result.faces == v.faces
    assert np.allclose(result.vector["x"].values.numpy("x,y")[1:-1, 1:-1], 2)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_diffusion_decays_waves_at_the_right_rate(dims, each_backend):
    s = grid(CenteredGrid, wave, dims, 32)
    after = diffuse.explicit(s, 1e-3, 0.5, substeps=4)
    rate = -np.log(float(after.values.max / s.values.max)) / 0.5
    assert rate == pytest.approx(1e-3 * dims * TAU**2, rel=0.02)
    v = grid(StaggeredGrid, slopes, dims, 32)
    after = diffuse.explicit(v, 1e-3, 0.5, substeps=4)
    assert float(after.vector["x"].max / v.vector["x"].max) == pytest.approx(np.exp(-0.5e-3 * dims * TAU**2), rel=0.01)


def test_diffusion_conserves_between_insulated_walls():
    s = CenteredGrid(lambda x, y: math.exp(-((x - 3) ** 2) - (y - 2) ** 2), ZERO_GRADIENT, x=8, y=6)
    varying = CenteredGrid(lambda x, y: 0.05 + 0.01 * x, ZERO_GRADIENT, x=8, y=6)
    for diffusivity in (0.1, varying):
        assert diffuse.explicit(s, diffusivity, 1.0, substeps=2).sum.item() == pytest.approx(s.sum.item(), rel=1e-5)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda s, v: divergence(s), "scalar"),
        (lambda s, v: spatial_gradient(s, at="edge"), "'center' or 'face'"),
        (lambda s, v: spatial_gradient(s, difference="upwind"), "central"),
        (lambda s, v: spatial_gradient(v.at_centers()), "stack_dim"),
        (lambda s, v: spatial_gradient(s, dims="x", at="face"), "each axis"),
        (lambda s, v: curl(v, at="edge"), "corner"),
        (lambda s, v: curl(s, at="corner"), "center"),
        (lambda s, v: diffuse.explicit(s, 1, 1, substeps=0), "at least one"),
        (lambda s, v: diffuse.explicit(v, s, 1), "centered scalars"),
    ],
)
def test_errors(call, message):
    with pytest.raises(GridError, match=message):
        call(CenteredGrid(1, 0, x=4, y=3), StaggeredGrid(1, 0, x=4, y=3))
