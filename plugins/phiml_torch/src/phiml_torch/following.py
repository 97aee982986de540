"""Whether somebody follows what is done to a tensor: a recording, a derivative, or a batch of `torch.func`."""

import contextlib
from typing import Any

import torch

from . import private

__all__ = ["is_batched", "is_followed", "is_recorded", "unseen"]


def is_recorded(x: torch.Tensor) -> bool:
    """Whether the value of `x` is computed only when a recorded function runs; also where nothing can be recorded."""
    if not private.has_modes():
        return False
    from . import recorder

    return recorder.is_recorded(x)


def unseen() -> Any:
    """What keeps operations out of a recording that is going on."""
    from .recorder import recorder, recording

    return contextlib.nullcontext() if recorder() is None else recording()


def is_followed(x: torch.Tensor) -> bool:
    """Whether `x` is recorded, or belongs to a transform of `torch.func`."""
    return (bool(private.transforms_active()) and private.is_wrapped(x)) or is_recorded(x)


def is_batched(x: Any) -> bool:
    """Whether `x` differs between the items of `torch.func.vmap`."""
    return bool(private.transforms_active()) and isinstance(x, torch.Tensor) and private.is_batched(x)
