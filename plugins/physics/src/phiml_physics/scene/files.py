"""Files that are there completely or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .errors import SceneWriteError

__all__ = ["write_atomic", "remove_leftovers"]

PART = ".part"


def write_atomic(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replaces the file at `path` by what `write` puts into a temporary file beside it, once that is on the disk.

    Raises:
        SceneWriteError: the disk is full, or the folder cannot be written; `path` is as it was.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PART}")
    try:
        with open(part, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or str(error) or type(error).__name__
            raise SceneWriteError(
                f"Cannot write {path}: {reason}. What was written before is intact; "
                "make room or choose another folder, then resume the scene."
            ) from error
        raise


def remove_leftovers(folder: Path) -> None:
    """Deletes temporary files that a killed process left in `folder`."""
    for part in folder.glob(f".*{PART}"):
        with contextlib.suppress(OSError):
            part.unlink()


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a power failure; Windows and some network disks cannot be asked for this."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
