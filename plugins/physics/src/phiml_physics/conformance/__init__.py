"""The smoke plume of phiml-physics: the same on every backend."""

__all__: list[str] = []
