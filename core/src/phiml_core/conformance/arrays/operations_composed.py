"""Operations that are made of others: special functions, finite values, forms by type of dims, convolution."""

from phiml_core import math
from phiml_core.math import batch, channel, dual, instance, spatial

from .operation import operation


@operation("abs_square angle arccosh arcsinh arctanh degrees_to_radians radians_to_degrees", moving="s w")
def by_elements(s, w):
    return [
        *(math.arcsinh(w), math.arctanh(s), math.arccosh(w + 4), math.angle(w + 3), math.abs_square(w)),
        *(math.degrees_to_radians(w), math.radians_to_degrees(s)),
    ]


@operation("abs_square angle")
def of_complex_numbers(z):
    return [math.abs_square(z), math.angle(z)]


@operation("soft_plus softmax log_gamma safe_mul factorial", moving="s w", second=False)
def special_functions(s, w):
    return [math.soft_plus(4 * w), math.softmax(w, "x"), math.log_gamma(w + 3), math.factorial(s), math.safe_mul(w, s)]


@operation("factorial")
def factorials(n):
    return math.factorial(n % 10)


@operation("finite_max finite_mean finite_min finite_std finite_sum nan_to_0", moving="w", second=False)
def finite_values(w):
    holes = math.where(w > 1, float("nan"), w)
    functions = (math.finite_max, math.finite_mean, math.finite_min, math.finite_std, math.finite_sum)
    return [*(f(holes, "x", default=0) for f in functions), math.nan_to_0(holes)]


@operation("at_max at_min", moving="s t", second=False)
def at_extremes(s, t, n):
    return [math.at_max(s, n, "x"), math.at_min([s, t], n, "x,y"), math.at_max(t, n, "y")]


@operation("contains count_occurrences")
def occurrences(n):
    return [math.contains(n, 3), math.count_occurrences(n % 4, n), math.contains(n % 4, n % 3, "x")]


@operation("find_closest")
def closest(p, u):
    points = math.rename_dims(u.vector["x,y"], "b", instance("q"))
    return math.find_closest(points, p)


@operation("pairwise_differences pairwise_distances", moving="p")
def pairs(p):
    return math.pairwise_differences(p)


@operation("norm squared_norm clip_length normalize_to", moving="u s")
def lengths(u, s):
    return [math.norm(u), math.squared_norm(u), math.clip_length(u, 0.1, 0.5), math.normalize_to(s, 3.0)]


@operation("convolve", moving="w s")
def convolution(w, s):
    kernel = s.x[:2].y[:2]
    return [
        math.convolve(w, kernel),
        math.convolve(w, kernel, "full"),
        math.convolve(w, kernel.y[0], "valid", dims="x"),
    ]


@operation("downsample2x upsample2x sample_subgrid neighbor_sum", moving="w")
def resolutions(w):
    part = math.sample_subgrid(w, math.vec(x=0.5, y=1.25), spatial(x=2, y=3))
    return [math.downsample2x(w), math.upsample2x(w, 0), part, math.neighbor_sum(w, "x")]


@operation("frequency_loss", moving="w")
def low_frequencies(w):
    return [math.frequency_loss(w, 3), math.frequency_loss(w, 3, ignore_mean=True)]


@operation("squeeze flatten replace_dims slice_off index_shift pad_to_uniform const_vec", moving="s")
def rearranged(s):
    uneven = math.stack([s.y[0], s.y[0].x[:2]], batch("k"))
    return [
        *(math.squeeze(s.x[:1], "x"), math.flatten(s), math.replace_dims(s, "x", channel("a"))),
        *(math.slice_off(s, {"x": 0}), math.slice_off(s, {"y": slice(3, None)}), math.pad_to_uniform(uneven)),
        *(*math.index_shift(s, [{"x": 1}, {"y": -2}]), math.const_vec(s.x[0], channel(vector="a,b"))),
    ]


@operation("ravel_index unravel_index")
def positions_as_numbers(n):
    at = math.unravel_index(n % 12, spatial(x=3, y=4))
    return [at, math.ravel_index(at, spatial(x=3, y=4))]


@operation("b2i c2b c2d d2i d2s i2b p2d s2b si2d", moving="t")
def types_of_dims(t, p):
    return [
        *(math.c2b(t), math.c2d(t), math.d2i(math.c2d(t)), math.d2s(math.c2d(t)), math.s2b(t)),
        *(math.si2d(t), math.p2d(t.vector[0]), math.i2b(p), math.b2i(math.i2b(p))),
    ]


@operation("cpack dpack ipack spack tcat", moving="t p")
def packed_by_type(t, p):
    return [
        *(math.cpack(t, "w"), math.spack(t, "w"), math.dpack(math.si2d(t), dual("w")), math.ipack(p, "w")),
        math.tcat([t, t.vector[0]], channel),
    ]


@operation("brange crange drange irange srange csize dsize isize ssize")
def ranges(s):
    sizes = (math.csize(s), math.dsize(s), math.isize(s), math.ssize(s))
    made = [math.brange(a=2), math.crange(1, a=3), math.drange(a=2), math.irange(a=2), math.srange(a=2)]
    return [*made, *(s * n for n in sizes)]
