"""The algorithms behind the word `solve`, as a plugin of phiml-core."""

from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Register the methods of this package by importing the modules that hold them."""
    from functools import partial

    from phiml_core.solve import register_algorithm, register_tracing

    from . import auto, direct, in_turn, transform, trees  # noqa: F401
    from .krylov import CG, GMRES, LSMR, MINRES, BiCGStab, CGAdaptive
    from .multigrid.algorithm import Multigrid
    from .precondition import registered  # noqa: F401
    from .scipy_methods import SCIPY, SciPy
    from .trace.matrix import matrix_and_bias

    register_tracing(matrix_and_bias)

    register_algorithm("auto", auto.Auto)
    register_algorithm("CG", lambda: CG())
    register_algorithm("CG-adaptive", lambda: CGAdaptive())
    register_algorithm("biCG-stab", BiCGStab)
    register_algorithm(
        "biCG", lambda: BiCGStab(1)
    )  # stabilised: the plain recursion needs the transpose and breaks down
    register_algorithm("GMres", GMRES)
    register_algorithm("minres", lambda: MINRES())
    register_algorithm("lsmr", LSMR)
    register_algorithm("direct", direct.Direct)
    register_algorithm("scipy-direct", partial(direct.Direct, sparse=True))
    for name, method in SCIPY.items():
        register_algorithm(f"scipy-{name}", partial(SciPy, method))
    register_algorithm("multigrid", Multigrid)
    register_algorithm("transform", transform.Transform)
