"""Tensors from nothing, from numbers and at random."""

from phiml_core import math
from phiml_core.math import batch, channel, instance, spatial

from .operation import operation

XY = spatial(x=4, y=5)


@operation("zeros ones full zeros_like ones_like arange linspace meshgrid range_tensor vec tensor wrap", batched=False)
def creation(s, t, n):
    return [
        *(
            math.zeros_like(t),
            math.ones_like(n),
            math.zeros(XY) + s,
            math.ones(XY, channel(vector="x,y")) * t,
            math.zeros(XY),
        ),
        *(
            math.linspace(0, 1, spatial(x=4)),
            math.arange(spatial(x=4), 4),
            math.full(XY, 3),
            math.full(XY, 2.5),
            math.ones(batch(b=2)),
        ),
        *(math.arange(spatial("x"), 1, 9, 2), math.meshgrid(x=4, y=5) + t, math.range_tensor(XY), math.vec(x=s, y=n)),
        *(math.tensor([1.0, 2.0], channel("c")), math.tensor(3), math.tensor([True, False], spatial("x"))),
        *(
            math.wrap([1.0, 2.0], channel("c")) * s,
            math.full(XY, s.x[0].y[0]),
            math.zeros(XY, dtype=int),
            math.linspace(s.x[0], 1, spatial(q=3)),
        ),
    ]


@operation("random_uniform random_normal random_permutation random_key split fold_in", batched=False, stepwise=True)
def random_numbers(s):
    key = math.random_key(7)
    a, b = math.split(key)
    many = math.split(key, batch(k=3))
    return [
        *(
            math.random_uniform(XY, key=key),
            math.random_normal(XY, key=a),
            math.random_uniform(XY, low=-1, high=s.x[0].y[0], key=b),
        ),
        *(math.random_uniform(XY, low=2, high=9, dtype=int, key=key), math.random_permutation(instance(p=7), key=key)),
        *(
            math.random_normal(spatial(x=3), key=many),
            math.random_uniform(spatial(x=5), key=math.fold_in(key, 3)),
            many,
        ),
        math.random_normal(XY, dtype=complex, key=key),
    ]
