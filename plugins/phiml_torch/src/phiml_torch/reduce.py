"""Reductions of PyTorch tensors.

Without axes nothing is reduced, whereas PyTorch takes an empty tuple of axes for all of them.
"""

from typing import Any

import torch
from phiml_core.backend import primitive

from .elementwise import ARRAY


def _over_axes(function: Any) -> Any:
    return lambda x, axes: function(x, axes) if axes else x


for _name, _function in {"mean": torch.mean, "max": torch.amax, "min": torch.amin}.items():
    getattr(primitive, _name).register((ARRAY,), _over_axes(_function))
primitive.cumsum.register((ARRAY,), lambda x, axis: torch.cumsum(x, axis, dtype=x.dtype))
primitive.sort.register((ARRAY,), lambda x, axis: torch.sort(x, dim=axis, stable=True)[0])
primitive.argsort.register((ARRAY,), lambda x, axis: torch.argsort(x, dim=axis, stable=True))
primitive.argmax.register((ARRAY,), lambda x, axis: torch.argmax(_ordered(x), axis))
primitive.argmin.register((ARRAY,), lambda x, axis: torch.argmin(_ordered(x), axis))


def _ordered(x: torch.Tensor) -> torch.Tensor:
    return x.to(torch.uint8) if x.dtype is torch.bool else x


@primitive.sum.dispatch
def _(x: torch.Tensor, axes: tuple[int, ...]) -> Any:
    return torch.sum(x, axes) if axes else x


@primitive.prod.dispatch
def _(x: torch.Tensor, axes: tuple[int, ...]) -> Any:
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis)
    return x


@primitive.any.dispatch
def _(x: torch.Tensor, axes: tuple[int, ...]) -> Any:
    return torch.any(x, axes) if axes else x.to(torch.bool)


@primitive.all.dispatch
def _(x: torch.Tensor, axes: tuple[int, ...]) -> Any:
    return torch.all(x, axes) if axes else x.to(torch.bool)
