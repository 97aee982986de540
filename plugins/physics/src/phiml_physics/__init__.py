"""Geometries, grids, advection, diffusion and incompressible flow."""

__all__: list[str] = []
