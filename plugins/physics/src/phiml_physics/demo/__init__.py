"""The demo `phiml demo smoke`."""

from .run import main

__all__ = ["main"]
