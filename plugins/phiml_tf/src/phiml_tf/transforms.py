"""Spectral transforms and random numbers of TensorFlow as methods of the array words."""

from phiml_core.backend import primitive

from . import random, spectral
from .tensors import ARRAY
from .trait import TensorFlow

for _name in ("fft", "ifft", "trig", "spectral_scale"):
    getattr(primitive, _name).register((ARRAY,), getattr(spectral, _name))
primitive.random_bits.register((TensorFlow,), random.random_bits)
