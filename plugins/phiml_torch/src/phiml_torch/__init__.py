"""Arrays, transforms and random numbers of PyTorch as methods of the words of phiml_core."""

__all__: list[str] = []
