"""Distributions made for one test: real files with entry points on a folder that is put on the path."""

import os
import pathlib
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence

import pytest
from phiml_core.plugin import ondemand
from phiml_core.plugin.manager import PluginManager

HEADER = """
from phiml_core.plugin.hookspecs import hookimpl
from phiml_core.plugin import SelfCheck, CheckFailed
requires_core = '>=0.1,<0.2'
"""


class Site:
    """A folder like site-packages, on the path of this process and of those that `run` starts."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder

    def install(
        self,
        name: str,
        plugins: Mapping[str, str],
        modules: Mapping[str, str] | None = None,
        provides: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
        version: str = "1.0",
    ) -> None:
        """Write a distribution: `plugins` and `provides` are its entry points, `modules` its sources."""
        for module, source in (modules or {}).items():
            (self.folder / f"{module}.py").write_text(HEADER + textwrap.dedent(source))
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {need}" for need in requires)]) + "\n")
        groups = (("phiml.plugins", plugins), ("phiml.provides", provides or {}))
        text = "".join(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups)
        (info / "entry_points.txt").write_text(text)

    def run(self, code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run code in a fresh process that sees these distributions before everything else."""
        path = os.pathsep.join(filter(None, [str(self.folder), os.environ.get("PYTHONPATH")]))
        settings = {**os.environ, "PYTHONPATH": path, **environment}
        command = [sys.executable, "-c", textwrap.dedent(code)]
        return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120)


@pytest.fixture
def site(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PHIML_STRICT", raising=False)
    before = set(sys.modules)
    yield Site(tmp_path)
    for module in set(sys.modules) - before:
        if getattr(sys.modules[module], "__file__", None) and str(tmp_path) in str(sys.modules[module].__file__):
            del sys.modules[module]


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> PluginManager:
    """A manager of its own in the place of that of the process, so that a test leaves nothing behind."""
    own = PluginManager()
    monkeypatch.setattr(ondemand, "manager", lambda: own)
    return own
