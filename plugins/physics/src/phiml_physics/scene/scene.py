"""A scene: a folder with one file of arrays for each frame and a readable file of settings."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from phiml_core.field import Field
from phiml_core.math import Tensor

from .arrays import read_arrays, storable, summary, write_arrays
from .dims import DimInfo, dim_infos
from .errors import CorruptFrame, SceneExists, SceneNotFound, SceneWriteError, SettingsMismatch
from .files import remove_leftovers, write_atomic
from .plain import plain

__all__ = ["Scene", "Described"]

Described = tuple[np.ndarray, Iterable[DimInfo | Mapping[str, Any]]]
"""An array and the dims of its axes: name, type and item names of each, in the order of the axes."""

FORMAT = 1
SETTINGS = "scene.json"


class Scene:
    """A folder of frames.

        scene.json               settings, dims of the arrays, versions, whether the run is complete
        frame_000012.npz         the arrays of frame 12, as NumPy's own format without pickled objects

    Every file is written beside its place and moved there when complete: a full disk, a crash or Ctrl-C leaves the
    earlier frames as they are.

    >>> import tempfile
    >>> scene = Scene.create(tempfile.mkdtemp() + '/plume', {'resolution': [2]})
    >>> scene.write(0, smoke=(np.zeros(2), [{'name': 'x', 'type': 'spatial', 'item_names': None}]))
    >>> scene.frames, scene.read(0)['smoke'][1][0].name
    ([0], 'x')
    """

    def __init__(self, path: Path, description: dict[str, Any]):
        self.path, self._description = path, description

    @classmethod
    def create(
        cls, path: str | Path, settings: Mapping[str, Any] | None = None, *, versions: Mapping[str, str] | None = None
    ) -> Scene:
        """A new scene in a folder that is made if needed.

        Args:
            path: of the folder.
            settings: what the run depends on, as values that JSON can hold.
            versions: of the software, by name; NumPy's is added.

        Raises:
            SceneExists: the folder holds a scene or other files.
            SceneWriteError: the folder or the settings cannot be written.
        """
        path = Path(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            what = "a scene" if (path / SETTINGS).exists() else "something else"
            raise SceneExists(f"{path} holds {what}, expected a new or empty folder. Resume it or choose another.")
        settings = plain(settings or {})
        write_folder(path)
        scene = cls(path.resolve(), {
            "format": FORMAT, "complete": False, "settings": settings,
            "versions": {"numpy": np.__version__, **(versions or {})}, "arrays": {},
        })  # fmt: skip
        scene._save()
        return scene

    @classmethod
    def open(cls, path: str | Path) -> Scene:
        """The scene in a folder.

        Raises:
            SceneNotFound: there is none.
            CorruptFrame: its settings cannot be read.
        """
        file = Path(path) / SETTINGS
        try:
            description = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SceneNotFound(f"{path} is no scene: it has no {SETTINGS}. Give the folder that has one.") from None
        except (OSError, ValueError) as error:
            raise CorruptFrame(f"{file} cannot be read ({error}). Repair its JSON, or start a new scene.") from error
        if not isinstance(description, dict) or description.get("format", 0) > FORMAT or "settings" not in description:
            raise CorruptFrame(f"{file} has an unknown format, expected format {FORMAT}. Update phiml-physics.")
        return cls(Path(path).resolve(), description)

    @classmethod
    def resume(cls, path: str | Path, settings: Mapping[str, Any], *, may_differ: Iterable[str] = ()) -> Scene:
        """The scene in a folder, to be continued with these settings.

        Args:
            path: of the folder.
            settings: of the run that wants to continue.
            may_differ: names of settings that do not change the results so far, like the number of steps.

        Raises:
            SceneNotFound: there is none.
            SettingsMismatch: a setting differs; the message says which, given and expected.
            CorruptFrame: the settings or the last frame cannot be read; the message names the file.
        """
        scene = cls.open(path)
        scene.check(settings, may_differ)
        scene.last()
        remove_leftovers(scene.path)  # only here: whoever just looks must not disturb a run that is writing
        return scene

    @property
    def settings(self) -> dict[str, Any]:
        """What the run depends on."""
        return self._description["settings"]

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the software that made the scene."""
        return self._description["versions"]

    @property
    def arrays(self) -> dict[str, tuple[DimInfo, ...]]:
        """Names of the arrays of a frame, with the dims of their axes."""
        return {
            name: tuple(map(DimInfo.from_json, found["dims"])) for name, found in self._description["arrays"].items()
        }

    @property
    def frames(self) -> list[int]:
        """Numbers of the frames that are there, in order."""
        return sorted(int(file.stem[6:]) for file in self.path.glob("frame_*.npz") if file.stem[6:].isdigit())

    @property
    def complete(self) -> bool:
        """Whether the run came to its end; set it to True there."""
        return self._description["complete"]

    @complete.setter
    def complete(self, value: bool) -> None:
        self._update(complete=bool(value))

    def note(self, **results: Any) -> None:
        """Adds results, such as a summary of the run, to the readable file."""
        self._update(results={**self._description.get("results", {}), **plain(results)})

    @property
    def results(self) -> dict[str, Any]:
        """What was noted about the run."""
        return self._description.get("results", {})

    def file(self, frame: int) -> Path:
        """Where the arrays of a frame are."""
        return self.path / f"frame_{frame:06d}.npz"

    def write(self, frame: int, /, **values: Described | Any) -> None:
        """Writes the values of a frame, in place of an earlier one of that number.

        Args:
            frame: number, not negative.
            values: grids and tensors, or name=(array, dims), each dim as a dict with name, type and item_names, or as `DimInfo`.

        Raises:
            ValueError: dims do not fit their array, or have other names or types than in the frames before.
            SceneWriteError: the disk is full or cannot be written; all earlier frames are intact.
        """
        from .fields import arrays_of, described

        arrays: dict[str, Any] = {}
        grids: dict[str, Any] = {}
        for name, value in values.items():
            if isinstance(value, Field):
                parts, grids[name] = arrays_of(name, value)
                arrays.update(parts)
            else:
                arrays[name] = described(value) if isinstance(value, Tensor) else value
        if frame < 0 or not arrays:
            raise ValueError(f"Frame {frame} with {len(arrays)} arrays was given. Count from 0, and give some arrays.")
        found = {name: storable(name, array) for name, (array, _) in arrays.items()}
        dims = {name: dim_infos(given, name, found[name].shape) for name, (_, given) in arrays.items()}
        about = {
            name: {"dims": [dim.as_json() for dim in dims[name]], "shape": list(array.shape), "dtype": str(array.dtype)}
            for name, array in found.items()
        }
        known = self._description["arrays"]
        for name, value in about.items():
            if known.get(name, value) != value:
                raise ValueError(
                    f"Array {name!r} of frame {frame} is {summary(value)}, expected {summary(known[name])} "
                    "as in the frames before. Give it the same axes, or another name."
                )
        if about.keys() - known.keys() or grids != {n: self._grids.get(n) for n in grids}:
            # first, so that no frame is without a description of its arrays
            self._update(arrays={**known, **about}, grids={**self._grids, **grids})
        write_atomic(self.file(frame), lambda file: write_arrays(file, found))

    def read(self, frame: int) -> dict[str, tuple[np.ndarray, tuple[DimInfo, ...]]]:
        """The arrays of a frame with their dims.

        Raises:
            SceneNotFound: there is no such frame.
            CorruptFrame: its file is damaged.
        """
        file, known = self.file(frame), self.arrays
        try:
            return {name: (array, known[name]) for name, array in read_arrays(file).items()}
        except FileNotFoundError:
            frames = self.frames
            there = f"frames {frames[0]} to {frames[-1]}" if frames else "no frames"
            raise SceneNotFound(
                f"There is no frame {frame} in {self.path}, which has {there}. Read one of these."
            ) from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise CorruptFrame(
                f"Frame {frame} is damaged: {file} ({error}). Delete the file and resume from the frame before."
            ) from error

    @property
    def _grids(self) -> dict[str, Any]:
        return self._description.get("grids", {})

    def read_field(self, name: str, frame: int) -> Any:
        """A grid of a frame, with its cells and its boundary, on the default backend.

        Raises:
            SceneNotFound: there is no such frame, or no grid of this name.
            CorruptFrame: its file is damaged.
        """
        from .fields import grid_of

        if name not in self._grids:
            raise SceneNotFound(
                f"{self.path} has the grids {', '.join(self._grids) or 'none'}, not {name!r}.  Read one of these."
            )
        return grid_of(name, self._grids[name], self.read(frame))

    def last(self) -> int | None:
        """Number of the last frame, after reading it to be sure that a run can go on from there; None without frames.

        Raises:
            CorruptFrame: its file is damaged; the message names it.
        """
        frames = self.frames
        if frames:
            self.read(frames[-1])
        return frames[-1] if frames else None

    def check(self, settings: Mapping[str, Any], may_differ: Iterable[str] = ()) -> None:
        """That the scene can be continued with these settings.

        Args:
            settings: of the run that wants to continue.
            may_differ: names of settings that do not change the results so far, like the number of steps.

        Raises:
            SettingsMismatch: a setting differs; the message says which, given and expected.
        """
        free, given = set(may_differ), plain(settings)
        differ = [
            f"{name} = {given.get(name, 'missing')!r}, expected {self.settings.get(name, 'missing')!r}"
            for name in sorted(given.keys() | self.settings.keys())
            if name not in free and given.get(name) != self.settings.get(name)
        ]
        if differ:
            raise SettingsMismatch(
                f"Cannot continue {self.path}: {'; '.join(differ)}. "
                "Give the settings it was made with (see scene.json), or start a new scene in another folder."
            )

    def _update(self, **changes: Any) -> None:
        before = self._description
        self._description = {**before, **changes}
        try:
            self._save()
        except BaseException:
            self._description = before
            raise

    def _save(self) -> None:
        text = json.dumps(self._description, indent=2, ensure_ascii=False, allow_nan=True) + "\n"
        write_atomic(self.path / SETTINGS, lambda file: file.write(text.encode()))


def write_folder(path: Path) -> None:
    """Makes the folder, or raises a `SceneWriteError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SceneWriteError(f"Cannot make the folder {path}: {error.strerror}. Choose another place.") from error
