"""Spectral transforms and random numbers of PyTorch as methods of the array words."""

from phiml_core.backend import primitive

from . import random, spectral
from .elementwise import ARRAY
from .trait import Torch

for _name in ("fft", "ifft", "trig", "spectral_scale"):
    getattr(primitive, _name).register((ARRAY,), getattr(spectral, _name))
primitive.random_bits.register((Torch,), random.random_bits)
