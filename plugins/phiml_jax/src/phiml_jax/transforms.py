"""Spectral transforms and random numbers of JAX as methods of the array words."""

from phiml_core.backend import primitive

from . import random, spectral
from .elementwise import ARRAY
from .trait import Jax
from .wide import wide_call

for _name in ("fft", "ifft", "trig", "spectral_scale"):
    getattr(primitive, _name).register((ARRAY,), wide_call(getattr(spectral, _name)))
primitive.random_bits.register((Jax,), random.random_bits)
