"""The seam through which a word finds plugins that are installed but not loaded yet.

Dispatch must not import the plugin manager (arrows point downwards), so the manager puts its loader here.
"""

from collections.abc import Callable

__all__ = ["install", "load_provider"]

_loader: Callable[[tuple[type, ...]], bool] | None = None
_asked: set[str] = set()
_NEVER = frozenset({"builtins", "numpy", "phiml_core", "collections", "typing", "fractions", "decimal"})


def install(loader: Callable[[tuple[type, ...]], bool]) -> None:
    """Let `loader(classes)` load the plugin that provides methods for `classes`; it returns whether it loaded one."""
    global _loader
    _loader = loader
    _asked.clear()


def load_provider(classes: tuple[type, ...]) -> bool:
    """Load the plugin that provides `classes`, once per top-level module.  Returns whether something was loaded."""
    if _loader is None:
        return False
    modules = {(c.__module__ or "").partition(".")[0] for c in classes} - _NEVER - _asked
    if not modules:
        return False
    _asked.update(modules)  # asked once, also when nothing is found: a word must not scan the entry points on each miss
    return _loader(tuple(c for c in classes if (c.__module__ or "").partition(".")[0] in modules))
