"""The command `phiml`."""

from .main import main

__all__ = ["main"]
