"""What the benchmarks need of this project, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peers.phiml_overhead import operations as _operations


def operations(backend: str) -> dict[str, Callable[[], Any]]:
    """The eager operations of `eager_overhead.py`."""
    from phiml_core import math
    from phiml_core.backend.dtype import dtype_named

    math.use(backend)
    return _operations(math, dtype_named("float16"))
