"""Arrays, transforms and random numbers of TensorFlow as methods of the words of phiml_core."""

__all__: list[str] = []
