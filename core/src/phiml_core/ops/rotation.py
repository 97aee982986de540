"""Rotations of vectors, in the plane and in space."""

from typing import Any

from phiml_core.shape import Shape, ShapeError, channel, dual
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .elementwise import cos, sin, where
from .join import stack
from .rename import rename_dims
from .unstack import unstack
from .vector import cross_product, dot, vec_squared

__all__ = ["rotate_vector", "rotation_matrix"]


def rotation_matrix(rotation: Any, vector_dim: Shape) -> Tensor:
    """The matrix (vector, ~vector) that rotates vectors; see `rotate_vector`.

    Args:
        rotation: as for `rotate_vector`; a matrix is returned as it is.
        vector_dim: dim of the vectors, with the names of the axes of space, e.g. `channel(vector='x,y')`.
    """
    rotation = rotation if isinstance(rotation, Tensor) else wrap(rotation)
    columns = dual(**{n: vector_dim.get_item_names(n) or vector_dim.get_size(n) for n in vector_dim.names})
    if columns.names[0] in rotation.shape.names:
        return rotation
    count = vector_dim.size
    units = [wrap([float(i == j) for i in range(count)], vector_dim) for j in range(count)]
    return stack([rotate_vector(unit, rotation) for unit in units], columns)


def rotate_vector(vector: Any, rotation: Any, invert: bool = False) -> Tensor:
    """Vectors rotated about the origin, counter-clockwise.

    Args:
        vector: tensor (…, vector) with two or three components.
        rotation: in the plane an angle in radians; in space a vector along the axis whose length is the angle; in both a matrix
            (vector, ~vector).  Dims of it beside these are kept.
        invert: rotate the other way round.

    Raises:
        ShapeError: the numbers of components do not fit.
    """
    rotation = rotation if isinstance(rotation, Tensor) else wrap(rotation)
    dim = vector.shape["vector"]
    if "~vector" in rotation.shape.names:
        if invert:
            return rename_dims(dot(rotation, "vector", vector, "vector"), "~vector", dim)
        return dot(rotation, "~vector", vector, "vector")
    if invert:
        rotation = -rotation
    if "vector" in rotation.shape.names:
        return _around_axis(vector, rotation, dim)
    if dim.size != 2:
        what = "a vector along the axis whose length is the angle" if dim.size == 3 else "a matrix (vector, ~vector)"
        raise ShapeError(f"An angle rotates vectors with 2 components, not {dim}.  Give {what}.")
    x, y = unstack(vector, "vector")
    c, s = cos(rotation), sin(rotation)
    return stack([c * x - s * y, s * x + c * y], dim)


def _around_axis(vector: Any, rotation: Tensor, dim: Shape) -> Tensor:
    """Rodrigues' formula, with the limits of its factors for small angles."""
    if dim.size != 3 or rotation.shape.get_size("vector") != 3:
        raise ShapeError(
            f"A rotation vector has 3 components and rotates vectors with 3, not {rotation.shape['vector']} and {dim}.  "
            "In the plane give an angle."
        )
    if rotation.shape.get_item_names("vector") != dim.get_item_names("vector"):
        rotation = rename_dims(rotation, "vector", channel(vector=dim.get_item_names("vector") or 3))
    squared = vec_squared(rotation, "vector")
    small = squared < 1e-6
    safe = where(small, 1.0, squared)
    angle = safe**0.5
    along = where(small, 1 - squared / 6, sin(angle) / angle)
    across = where(small, 0.5 - squared / 24, (1 - cos(angle)) / safe)
    turned = cross_product(rotation, vector)
    return vector + along * turned + across * cross_product(rotation, turned)
