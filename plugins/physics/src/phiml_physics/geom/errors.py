"""What can be wrong with a geometry."""

__all__ = ["GeometryError"]


class GeometryError(ValueError):
    """A geometry is incomplete, contradicts itself, or does not fit the space it meets."""
