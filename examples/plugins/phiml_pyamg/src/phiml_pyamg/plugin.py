"""What phiml-core loads."""

from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Register the preconditioner by importing the module that holds it, and its name."""
    from phiml_solvers.precondition import preconditioner, register_preconditioner

    from .amg import PyAMG

    register_preconditioner("pyamg", lambda operator, like: preconditioner(PyAMG(), operator, like)[0])
