"""What any solver and any preconditioner is held to, of this package or of a plugin.

    from phiml_solvers.conformance import kit

    @pytest.mark.parametrize("system", kit.SYSTEMS, ids=str)
    def test_my_solver(system):
        kit.prove_solution(MySolver(), system)
        kit.prove_gradient(MySolver(), system)

A proof computes on the default backend and with its arrays, in the precision of the context, and raises an AssertionError that says what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.conformance.bounds import SLOPE_ERROR
from phiml_core.math import LinearProblem, NotConverged, NotFinite, Solve, batch, solve, spatial

from ..borrowed import within_frameworks
from ..operator import SparseMatrix, Stencil
from ..operator.matrix import ENTRIES

__all__ = [
    "SYSTEMS",
    "SystemKind",
    "coefficients",
    "matrix_of",
    "prove_errors",
    "prove_gradient",
    "prove_preconditioner",
    "prove_solution",
    "right_hand_side",
]

SIZES = (6, 5)
XY = spatial("x,y")
RNG = np.random.default_rng(7)
COEFFICIENTS = RNG.uniform(0.2, 1.0, SIZES)
SOLUTIONS = RNG.normal(size=(3, *SIZES))
PROBE = RNG.normal(size=SIZES)
LINKS = RNG.integers(0, 30, (2, 90))
WEIGHTS = RNG.normal(size=90) * 0.4


@dataclass(frozen=True)
class SystemKind:
    """A family of systems: the operator as a function of a coefficient per unknown, a tensor (x, y) and batch dims.

    Attributes:
        symmetric, definite: whether all of the family are.
    """

    name: str
    make: Callable[[Any], Any]
    symmetric: bool = False
    definite: bool = False

    def __str__(self) -> str:
        return self.name


def _stencil(center: float, weights: tuple[float, ...], symmetric: bool) -> Callable[[Any], Any]:
    def make(c: Any) -> Stencil:
        east, west, north, south = weights
        star: Any = {(0, 0): center + c * c, (1, 0): east, (-1, 0): west, (0, 1): north, (0, -1): south}
        return Stencil.of(star, spatial(x=SIZES[0], y=SIZES[1]), "dirichlet", symmetric=symmetric)

    return make


def _matrix(c: Any) -> SparseMatrix:
    """Diagonally dominant, with random links."""
    n = SIZES[0] * SIZES[1]
    entries = ENTRIES
    diagonal = math.pack_dims(c * c + 3.0, XY.names, entries)
    values = math.concat([diagonal, _tensor(WEIGHTS, entries) * math.sum_(c, c.shape.spatial) * 0.03], ENTRIES.name)
    rows, columns = (np.concatenate([np.arange(n), link]).astype(np.int32) for link in LINKS)
    grid = spatial(x=SIZES[0], y=SIZES[1])
    return SparseMatrix(values, math.wrap(rows, entries), math.wrap(columns, entries), grid)


def _function(c: Any) -> Any:
    """A plain function that captures the coefficient."""
    box = _stencil(4.0, (-1.3, -0.7, -1.0, -1.0), False)(c * 0.0)
    return lambda x: box(x) + x * (c * c)


SYSTEMS = (
    SystemKind("definite", _stencil(4.2, (-1.0,) * 4, True), True, True),
    SystemKind("indefinite", _stencil(0.35, (-1.0,) * 4, True), True),
    SystemKind("advection", _stencil(4.0, (-1.6, -0.4, -1.3, -0.7), False)),
    SystemKind("matrix", _matrix),
    SystemKind("function", _function),
)


def coefficients(*dims: Any) -> Any:
    """The coefficient of a system, a tensor (x, y)."""
    return _tensor(COEFFICIENTS, XY)


def _tensor(array: Any, *dims: Any) -> Any:
    return math.tensor(np.asarray(array, f"f{math.get_precision() // 8}"), *dims)


def matrix_of(system: SystemKind, coefficient: np.ndarray = COEFFICIENTS) -> np.ndarray:
    """The matrix, row-major, by NumPy in double precision."""
    n = SIZES[0] * SIZES[1]
    with math.backend("numpy"), math.precision(64):
        columns = system.make(_tensor(coefficient, XY))(_tensor(np.eye(n).reshape(n, *SIZES), batch("column"), XY))
        return columns.numpy("x,y,column").reshape(n, n)


def right_hand_side(system: SystemKind, i: int = 0) -> np.ndarray:
    """A x for the i-th known solution."""
    return (matrix_of(system) @ SOLUTIONS[i].ravel()).reshape(SIZES)


def _settings(algorithm: Any, **options: Any) -> Solve:
    return Solve(algorithm, **options)


@within_frameworks()
def prove_solution(algorithm: Any, system: SystemKind, compiled: bool = True, **options: Any) -> None:
    """Each solution has the residual that was asked for, alone and in a batch of operators and right-hand sides.

    Args:
        algorithm: object or name.
        compiled: in a compiled function, or eagerly.
        options: of `Solve`, e.g. the preconditioner.
    """
    settings, bits = _settings(algorithm, **options), math.get_precision()
    rel_tol = {32: 1e-5, 64: 1e-10}[bits]
    matrix = matrix_of(system)
    smallest = np.linalg.svd(matrix, compute_uv=False)[-1]

    def run(y: Any, c: Any) -> Any:
        x, info = solve(LinearProblem(system.make(c), y), settings)
        return x, info.iterations, info.residual, info.converged

    ys = [right_hand_side(system, i) for i in range(3)]
    name = f"{algorithm} of the system {system}, {'compiled' if compiled else 'eager'}, {bits} bits"
    run = math.jit_compile(run) if compiled else run
    x, iterations, residual, converged = run(_tensor(ys[0], XY), coefficients())
    assert x.shape == spatial(x=SIZES[0], y=SIZES[1]), f"{name}: the solution has dims {x.shape}."
    assert bool(converged.all) and int(iterations.max) >= 0, f"{name}: did not converge."
    found = x.numpy("x,y").astype(float)
    rounding = 120 * 2.0 ** (-52 if bits == 64 else -23) * np.abs(matrix).sum(1).max()
    allowed = rel_tol * np.linalg.norm(ys[0]) + rounding
    left = np.linalg.norm(matrix @ found.ravel() - ys[0].ravel())
    assert left <= allowed, f"{name}: the true residual is {left:.3g}, at most {allowed:.3g} was promised."
    assert np.abs(found - SOLUTIONS[0]).max() <= allowed / smallest, f"{name}: the solution is another one."
    said = float(residual.max)
    assert said >= 0.3 * left - allowed, f"{name}: it says a residual of {said:.3g}, but it is {left:.3g}."

    factors = np.array([1.0, 0.5, 1.5])
    cs = _tensor(COEFFICIENTS[None] * factors[:, None, None], batch("b"), XY)
    together, iterations, _, _ = run(_tensor(np.stack(ys) * np.array([1, 0, 1e3])[:, None, None], batch("b"), XY), cs)
    assert "b" in together.shape.names
    assert np.abs(together.b[1].numpy("x,y")).max() == 0, (
        f"{algorithm}: a right-hand side of zeros has a solution of zeros."
    )
    if "b" in iterations.shape.names and int(iterations.b[0]) > 1:
        assert int(iterations.b[1]) == 0, f"{algorithm}: a solved example is iterated on."
    for i in (0, 2):
        exact = matrix_of(system, COEFFICIENTS * factors[i])
        y = ys[i].ravel() * (1, 0, 1e3)[i]
        left = np.linalg.norm(exact @ together.b[i].numpy("x,y").astype(float).ravel() - y)
        allowed = (rel_tol + {32: 2e-5, 64: 1e-13}[bits]) * np.linalg.norm(y)
        assert left <= allowed, (
            f"{algorithm}, example {i} of a batch: true residual {left:.3g}, promised {allowed:.3g}."
        )


@within_frameworks()
def prove_gradient(algorithm: Any, system: SystemKind, compiled: bool = True, **options: Any) -> None:
    """Derivatives by right-hand side and coefficients against central differences in double precision, relative error < 1e-6.

    Args: as of `prove_solution`.
    """
    settings = _settings(algorithm, rel_tol=1e-13, suppress=(NotConverged,), **options)
    probe, y, along = _tensor(PROBE, XY), right_hand_side(system), np.random.default_rng(3)

    def loss(y: Any, c: Any) -> Any:
        x = math.solve_linear(system.make(c), y, settings)
        return math.sum_(x * x * x * probe, "x,y")

    def by_numpy(y: np.ndarray, c: np.ndarray) -> float:
        x = np.linalg.solve(matrix_of(system, c), y.ravel())
        return float((x**3 * PROBE.ravel()).sum())

    directions = [along.uniform(-1, 1, SIZES) for _ in range(2)]
    step = 1e-5
    expected = [
        (by_numpy(y + step * directions[0], COEFFICIENTS) - by_numpy(y - step * directions[0], COEFFICIENTS))
        / (2 * step),
        (by_numpy(y, COEFFICIENTS + step * directions[1]) - by_numpy(y, COEFFICIENTS - step * directions[1]))
        / (2 * step),
    ]
    derivative = math.gradient(loss, "y,c", get_output=False)
    run = math.jit_compile(derivative) if compiled else derivative
    for grad, direction, slope, by in zip(run(_tensor(y, XY), coefficients()), directions, expected, "yc", strict=True):
        terms = grad.numpy("x,y") * direction
        error = abs(terms.sum() - slope) / max(np.abs(terms).sum(), abs(slope))
        assert error < max(1e-6, 10 * SLOPE_ERROR), (
            f"{algorithm} of {system}: the derivative by {by} is wrong by {error:.1e}."
        )


@within_frameworks()
def prove_errors(algorithm: Any, system: SystemKind, iterative: bool = True) -> None:
    """What cannot be solved is said: NaN, and too few iterations; both with the state inside."""
    y = _tensor(right_hand_side(system), XY)
    for bad in (float("nan"), float("inf")):
        try:
            solve(LinearProblem(system.make(coefficients()), math.where(y == y.max, bad, y)), _settings(algorithm))
        except NotFinite as error:
            assert error.x.shape == y.shape
        else:
            raise AssertionError(f"{algorithm}: a right-hand side with {bad} was accepted.")
    if not iterative:
        return
    try:
        solve(LinearProblem(system.make(coefficients()), y), _settings(algorithm, max_iterations=1))
    except NotConverged as error:
        assert error.x.shape == y.shape and int(error.iterations.max) <= 8
        assert float(error.residual.max) > float(error.result.tolerance.min)
    else:
        raise AssertionError(f"{algorithm}: converged in a single iteration, or did not say that it did not.")


@within_frameworks()
def prove_preconditioner(how: Any, system: SystemKind, like: Any = None) -> None:
    """A preconditioner is linear, of the dims of the residual, symmetric where the system is, and leads to the same solution as none."""
    from ..precondition import preconditioner

    operator, r = system.make(coefficients()), _tensor(right_hand_side(system), XY)
    apply, name = preconditioner(how, operator, r)
    assert isinstance(name, str) and name
    a, b = (_tensor(SOLUTIONS[i], XY) for i in (1, 2))
    za, zb, both = apply(a), apply(b), apply(2 * a - b)
    assert za.shape == a.shape, f"{name}: the result has dims {za.shape}, not {a.shape}."
    bound = {32: 1e-4, 64: 1e-10}[math.get_precision()]
    size = float(math.max_(abs(za), "x,y")) + float(math.max_(abs(zb), "x,y"))
    assert float(math.max_(abs(both - 2 * za + zb), "x,y")) <= bound * size, f"{name} is not linear."
    if system.definite:
        left, right = (float(math.sum_(p * q, "x,y")) for p, q in ((za, b), (a, zb)))
        assert abs(left - right) <= bound * (abs(left) + size), f"{name} is not symmetric: {left} and {right}."
        assert float(math.sum_(za * a, "x,y")) > 0, f"{name} is not positive."
    method = "CG" if system.definite else "GMres"
    prove_solution(method, system, preconditioner=how)
