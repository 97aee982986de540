"""Reading and writing at positions, and between points of grids."""

from phiml_core import math
from phiml_core.math import channel, instance, spatial, wrap

from .operation import operation

LINEAR = {"second": False}
RULES = (
    "periodic",
    "zero-gradient",
    0,
    1.5,
    "symmetric",
    "antisymmetric",
    {"x": "periodic", "y": (0, "zero-gradient")},
)


def positions():
    """Three positions in the plane, of which two are the same."""
    return wrap([[0, 1], [3, 4], [0, 1]], instance("q"), channel(vector="x,y"))


@operation("gather", moving="s t", **LINEAR)
def gathering(s, t, n):
    at = positions()
    return [
        *(
            math.gather(s, at),
            math.gather(t, at),
            math.gather(n, at),
            math.gather(s, wrap([2, -1], instance("q")), "x"),
        ),
        s.x[wrap([1, 1], instance("q"))],
    ]


@operation("boolean_mask", fixed=False)
def masking(s, t, m):
    mask = wrap([True, False, True, True], spatial("x"))
    return [math.boolean_mask(t, "x", mask), s.x[mask], math.boolean_mask(s, "x", m.y[0]), math.boolean_mask(s, "x", m)]


@operation("scatter", moving="s", **LINEAR)
def scattering(s):
    at, one = positions(), positions().q[1:]
    new = math.concat([s.x[0].y[:2], s.x[1].y[:1]], "y")
    values = math.rename_dims(new, "y", instance("q"))
    return [
        *(
            math.scatter(s, at, values, "add"),
            math.scatter(s, one, values.q[1:], "update"),
            math.scatter(s, at, values, "mean"),
        ),
        *(math.scatter(s, one, values.q[1:] + 1, "max"), math.scatter(s, one, values.q[1:] - 1, "min")),
        *(math.scatter(spatial(x=4, y=5), at, values, "add"), math.scatter(s, at + 2, values, "add", "discard")),
        math.scatter(s, at + 2, 1.0, "update", "clamp"),
    ]


@operation("grid_sample", moving="s t p", second=True)
def interpolation(s, t, p):
    return [math.grid_sample(v, p, rule) for v in (s, t) for rule in RULES]


@operation("grid_sample", moving="s t")
def interpolation_outside(s, t):
    at = wrap([[0.3, 1.7], [-0.6, 3.1], [9.3, 2.2], [-7.7, 11.4]], instance("q"), channel(vector="x,y"))
    return [*(math.grid_sample(v, at, rule) for v in (s, t) for rule in RULES), math.grid_sample(s, s * t + 0.25, 0)]


@operation("closest_grid_values", moving="s", **LINEAR)
def corners(s, p):
    return [math.closest_grid_values(s, p, rule) for rule in ("periodic", 0)]


@operation("shift spatial_gradient laplace", moving="s t", **LINEAR)
def differences(s, t):
    return [
        *math.shift(s, (-1, 1)),
        *math.shift(s, (0, 1), "x", padding=None, stack_dim=None),
        *(
            math.spatial_gradient(v, 0.5, kind, rule)
            for v in (s, t)
            for kind in ("central", "forward")
            for rule in ("periodic", 0)
        ),
        *(math.laplace(s, 0.5, rule) for rule in ("periodic", "zero-gradient", None)),
    ]


@operation("neighbor_mean neighbor_reduce", moving="s", **LINEAR)
def means_of_neighbors(s):
    return [math.neighbor_mean(s), math.neighbor_mean(s, "x", 0), math.neighbor_reduce(math.sum_, s)]


@operation("neighbor_max neighbor_min", moving="w", **LINEAR)
def extremes_of_neighbors(w):
    return [math.neighbor_max(w), math.neighbor_min(w, "x")]
