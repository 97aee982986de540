"""Arrays that cases share.  All floats are numbers of single precision, apart from each other and from kinks."""

import numpy as np

__all__ = ["ABOVE", "BOOLS", "COMPLEX", "CUBE", "INTS", "POSITIVE", "SIGNED", "SMALL", "TIES", "UNIT", "WORDS", "exact"]

RNG = np.random.default_rng(1)


def exact(x):
    """Floats that single precision has too, as double precision."""
    x = np.asarray(x)
    return (
        x.astype(np.complex64).astype(np.complex128) if x.dtype.kind == "c" else x.astype(np.float32).astype(np.float64)
    )


UNIT = exact(RNG.uniform(0.1, 0.9, (3, 4)))
POSITIVE = exact(RNG.uniform(0.3, 3, (3, 4)))
ABOVE = exact(RNG.uniform(1.2, 3, (3, 4)))
SIGNED = exact(RNG.permutation(np.linspace(-2.1, 2.3, 12)).reshape(3, 4) + RNG.uniform(-0.05, 0.05, (3, 4)))
CUBE = exact(RNG.uniform(-1, 1, (4, 3, 5)))
SMALL = exact(RNG.uniform(-1, 1, (2, 3)))
COMPLEX = exact(RNG.uniform(0.2, 1, (3, 4)) + 1j * RNG.uniform(-0.9, 0.9, (3, 4)))
INTS = RNG.integers(-5, 6, (3, 4)).astype(np.int32)
INTS[INTS == 0] = 3
TIES = RNG.integers(0, 3, (4, 5)).astype(np.int32)
BOOLS = RNG.integers(0, 2, (3, 4)).astype(bool)
WORDS = RNG.integers(0, 2**32, (3, 4), dtype=np.uint64).astype(np.uint32)
