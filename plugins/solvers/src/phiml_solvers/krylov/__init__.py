"""Krylov methods."""

from .bicgstab import BiCGStab
from .cg import CG
from .cg_adaptive import CGAdaptive
from .gmres import GMRES
from .lsmr import LSMR
from .minres import MINRES

__all__ = ["CG", "GMRES", "LSMR", "MINRES", "BiCGStab", "CGAdaptive"]
