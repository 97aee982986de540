"""Tensors that outlive the recording they were made in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from phiml_core.backend import LeakedTensor

from .frame import STATE

__all__ = ["is_leaked", "seal"]


class _Leaked(torch.Tensor):
    """What becomes of a tensor that outlives the recording it was made in: it holds a value of the examples."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise LeakedTensor


def seal(keep: Sequence[torch.Tensor]) -> None:
    """After a recording: tensors made in it that somebody keeps can no longer be used, except for those in `keep`."""
    if STATE.recorder is not None:
        return
    kept, bound, STATE.bound = {id(x) for x in keep}, STATE.bound, ()
    for ref in bound:
        x = ref()
        if x is not None and id(x) not in kept:
            x.__class__ = _Leaked


def is_leaked(x: Any) -> bool:
    """Whether a tensor has outlived its recording."""
    return type(x) is _Leaked
