"""Weighted sums of neighbours."""

import itertools
from typing import Any

from phiml_core.shape import ShapeError, dual, select, spatial
from phiml_core.tensor.tensor import Tensor

from .matmul import matmul
from .pad import pad
from .slicing import slice_

__all__ = ["convolve"]

SIZES = ("same", "valid", "full")


def convolve(value: Tensor, kernel: Tensor, size: str = "same", extrapolation: Any = 0, dims: Any = spatial) -> Tensor:
    """Weighted sums of neighbours: y[i] = Σⱼ kernel[j] value[i + j - n // 2] for a kernel of n values, which is not flipped.

    One shifted product per value of the kernel: meant for kernels that are small along `dims`.

    Args:
        value: tensor.
        kernel: weights along the dims of `value` to convolve; dual dims are summed with the dims of `value` of their name; other dims align
            by name.
        size: 'same': as many values as there are, 'valid': those for which no value beyond the sides is needed, 'full': all to which a
            value contributes.
        extrapolation: values beyond the sides: a boundary, see `pad`; None for 'valid'.
        dims: dims to convolve along, if both tensors have them: names, shape or filter.

    Raises:
        ShapeError: the tensors share none of the dims, or the kernel is larger than the value.
        ValueError: unknown size.

    >>> from phiml_core import math
    >>> values = math.wrap([1, 2, 3, 4], math.spatial('x'))
    >>> math.convolve(values, math.wrap([1, 0, -1], math.spatial('x'))).numpy()
    array([-2, -2, -2,  3])
    """
    if size not in SIZES:
        raise ValueError(f"Unknown size of a convolution {size!r}.  Use one of {', '.join(SIZES)}.")
    along = select(kernel.shape, dims).only(value.shape).names
    if not along:
        raise ShapeError(
            f"convolve: the kernel {kernel.shape} and the value {value.shape} have no dim in common that {dims!r} selects."
        )
    counts = {n: kernel.shape.get_size(n) for n in along}
    if size == "valid" or extrapolation is None:
        padded = value
    elif size == "full":
        padded = pad(value, {n: (k - 1, k - 1) for n, k in counts.items()}, extrapolation)
    else:
        padded = pad(value, {n: (k // 2, (k - 1) // 2) for n, k in counts.items()}, extrapolation)
    lengths = {n: padded.shape.get_size(n) - k + 1 for n, k in counts.items()}
    if min(lengths.values()) < 1:
        raise ShapeError(
            f"convolve: the kernel {kernel.shape} does not fit into the value {value.shape}.  Use size='same' or 'full'."
        )
    result: Any = None
    for place in itertools.product(*[range(k) for k in counts.values()]):
        weight = slice_(kernel, dict(zip(along, place, strict=True)))
        part = slice_(padded, {n: slice(i, i + lengths[n]) for n, i in zip(along, place, strict=True)})
        term = matmul(weight, part) if dual(weight.shape) else weight * part
        result = term if result is None else result + term
    return result
