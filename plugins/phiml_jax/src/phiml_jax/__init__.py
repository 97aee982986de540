"""Arrays, transforms and random numbers of JAX as methods of the words of phiml_core."""

__all__: list[str] = []
