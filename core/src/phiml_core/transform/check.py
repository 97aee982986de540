"""Checking derivatives against differences of values."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from phiml_core.backend.precision import precision
from phiml_core.ops.elementwise import cast
from phiml_core.ops.reduce import sum_
from phiml_core.ops.repeat import store
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import tree_map

from .difference import Element, elements_of
from .gradient import gradient
from .wrt import Wrt

__all__ = ["GradientCheck", "GradientMismatch", "check_gradient"]


class GradientMismatch(AssertionError):
    """The derivative of a function and differences of its values disagree; `check` says where."""

    def __init__(self, message: str, check: "GradientCheck"):
        super().__init__(message)
        self.check = check


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradient` found: per element checked, where it is, the derivative and the difference quotient."""

    places: tuple[tuple[str, dict[str, int]], ...]
    analytic: tuple[float, ...]
    numeric: tuple[float, ...]
    max_error: float

    def __repr__(self) -> str:
        return f"GradientCheck({len(self.places)} elements, largest relative error {self.max_error:.1e})"


def check_gradient(
    f: Callable[..., Any],
    wrt: Any = None,
    *args: Any,
    rel_tolerance: float = 1e-5,
    step: float = 1e-6,
    samples: int = 40,
    one_sided: bool = False,
    seed: int = 0,
    **kwargs: Any,
) -> GradientCheck | Callable[..., GradientCheck]:
    """Compare the derivative of a scalar function with differences of its values, in double precision.

    Args:
        f: as for `gradient`.  By complex numbers z = x + iy it is differentiated in both parts: ∂f/∂x is the real part of the
            gradient, ∂f/∂y the negative imaginary part.
        wrt: names of the parameters to differentiate by.
        args, kwargs: where to differentiate.  Without any, a function of them is returned.
        rel_tolerance: largest error allowed, relative to the largest derivative.
        step: width of the difference, relative to the size of each value (central differences have an error of order step²).
        samples: how many elements are checked; all if there are no more, else a random choice.
        one_sided: use forward differences, for functions with a kink at the given point.
        seed: of the random choice.

    Returns:
        A `GradientCheck` with the derivatives and difference quotients compared.

    Raises:
        GradientMismatch: names the elements where the two part, worst first.
        NoGradient: the backend has no derivatives.
    """
    if not args and not kwargs:
        return functools.partial(  # type: ignore[return-value]
            check_gradient,
            f,
            wrt,
            rel_tolerance=rel_tolerance,
            step=step,
            samples=samples,
            one_sided=one_sided,
            seed=seed,
        )
    with precision(64):
        by = Wrt.of(f, wrt, "check_gradient")
        bound = by.bind(args, kwargs)
        point = tuple([_double(bound.arguments[n]) for n in by.names])
        grads = by.with_function(gradient(f, by.names, get_output=False)).call(bound, point)
        elements = [e for i, n in enumerate(by.names) for e in elements_of(n, point[i], grads[i])]

        def value(changed: Any = None, name: str = "") -> float:
            """The function where one argument is another."""
            out = by.call(bound, [changed if n == name else x for n, x in zip(by.names, point, strict=True)])
            out = out[0] if isinstance(out, (tuple, list)) else out
            return float(sum_(out, out.shape) if isinstance(out, Tensor) else out)

        checked = _chosen(elements, samples, seed)
        base = value() if one_sided else None
        numeric = [_quotient(value, e, step, base) for e in checked]
    return _compared(checked, numeric, rel_tolerance, getattr(f, "__name__", "f"))


def _double(value: Any) -> Any:
    """A tree in double precision, with memory of its own for each item along a dim."""
    return tree_map(lambda t: store(cast(t, t.dtype.kind) if t.dtype.kind in (float, complex) else t), value)


def _chosen(elements: Sequence[Element], count: int, seed: int) -> list[Element]:
    import numpy as np

    if len(elements) <= count:
        return list(elements)
    return [elements[i] for i in sorted(np.random.default_rng(seed).choice(len(elements), count, replace=False))]


def _quotient(value: Callable[..., float], element: Element, step: float, base: float | None) -> float:
    """The difference quotient in an element: forward from the value `base`, central without."""
    h = step * max(1.0, abs(element.value))
    up = value(element.shifted(h), element.name)
    if base is not None:
        return (up - base) / h
    return (up - value(element.shifted(-h), element.name)) / (2 * h)


def _compared(elements: Sequence[Element], numeric: Sequence[float], tolerance: float, name: str) -> GradientCheck:
    analytic = [e.slope for e in elements]
    scale = max([abs(a) for a in (*analytic, *numeric)] + [1e-30])
    pairs = list(zip(analytic, numeric, strict=True))
    errors = [abs(a - n) / scale if math.isfinite(a) and math.isfinite(n) else math.inf for a, n in pairs]
    places = tuple([(e.name, e.place) for e in elements])
    check = GradientCheck(places, tuple(analytic), tuple(numeric), max(errors, default=0.0))
    bad = [j for j, e in enumerate(errors) if not e <= tolerance]
    if not bad:
        return check
    lines = [
        f"  {places[j][0]}{places[j][1] or ''}: derivative {analytic[j]:.6g}, difference {numeric[j]:.6g}"
        for j in sorted(bad, key=lambda j: -errors[j])[:5]
    ]
    raise GradientMismatch(
        f"The derivative of {name} disagrees with differences at {len(bad)} of {len(errors)} elements "
        f"(largest relative error {check.max_error:.2g}, allowed {tolerance:.2g}):\n" + "\n".join(lines),
        check,
    )
