"""Everything a simulation script needs, on TensorFlow: `from phiml_tf.flow import *`.

The names are those of `phiml_physics.flow` if it is installed, else those of `phiml_core.math`; TensorFlow becomes the default backend.
"""

from phiml_core.backend import use as _use

try:
    from phiml_physics import flow as _names
except ModuleNotFoundError as _error:
    if (_error.name or "").partition(".")[0] != "phiml_physics":
        raise
    from phiml_core import math as _names  # type: ignore[no-redef]

_use("tensorflow")
globals().update({_name: getattr(_names, _name) for _name in _names.__all__})
__all__ = list(_names.__all__)
