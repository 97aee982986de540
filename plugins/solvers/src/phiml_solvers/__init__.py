"""Algorithms behind the word `solve`: spectral, conjugate gradients, sparse direct."""

__all__: list[str] = []
