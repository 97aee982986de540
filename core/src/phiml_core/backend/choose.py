"""Which backend an array belongs to, and which one new data is made for."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from phiml_core.dispatch import autoload
from phiml_core.dispatch.transaction import LOCK

from .backend import Backend

__all__ = [
    "BackendNotInstalled", "MixedBackends", "backend", "backend_named", "backend_of", "backends", "default_backend",
    "find_backend", "install_loader", "join", "register_backend", "use",
]  # fmt: skip


class BackendNotInstalled(ImportError):
    """A backend was asked for by name that no installed plugin provides."""


class MixedBackends(TypeError):
    """Arrays of two frameworks met in one operation."""


_BACKENDS: dict[str, Backend] = {}
_load: Any = None


class _ByType(dict[type, Backend | None]):
    def __missing__(self, cls: type) -> Backend | None:
        found = next((b for b in _BACKENDS.values() if issubclass(cls, b.array_types)), None)
        if found is None and autoload.load_provider((cls,)):
            found = next((b for b in _BACKENDS.values() if issubclass(cls, b.array_types)), None)
        self[cls] = found  # also None: registering a backend clears the table
        return found


_BY_TYPE = _ByType()


def register_backend(backend: Backend) -> None:
    """Make a backend known under its name and for its array classes."""
    with LOCK:
        _BACKENDS[backend.name] = backend
        _BY_TYPE.clear()


def unregister_backend(name: str) -> None:
    """Forget a backend, e.g. when the registration of its plugin is rolled back."""
    with LOCK:
        _BACKENDS.pop(name, None)
        _BY_TYPE.clear()


def install_loader(load: Any) -> None:
    """Let `load(name)` load the plugin of a backend that is asked for by name."""
    global _load
    _load = load


def backends() -> dict[str, Backend]:
    """The backends loaded so far, by name."""
    return dict(_BACKENDS)


def find_backend(native: Any) -> Backend | None:
    """The backend of a native array, or None if `native` is no array of any."""
    return _BY_TYPE[type(native)]


def backend_of(native: Any) -> Backend:
    """The backend of a native array.  Raises TypeError if no loaded or installed backend knows its class."""
    found = _BY_TYPE[type(native)]
    if found is None:
        cls = type(native)
        raise TypeError(
            f"No backend for arrays of type {cls.__module__}.{cls.__qualname__}.  Loaded backends: {', '.join(_BACKENDS)}.  "
            "Install the plugin for its library, e.g. `pip install phiml-jax`, or convert to NumPy first."
        )
    return found


def backend_named(name: str | Backend) -> Backend:
    """The backend called `name`, loading its plugin if need be.

    Raises:
        BackendNotInstalled: with the command that installs it.
    """
    if isinstance(name, Backend):
        return name
    if name not in _BACKENDS and _load is not None:
        _load(name)
    if name not in _BACKENDS:
        known = {"jax": "phiml-jax", "torch": "phiml-torch", "tensorflow": "phiml-tf"}
        remedy = (
            f"Install it: pip install {known[name]}"
            if name in known
            else f"Known names: {', '.join(sorted({*known, 'numpy'}))}"
        )
        raise BackendNotInstalled(f"The backend {name!r} is not installed (loaded: {', '.join(_BACKENDS)}).  {remedy}.")
    return _BACKENDS[name]


_default: ContextVar[Backend | None] = ContextVar("phiml_backend", default=None)
_process_default: Backend | None = None


def default_backend() -> Backend:
    """The backend for new data: of the innermost `with backend(...)`, else of the last `use(...)`, else NumPy."""
    return _default.get() or _process_default or _BACKENDS["numpy"]


def use(name: str | Backend) -> Backend:
    """Make a backend the default for new data, in all threads.  Raises `BackendNotInstalled`."""
    global _process_default
    _process_default = backend_named(name)
    return _process_default


@contextlib.contextmanager
def backend(name: str | Backend) -> Iterator[Backend]:
    """Make a backend the default for new data inside a `with` block.  Raises `BackendNotInstalled`."""
    chosen = backend_named(name)
    token = _default.set(chosen)
    try:
        yield chosen
    finally:
        _default.reset(token)


def join(*found: Backend) -> Backend:
    """The backend that runs an operation on arrays of these backends: NumPy joins any other, two frameworks do not mix.

    Raises:
        MixedBackends: two different frameworks meet.
    """
    result = found[0]
    for other in found[1:]:
        if other is result or other.rank == 0:
            continue
        if result.rank == 0:
            result = other
            continue
        raise MixedBackends(
            f"Cannot combine arrays of {result.name} and {other.name}: data is never moved between frameworks silently.  "
            f"Convert one of them, e.g. convert(t, '{result.name}')."
        )
    return result
