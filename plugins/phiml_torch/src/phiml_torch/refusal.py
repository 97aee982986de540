"""Operations that a recording cannot hold, and what to do instead."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["NotMapped", "NotRecordable", "refuse"]


class NotRecordable(TypeError):
    """An operation that a compiled function cannot have."""


class NotMapped(NotRecordable):
    """A loop inside of `torch.func` inside of a compiled function."""

    def __init__(self) -> None:
        super().__init__(
            "A loop whose number of steps depends on values cannot run inside of torch.func (vmap, grad) inside of a compiled function. "
            " Use torch.func around the compiled function, fori_loop or iterate with a fixed number of steps, or batch dims."
        )


_READING = ("aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal", "aten::item", "aten::allclose")


def refuse(func: Any, name: str, args: Any, frame: Any) -> None:
    """Raise NotRecordable for an operation whose effect on the arguments in `args` a recording in `frame` would lose."""
    if name in _READING:
        if any(isinstance(a, torch.Tensor) and frame.knows(a) for a in args):
            raise NotRecordable(
                "The value of a tensor that is an argument of a function being compiled is not known until the compiled function "
                "runs.  Compute with tensors instead (where, cond, while_loop), or pass the argument as static."
            )
        return
    tags = func.tags
    if torch.Tag.nondeterministic_seeded in tags:
        raise NotRecordable(
            f"{name} draws random numbers of PyTorch's generator, which a compiled function would not follow.  Draw with a key: "
            "math.random_normal(…, key=key)."
        )
    if torch.Tag.dynamic_output_shape in tags and not (name == "aten::index" and not _has_masks(args[1])):
        raise NotRecordable(
            f"{name} gives a result whose size depends on values, which compiled functions cannot have.  Use where() to keep the "
            "size, or call it outside of the compiled function."
        )


def _has_masks(indices: Any) -> bool:
    return any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in indices)
