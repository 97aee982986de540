"""What can be wrong with a grid."""

__all__ = ["GridError", "ResolutionMismatch"]


class GridError(ValueError):
    """Values, boundary or arguments do not make a grid."""


class ResolutionMismatch(GridError):
    """Values or fields belong to different cells."""
