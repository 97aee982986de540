"""How far a result may be from the one in double precision, and derivatives by differences.

A backward stable computation returns the exact result of inputs perturbed by a few units of rounding eps.  So the bound is

    K · (eps · |y| + change of y when each input is multiplied by 1 ± eps, the signs at random, the largest of several draws)

where y is computed in double precision with NumPy: the first term is the rounding of the result, the second the condition of
the problem times eps, which grows with the number of terms as rounding errors do.  K = 16 leaves room for the constants of
library functions (4 units of rounding) and for draws of signs that happen to cancel.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["K", "EPS", "bound", "check_close", "slope"]

K = 16
DRAWS = 6
EPS = {16: 2.0**-10, 32: 2.0**-23, 64: 2.0**-52}
STEP = 2.0**-17  # of central differences: error step² · f''' + eps / step, about eps^(2/3)
SLOPE_ERROR = 1e-7  # what differences may be off relative to the size of what is summed: a thousand times eps^(2/3)


def perturbed(x: Any, eps: float, rng: np.random.Generator) -> Any:
    """Floating point numbers times 1 ± eps."""
    if isinstance(x, np.ndarray) and x.dtype.kind in "fc":
        return x * (1 + eps * rng.choice([-1.0, 1.0], x.shape))
    if isinstance(x, tuple):
        return tuple(perturbed(v, eps, rng) for v in x)
    return x


def bound(
    function: Callable[..., Sequence[Any]], inputs: Sequence[Any], bits: int, pointwise: bool = False
) -> list[np.ndarray]:
    """How far each result of `function(*inputs)` may be off at a precision, as arrays that broadcast against the results.

    Args:
        function: of arrays in double precision, returns a sequence of arrays.
        inputs: floats are perturbed, all else is passed on.
        pointwise: each element depends on the elements at its place alone; else the largest change counts for all.
    """
    rng, eps = np.random.default_rng(0), EPS[bits]
    with np.errstate(all="ignore"):
        results = [np.asarray(y) for y in function(*inputs)]
        wide = max(eps, 2.0**-36)  # below, the change itself would be lost in rounding: scaled back
        changes: list[Any] = [np.zeros(y.shape) for y in results]
        for _ in range(DRAWS):
            for i, y in enumerate(function(*[perturbed(x, wide, rng) for x in inputs])):
                y = np.asarray(y)
                if y.shape == results[i].shape and y.dtype.kind in "fc":
                    change = np.abs(y - results[i]) * (eps / wide)
                    changes[i] = np.maximum(changes[i], np.where(np.isfinite(change), change, 0))
        sizes: list[Any] = [
            np.where(np.isfinite(y), np.abs(y), 0) if y.dtype.kind in "fc" else np.zeros(()) for y in results
        ]
        if not pointwise:
            changes = [np.max(c, initial=0.0) for c in changes]
            sizes = [np.max(s, initial=0.0) for s in sizes]
    return [K * (eps * s + c) for s, c in zip(sizes, changes)]


def check_close(found: np.ndarray, expected: np.ndarray, allowed: Any, what: str) -> None:
    """Assert that arrays agree up to `allowed`; infinities and NaN have to be at the same places."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what}: sizes {found.shape}, expected {expected.shape}"
    if expected.dtype.kind not in "fc":
        np.testing.assert_array_equal(found, expected, err_msg=what)
        return
    with np.errstate(all="ignore"):
        off = np.abs(found.astype(expected.dtype) - expected)
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    wrong = ~(same | (off <= allowed))
    if wrong.any():
        i = tuple(np.argwhere(wrong)[0])
        limit = np.broadcast_to(allowed, expected.shape)[i]
        raise AssertionError(
            f"{what}: {wrong.sum()} of {wrong.size} elements are off, the first at {tuple(map(int, i))}: {found[i]}, "
            f"expected {expected[i]} up to {limit:.2g}"
        )


def slope(function: Callable[[Any], float], at: np.ndarray, direction: np.ndarray) -> float:
    """The derivative of a scalar function in double precision along a direction, by central differences."""
    h = STEP
    return (function(at + h * direction) - function(at - h * direction)) / (2 * h)
