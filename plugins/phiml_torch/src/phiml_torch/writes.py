"""Operations of a recording that write to tensors: what was made in it may be overwritten, what it was given must not.

Networks write to what they hold: running means, counters of batches.  These are inputs of the graph like all that it reads, and are
written to each time the program runs, neither while it is recorded nor once more when a derivative computes it again.
"""

from __future__ import annotations

from typing import Any

import torch

from .frame import Frame
from .refusal import NotRecordable

__all__ = ["prepare_writes"]

_NORMS = ("aten::native_batch_norm", "aten::cudnn_batch_norm", "aten::miopen_batch_norm")
"""They write to their running mean and variance, 3 and 4, without saying so; what they compute while training does not depend on them."""
_LEGIT = "aten::_native_batch_norm_legit"


def prepare_writes(func: Any, name: str, args: Any, kwargs: Any, frame: Frame, again: bool) -> None:
    """Let the operation write to copies while it is recorded; `again`: also when the program runs, which computes a derivative.

    Raises:
        NotRecordable: it writes to an argument, or its derivative would depend on what was there before it was written to.
    """
    if not func._schema.is_mutable and name not in _NORMS:
        return
    for x in _written(func, name, args, kwargs):
        if not again and frame.is_input(x):
            raise NotRecordable(
                f"{name} writes to an argument of a function being compiled, which its caller goes on using.  Compute a new tensor "
                f"instead, e.g. x * 2 for x.mul_(2)."
            )
        if frame.knows(x) and not frame.is_input(x):
            continue
        if not x.is_contiguous():
            raise NotRecordable(f"{name} writes to a captured tensor whose memory is not in row-major order.")
        if again and not (name in _NORMS or name.startswith(_LEGIT)) and (x.is_floating_point() or x.is_complex()):
            raise NotRecordable(
                f"{name} writes to a tensor that a compiled function reads besides its arguments, so that its derivative cannot be "
                "computed later.  Pass the tensor as an argument and return what becomes of it, or call the network in eval() mode."
            )
        frame.write(x, again)


def _written(func: Any, name: str, args: Any, kwargs: Any) -> list[torch.Tensor]:
    if name in _NORMS:
        training = args[5] if len(args) > 5 else kwargs.get("training", False)
        return [x for x in args[3:5] if isinstance(x, torch.Tensor)] if training else []
    found = []
    for i, a in enumerate(func._schema.arguments):
        if a.alias_info is not None and a.alias_info.is_write:
            value = args[i] if i < len(args) else kwargs.get(a.name)
            found += [
                v for v in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(v, torch.Tensor)
            ]
    return found
