"""Iterations whose arrays lie in the memory of the CPU and are known, in NumPy, whatever framework they belong to.

Hundreds of small operations make a solve.  Outside compiled code each costs a framework more than the computation itself, and JAX a
program to be compiled; NumPy reads the same memory.  In compiled code, on other devices, and for large systems, which frameworks
compute on all cores, they stay with their framework.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import NoneType
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import backend as default
from phiml_core.backend.choose import backend_named
from phiml_core.backend.precision import current
from phiml_core.dispatch import generic
from phiml_core.math import convert, to_device
from phiml_core.solve import Solve, SolveInfo
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform.boundary import backend_for
from phiml_core.tree import children, rebuild
from phiml_core.tree.flatten import Recording, flatten

from .operator.box import BoxLaplace
from .operator.composed import Product, Sum
from .operator.elementary import Diagonal, Identity, Zero
from .operator.linear import LinearOperator
from .operator.masked import MaskedLaplace
from .operator.matrix import SparseMatrix
from .operator.stencil import Stencil

__all__ = ["borrowed", "is_plain", "within_frameworks"]

LARGEST = 1 << 18
"""Number of values of a right-hand side, all examples together, from which on frameworks with several cores are faster."""
KNOWN = frozenset({"none", "jacobi", "block", "ilu", "ic", "transform", "spectral", "multigrid"})
PLAIN = frozenset({BoxLaplace, MaskedLaplace, Stencil, SparseMatrix, Diagonal, Identity, Zero})

_allowed: ContextVar[bool] = ContextVar("phiml_solvers_borrowed", default=True)


@contextmanager
def within_frameworks() -> Iterator[None]:
    """Inside the `with` block each solve is computed by the framework that its arrays belong to, e.g. to test or time that."""
    token = _allowed.set(False)
    try:
        yield
    finally:
        _allowed.reset(token)


@generic(on="value")
def is_plain(value: Any) -> bool:
    """Whether an operator or preconditioner is made of tensors and of array words alone, so that it works on any backend; a class of
    which that is so says it by a method."""
    return False


@is_plain.dispatch
def _(value: LinearOperator):
    return type(value) in PLAIN  # a subclass may do anything


@is_plain.dispatch
def _(value: NoneType):  # type: ignore[nonetype-type]
    return True


@is_plain.dispatch
def _(value: Sum | Product):
    return all([is_plain(part) for part in value.operators])


@is_plain.dispatch
def _(value: str):
    return value.lower() in KNOWN


def borrowed(
    run: Callable[[Any, Tensor, Solve], tuple[Any, SolveInfo]],
) -> Callable[[Any, Tensor, Solve], tuple[Any, SolveInfo]]:
    """`run(operator, y, settings)` on NumPy where that is the same, and faster; the results, a tensor or several and how it went, belong
    to the framework of y."""

    def wrapped(operator: Any, y: Tensor, settings: Solve) -> tuple[Any, SolveInfo]:
        given = operator, y, settings
        lent = _lender(*given)
        if lent is None:
            return run(*given)
        (backend, device), numpy = lent, backend_named("numpy")
        with default(numpy):
            found = run(*_moved(given, numpy))
        with default(backend):
            found = _moved(found, backend)
            return found if _device(found[0], backend) == device else to_device(found, device)

    return wrapped


def _lender(operator: Any, y: Tensor, settings: Solve) -> tuple[Backend, Any] | None:
    """The framework that lends its arrays, and their device; None if the solve stays where it is."""
    if not _allowed.get() or y.shape.volume > LARGEST or current().bits < 32:
        return None
    if not (is_plain(operator) and is_plain(settings.preconditioner)):
        return None
    leaves: list[Any] = []
    try:
        backend = backend_for(flatten((operator, y, settings), leaves))
    except Recording:
        return None
    if backend.name == "numpy" or backend.is_compiling() or backend.is_deriving() or backend.any_traced(leaves):
        return None
    devices = {backend.device(x) for x in leaves if isinstance(x, backend.array_types)}
    if len(devices) != 1:
        return None
    (device,) = devices
    return (backend, device) if device in backend.devices() and "cpu" in str(device).lower() else None


def _moved(value: Any, target: Backend) -> Any:
    """A tree with its arrays as those of another backend; numbers, which may decide on the method, are kept."""
    if isinstance(value, Tensor) or hasattr(value, "dtype"):
        return convert(value, target)
    parts = children(value)
    return value if parts is None else rebuild(value, tuple([_moved(part, target) for part in parts]))


def _device(value: Any, backend: Backend) -> Any:
    leaves: list[Any] = []
    flatten(value, leaves)
    return backend.device(leaves[0])
