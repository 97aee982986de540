"""Other tensors in the place of those that a function has captured."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

__all__ = ["Substitution", "substituted", "substitutions"]


class _State(threading.local):
    substitutions: tuple[Substitution, ...] = ()


_STATE = _State()


class Substitution(TorchFunctionMode):
    """Puts other tensors in the place of tensors that a function has captured."""

    def __init__(self, old: Sequence[torch.Tensor], new: Sequence[torch.Tensor], before: Sequence[Substitution] = ()):
        """`before`: those that were in force when `old` was captured, so that what they had replaced is replaced as well."""
        super().__init__()
        table = {id(a): b for a, b in zip(old, new, strict=True)}
        self.kept: list[Any] = [list(old)]
        for other in (*before, *_STATE.substitutions):
            self.kept.append(other)  # identities stay taken while they are keys
            for key, value in other.table.items():
                if id(value) in table:
                    table.setdefault(key, table[id(value)])
        self.table: dict[int, torch.Tensor] = table

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*self.replace(args), **self.replace(kwargs or {}))

    def replace(self, value: Any) -> Any:
        """A value with the tensors in it replaced, also those in tuples, lists and dicts."""
        if isinstance(value, torch.Tensor):
            return self.table.get(id(value), value)
        if type(value) in (tuple, list):
            return type(value)([self.replace(v) for v in value])
        if type(value) is dict:
            return {k: self.replace(v) for k, v in value.items()}
        return value

    def __enter__(self) -> Any:
        _STATE.substitutions = (*_STATE.substitutions, self)
        return super().__enter__()

    def __exit__(self, *args: Any) -> Any:
        _STATE.substitutions = _STATE.substitutions[:-1]
        return super().__exit__(*args)


def substitutions() -> tuple[Substitution, ...]:
    """Those in force now, the innermost last."""
    return _STATE.substitutions


def substituted(xs: Sequence[Any]) -> tuple[Any, ...]:
    """Tensors as operations of this moment would take them: for calls that PyTorch does not report."""
    result = tuple(xs)
    for s in reversed(_STATE.substitutions):
        result = s.replace(result)
    return result
