"""What the plugin registers: `draw`, `figure` and `film` for Matplotlib, and `marks` of NumPy arrays."""

from __future__ import annotations

from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Matplotlib itself is imported by the first picture."""
    from . import animate, plot, values  # noqa: F401 (importing registers the methods)
    from .canvas import arrows  # noqa: F401
