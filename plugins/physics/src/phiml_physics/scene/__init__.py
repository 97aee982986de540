"""Results of a run on disk: one safe array file per frame, readable settings."""

from .dims import DimInfo
from .errors import CorruptFrame, SceneError, SceneExists, SceneNotFound, SceneWriteError, SettingsMismatch
from .scene import Scene

__all__ = [
    "Scene",
    "DimInfo",
    "SceneError",
    "SceneNotFound",
    "SceneExists",
    "SceneWriteError",
    "CorruptFrame",
    "SettingsMismatch",
]
