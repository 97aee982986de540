"""What phiml-core loads."""

from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Register the methods of the layout by importing the module that holds them."""
    from . import units  # noqa: F401
