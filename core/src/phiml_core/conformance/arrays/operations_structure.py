"""Slicing, joining, renaming, packing, padding."""

from phiml_core import math
from phiml_core.extrapolation import PERIODIC, SYMMETRIC, ZERO_GRADIENT
from phiml_core.math import batch, channel, instance, spatial

from .operation import operation

LINEAR = {"second": False}


@operation("slice_", moving="s t", **LINEAR)
def slices(s, t):
    return [
        *(
            s.x[1],
            s.x[-1],
            s.x[1:3],
            s.y[::-2],
            s.x[1:99],
            s.x[3:1],
            s.x[[2, 0]],
            s[{"x": 0, "y": slice(2)}],
            s.y[[3, 3]],
        ),
        *(t.vector["x"], t.vector["y,x"], t["x"], s.y[:-1] - s.y[1:], math.slice_({"a": s, "b": t}, {"x": 1})),
    ]


@operation("stack concat unstack", moving="s t", **LINEAR)
def joining(s, t, n):
    return [
        *(
            math.stack([s, 2 * s], channel("c")),
            math.stack([s, n], batch("k")) * 2,
            math.stack({"p": s, "q": s}, channel("c")),
        ),
        *(math.stack([s.x[0], 1.0], channel("c"), expand_values=True), math.stack([s, s.x[0]], batch("k")).sum),
        *(math.stack([s.x[:2], s.x[:3]], batch("k")) + 1, *math.unstack(t, "vector"), *math.unstack(s.x[:2], "x")),
        *(math.concat([s, t.vector[0]], "x"), math.concat([s.x[:1], s, s.x[:2]], "x"), math.concat([n, s], "y")),
    ]


@operation("rename_dims expand store flip roll", moving="s t", **LINEAR)
def rearranging(s, t):
    return [
        *(
            math.rename_dims(s, "x", channel("q")),
            math.rename_dims(s, "x,y", channel("q,r")),
            math.expand(s, channel(k=2)) * t,
        ),
        *(
            math.flip(s, "x"),
            math.flip(t, "x,y"),
            math.roll(s, {"x": 1, "y": -2}),
            math.store(math.expand(s, channel(k=2))),
        ),
    ]


@operation("pack_dims unpack_dim", moving="s t", **LINEAR)
def packing(s, t):
    return [
        *(math.pack_dims(t, "x,y", instance("p")), math.pack_dims(s, "y,x", instance("p"))),
        *(math.unpack_dim(s, "x", spatial(u=2, v=2)), math.unpack_dim(s, "x", spatial(u=2, v=None))),
        math.pack_dims(math.stack([s, s + 1], channel("c")), "x,c", instance("p")),
    ]


@operation("reshaped_native reshaped_numpy reshaped_tensor", moving="s t", batched=False, **LINEAR)
def native_arrays(s, t):
    packed = math.reshaped_native(t, ["x,vector", "y"])
    rows = math.reshaped_tensor(packed, [spatial(x=4) & channel(vector="x,y"), spatial(y=5)])
    return [
        rows,
        math.reshaped_tensor(math.reshaped_native(s, ["x", "y", None]), [spatial(x=4), spatial(y=5), channel(c=1)]),
    ]


@operation("pad", moving="s t", **LINEAR)
def padding(s, t):
    rules = (0, 1.5, PERIODIC, ZERO_GRADIENT, SYMMETRIC, "antisymmetric", {"x": (0, ZERO_GRADIENT), "y": "periodic"})
    return [
        math.pad(v, widths, rule)
        for v in (s, t)
        for widths in ({"x": (1, 2)}, {"x": (0, 1), "y": (2, -1)}, 1, {"y": (2, 11)})
        for rule in rules
    ]


@operation("pad")
def padding_of_integers(n, m):
    return [math.pad(v, {"x": (1, 2), "y": (0, 1)}, rule) for v in (n, m) for rule in (0, 1, PERIODIC, SYMMETRIC)]


@operation("pad", moving="s b", **LINEAR)
def padding_with_tensors(s, b):
    return [math.pad(s, {"y": (1, 2)}, s.x[0].y[0]), math.pad(s, {"x": (1, 0)}, {"x": (b.x[0], 1.0)})]
