"""Spectral transforms and random numbers of NumPy as methods of the array words."""

import numpy as np

from phiml_core.backend import primitive

from . import random, spectral
from .trait import NumPy

ARRAY = np.ndarray | np.generic

for _name in ("fft", "ifft", "trig", "spectral_scale"):
    getattr(primitive, _name).register((ARRAY,), getattr(spectral, _name))
primitive.random_bits.register((NumPy,), random.random_bits)
