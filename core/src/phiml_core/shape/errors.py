"""What can be wrong with dimensions."""

__all__ = ["DimTypeConflict", "IncompatibleShapes", "ItemNameError", "ShapeError", "UnknownDim"]


class ShapeError(ValueError):
    """Dimensions do not fit together."""


class IncompatibleShapes(ShapeError):
    """Two shapes hold a dim of the same name and type with different sizes or item names."""


class DimTypeConflict(ShapeError):
    """Two shapes hold a dim of the same name but of different type."""


class UnknownDim(ShapeError, KeyError):
    """A dim that a value does not have was asked for."""

    __str__ = ValueError.__str__


class ItemNameError(ShapeError, KeyError):
    """An item name that a dim does not have was asked for."""

    __str__ = ValueError.__str__
