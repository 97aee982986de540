"""Checking derivatives against differences of values."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phiml_core.backend.precision import precision
from phiml_core.ops.reduce import sum_
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.flatten import flatten

from .gradient import gradient

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
        f: as for `gradient`.
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
    import inspect

    import numpy as np

    with precision(64):
        function = getattr(f, "function", f)
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        names = tuple(bound.arguments)[:1] if wrt is None else tuple(n.strip() for n in wrt.split(","))
        arguments = {n: _double(v) if n in names else v for n, v in bound.arguments.items()}

        def value(**changes: Any) -> float:
            call = inspect.BoundArguments(bound.signature, {**arguments, **changes})  # type: ignore[arg-type]
            out = f(*call.args, **call.kwargs)
            out = out[0] if isinstance(out, (tuple, list)) else out
            return float(sum_(out, out.shape) if isinstance(out, Tensor) else out)

        call = inspect.BoundArguments(bound.signature, arguments)  # type: ignore[arg-type]
        grads = gradient(f, names, get_output=False)(*call.args, **call.kwargs)
        rng = np.random.default_rng(seed)
        elements = []
        for name, grad in zip(names, grads, strict=True):
            leaves: list[Any] = []
            slopes: list[Any] = []
            structure = flatten(arguments[name], leaves)
            flatten(grad, slopes)
            for i, leaf in enumerate(structure.leaf_structures()):
                if leaf.spec.dtype.kind is float or leaf.kind is float:
                    size = leaf.spec.stored.volume
                    elements += [(name, structure, leaves, slopes, i, leaf.spec, k) for k in range(size)]
        if len(elements) > samples:
            elements = [elements[i] for i in sorted(rng.choice(len(elements), samples, replace=False))]
        places, analytic, numeric = [], [], []
        base = value() if one_sided else 0.0
        for name, structure, leaves, slopes, i, spec, k in elements:
            array = np.asarray(spec.backend.to_numpy(spec.backend.as_array(leaves[i])), np.float64)
            h = step * max(1.0, abs(float(array.reshape(-1)[k])))
            shifted = [_shifted(structure, leaves, i, spec, array, k, s) for s in (h, -h)]
            up = value(**{name: shifted[0]})
            numeric.append((up - base) / h if one_sided else (up - value(**{name: shifted[1]})) / (2 * h))
            slope = np.asarray(spec.backend.to_numpy(slopes[i]) if hasattr(slopes[i], "dtype") else slopes[i])
            analytic.append(float(slope.reshape(-1)[k]))
            places.append((name, _position(spec.stored, k)))
    scale = max([abs(a) for a in analytic] + [abs(n) for n in numeric] + [1e-30])
    errors = [
        abs(a - n) / scale if np.isfinite(a) and np.isfinite(n) else float("inf")
        for a, n in zip(analytic, numeric, strict=True)
    ]
    check = GradientCheck(tuple(places), tuple(analytic), tuple(numeric), max(errors, default=0.0))
    if not check.max_error <= rel_tolerance:
        worst = sorted(range(len(errors)), key=lambda j: -errors[j])[:5]
        lines = [
            f"  {places[j][0]}{places[j][1] or ''}: derivative {analytic[j]:.6g}, difference {numeric[j]:.6g}"
            for j in worst
            if errors[j] > rel_tolerance
        ]
        bad = sum(e > rel_tolerance for e in errors)
        raise GradientMismatch(
            f"The derivative of {getattr(f, '__name__', 'f')} disagrees with differences at {bad} of {len(errors)} elements "
            f"(largest relative error {check.max_error:.2g}, allowed {rel_tolerance:.2g}):\n" + "\n".join(lines),
            check,
        )
    return check


def _double(value: Any) -> Any:
    from phiml_core.ops.elementwise import cast
    from phiml_core.tree import tree_map

    return tree_map(lambda t: cast(t, float) if t.dtype.kind is float else t, value)


def _shifted(structure: Any, leaves: list[Any], i: int, spec: Any, array: Any, k: int, h: float) -> Any:
    changed = array.copy().reshape(-1)
    changed[k] += h
    new = list(leaves)
    new[i] = spec.backend.as_array(changed.reshape(array.shape), spec.dtype)
    return structure.build(iter(new))


def _position(stored: Shape, k: int) -> dict[str, int]:
    import numpy as np

    if not stored:
        return {}
    return {n: int(i) for n, i in zip(stored.names, np.unravel_index(k, stored.sizes), strict=True)}
