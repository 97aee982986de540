"""Spectral transforms and random numbers as methods of the array words."""

from phiml_core.backend import primitive

from . import random, spectral
from .trait import ARRAY, Strict

for _name in ("fft", "ifft", "trig", "spectral_scale"):
    getattr(primitive, _name).register((ARRAY,), getattr(spectral, _name))
primitive.random_bits.register((Strict,), random.random_bits)
