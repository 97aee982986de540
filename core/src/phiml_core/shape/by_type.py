"""Dims by type: the views of a shape that keep dims of some types, and those that give all dims one type."""

from typing import Self

from .dim import BATCH, CHANNEL, DUAL, INSTANCE, SPATIAL

__all__ = ["ByType"]


class ByType:
    """Selections of dims by their type, and conversions to one type, in terms of `of_type` and `as_type`."""

    __slots__ = ()

    def of_type(self, *types: str) -> Self:
        """The dims of the given types."""
        raise NotImplementedError

    def as_type(self, new_type: str) -> Self:
        """The same dims with another type."""
        raise NotImplementedError

    @property
    def batch(self) -> Self:
        """The batch dims."""
        return self.of_type(BATCH)

    @property
    def dual(self) -> Self:
        """The dual dims."""
        return self.of_type(DUAL)

    @property
    def instance(self) -> Self:
        """The instance dims."""
        return self.of_type(INSTANCE)

    @property
    def spatial(self) -> Self:
        """The spatial dims."""
        return self.of_type(SPATIAL)

    @property
    def channel(self) -> Self:
        """The channel dims."""
        return self.of_type(CHANNEL)

    @property
    def primal(self) -> Self:
        """Instance, spatial and channel dims."""
        return self.of_type(INSTANCE, SPATIAL, CHANNEL)

    @property
    def non_batch(self) -> Self:
        """All but the batch dims."""
        return self.of_type(DUAL, INSTANCE, SPATIAL, CHANNEL)

    @property
    def non_dual(self) -> Self:
        """All but the dual dims."""
        return self.of_type(BATCH, INSTANCE, SPATIAL, CHANNEL)

    @property
    def non_instance(self) -> Self:
        """All but the instance dims."""
        return self.of_type(BATCH, DUAL, SPATIAL, CHANNEL)

    @property
    def non_spatial(self) -> Self:
        """All but the spatial dims."""
        return self.of_type(BATCH, DUAL, INSTANCE, CHANNEL)

    @property
    def non_channel(self) -> Self:
        """All but the channel dims."""
        return self.of_type(BATCH, DUAL, INSTANCE, SPATIAL)

    @property
    def non_primal(self) -> Self:
        """Batch and dual dims."""
        return self.of_type(BATCH, DUAL)

    def as_batch(self) -> Self:
        """The same dims as batch dims."""
        return self.as_type(BATCH)

    def as_spatial(self) -> Self:
        """The same dims as spatial dims."""
        return self.as_type(SPATIAL)

    def as_channel(self) -> Self:
        """The same dims as channel dims."""
        return self.as_type(CHANNEL)

    def as_instance(self) -> Self:
        """The same dims as instance dims."""
        return self.as_type(INSTANCE)

    def as_dual(self) -> Self:
        """The same dims as dual dims."""
        return self.as_type(DUAL)
