"""What can go wrong with a scene folder."""

__all__ = ["SceneError", "SceneNotFound", "SceneExists", "SceneWriteError", "CorruptFrame", "SettingsMismatch"]


class SceneError(Exception):
    """Base of all errors of scenes."""


class SceneNotFound(SceneError, FileNotFoundError):
    """There is no scene, or no such frame in it."""


class SceneExists(SceneError, FileExistsError):
    """A new scene would take the place of another one."""


class SceneWriteError(SceneError, OSError):
    """A frame or the settings could not be written; everything written before is intact."""


class CorruptFrame(SceneError, ValueError):
    """The file of a frame is incomplete or damaged."""


class SettingsMismatch(SceneError, ValueError):
    """A scene was made with other settings than those it is to be continued with."""
