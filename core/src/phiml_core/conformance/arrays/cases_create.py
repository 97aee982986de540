"""Words that make arrays."""

import numpy as np

from phiml_core.backend import backend_named, primitive
from phiml_core.backend.dtype import dtype_named

from .case import PLACE, add

FAMILY = "creation"

for _name in ("bool", "int32", "int64", "float32", "float64", "complex64"):
    _dtype = dtype_named(_name)
    for _sizes in ((2, 3), (), (0, 2)):
        add(FAMILY, "zeros", lambda s, d: np.zeros(s, d.to_numpy()), PLACE, _sizes, _dtype, label=f"{_name} {_sizes}")
        add(
            FAMILY,
            "full",
            lambda s, v, d: np.full(s, v, d.to_numpy()),
            PLACE,
            _sizes,
            1,
            _dtype,
            label=f"{_name} {_sizes}",
        )
    if _name != "bool" and _name != "complex64":
        for _start, _stop in ((2, 9), (0, 0), (-3, 1)):
            add(
                FAMILY,
                "arange",
                lambda a, b, d: np.arange(a, b, dtype=d.to_numpy()),
                PLACE,
                _start,
                _stop,
                _dtype,
                label=_name,
            )
add(
    FAMILY,
    "full",
    lambda s, v, d: np.full(s, v, d.to_numpy()),
    PLACE,
    (2,),
    2.5,
    dtype_named("float32"),
    label="fraction",
)


def random_bits(key, count):
    """What the NumPy backend draws, which all others have to draw too."""
    return primitive.random_bits(backend_named("numpy"), key, count)


for _count in (0, 1, 4, 7):
    add(FAMILY, "random_bits", random_bits, PLACE, (1, 0xFFFFFFFF), _count)
add(
    FAMILY,
    "random_bits",
    random_bits,
    PLACE,
    (np.array([1, 7], np.uint32), np.array([2, 9], np.uint32)),
    5,
    label="several keys",
)
