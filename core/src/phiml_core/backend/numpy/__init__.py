"""The NumPy backend: eager, without derivatives, always there."""

from .plugin import NUMPY, NumPy

__all__ = ["NUMPY", "NumPy"]
