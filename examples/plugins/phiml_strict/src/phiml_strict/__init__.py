"""The arrays of array_api_strict as a backend of phiml-core."""

from .trait import STRICT, Strict

__all__ = ["STRICT", "Strict"]
