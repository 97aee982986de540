"""Everything a simulation script needs: `from phiml_physics.flow import *`.

NumPy computes, unless another default backend was chosen: `from phiml_jax.flow import *` gives the same names and
chooses JAX.
"""

from phiml_core.plugin.ondemand import load as _load

_load("physics")

PI, INF = 3.141592653589793, float("inf")

__all__ = [name for name in dir() if not name.startswith("_")]
