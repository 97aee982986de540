"""Reductions, statistics, order."""

from phiml_core import math
from phiml_core.math import batch, channel, spatial

from .operation import operation


@operation("sum_ mean", moving="s t b")
def sums(s, t, b, n, m, z):
    return [
        *(f(v, d) for f in (math.sum_, math.mean) for v in (s, t) for d in ("x", "x,y", spatial)),
        *(math.sum_(n, "x"), math.mean(n, "y"), math.sum_(m), math.sum_(z, "x"), s.sum, t.mean, math.sum_(b)),
        *(
            math.sum_(math.expand(s, channel(c=3))),
            math.mean(math.expand(s, batch(c=3)), "c,x"),
            math.mean(s, weight=t),
        ),
    ]


@operation("prod", moving="s")
def products(s, n):
    return [math.prod(s, "x"), math.prod(s), math.prod(n, "x"), math.prod(math.expand(s.x[0], channel(c=3)))]


@operation("max_ min_", moving="w t b", second=False)
def extremes(w, t, b, n, m):
    return [
        f(v, d)
        for f in (math.max_, math.min_)
        for v, d in ((w, "x"), (t, spatial), (b, "x"), (n, "y"), (w, "x,y"), (m, "x"))
    ]


@operation("any_ all_")
def quantifiers(m, s):
    return [math.any_(m), math.all_(m, "x"), math.any_(s > 0.8, "y"), (s > 0).all, (s > 2).any]


@operation("std variance l1_loss l2_loss", moving="s t b")
def moments(s, t, b):
    return [math.std(t), math.variance(s, "y"), math.l2_loss(t), math.l2_loss([s, b]), math.l1_loss(s)]


@operation("argmax argmin sort")
def order_of_integers(w, t, n):
    return [math.argmax(w, "x"), math.argmin(t, "y"), math.argmax(n, "y"), math.sort(n, "y")]


@operation("cumulative_sum sort", moving="w t", second=False)
def along_one_dim(w, t, n):
    return [math.sort(t, "x"), math.sort(w, "y"), math.cumulative_sum(w, "y"), math.cumulative_sum(n, "x")]


@operation("median quantile", moving="w", second=False)
def quantiles(w):
    return [math.median(w, "x"), math.median(w), math.quantile(w, 0.3, "y"), math.quantile(w, [0.0, 0.4, 1.0], "x")]
