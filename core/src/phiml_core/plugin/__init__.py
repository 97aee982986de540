"""Plugins: found by entry points without importing them, loaded on first need, isolated from each other.

What a plugin author needs is in `phiml_core.plugin.hookspecs`.
"""

from .errors import BrokenPlugin, DuplicateProvider, PluginError, PluginNotFound, PluginWarning
from .known import install_command
from .ondemand import load, load_all, load_backend, load_provided, load_provider, reports
from .selfcheck import CheckFailed, SelfCheck
from .trials import backend_check

__all__ = [
    "load",
    "load_all",
    "load_backend",
    "load_provided",
    "load_provider",
    "reports",
    "install_command",
    "SelfCheck",
    "backend_check",
    "CheckFailed",
    "PluginWarning",
    "PluginError",
    "PluginNotFound",
    "DuplicateProvider",
    "BrokenPlugin",
]
