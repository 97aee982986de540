"""Differential operators as methods of grids, as PhiFlow has them."""

from typing import Any

from phiml_core.field import Field

__all__ = ["Calculus"]


class Calculus(Field):
    """A field with the operators of `phiml_physics.operators` as methods."""

    def sample(self, where: Any, **wishes: Any) -> Any:
        """The values at a geometry, or at positions (…, vector): `sample(self, where)`."""
        from phiml_core.field import sample

        return sample(self, where, **wishes)

    def laplace(self, *args: Any, **kwargs: Any) -> Any:
        """Sum of second derivatives; see `operators.laplace`."""
        from phiml_physics.operators import laplace

        return laplace(self, *args, **kwargs)

    def gradient(self, *args: Any, **kwargs: Any) -> Any:
        """Derivatives along the axes of space; see `operators.spatial_gradient`."""
        from phiml_physics.operators import spatial_gradient

        return spatial_gradient(self, *args, **kwargs)

    def divergence(self, order: int = 2) -> Any:
        """Outflow per volume of a vector; see `operators.divergence`."""
        from phiml_physics.operators import divergence

        return divergence(self, order)

    def curl(self, at: str | None = None) -> Any:
        """Rotation of a vector; see `operators.curl`."""
        from phiml_physics.operators import curl

        return curl(self, at)
