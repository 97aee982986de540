"""Third parties need no line of core: a backend, a layout and a preconditioner from outside, held to the public protocol."""

import ast
import importlib
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PLUGINS = sorted(path.parent for path in (ROOT / "examples" / "plugins").glob("*/pyproject.toml"))
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
PROTOCOL = re.findall(r"^\| `(phiml_core[\w.]*)` \|", PAGE.partition("## The public protocol")[2], re.MULTILINE)


@pytest.fixture(params=PLUGINS, ids=lambda path: path.name)
def plugin(request):
    name = tomllib.loads((request.param / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.fail(f"{name} is not installed: pip install --no-deps -e {request.param.relative_to(ROOT)}")
    return request.param


def test_there_are_three():
    assert [path.name for path in PLUGINS] == ["phiml_pyamg", "phiml_strict", "phiml_units"]


def test_its_own_tests_pass(plugin):
    """In a process of its own, from its own folder, with its own settings, as its authors run them."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"PHIML_STRICT": "1"}
    done = subprocess.run(command, cwd=plugin, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " skipped" not in done.stdout


def test_protocol_is_there():
    assert len(PROTOCOL) > 10
    for module in PROTOCOL:
        assert importlib.import_module(module).__all__, module


def test_imports_documented_names_only(plugin):
    wrong = []
    for path in sorted((plugin / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wrong += [f"{path.name}: import {a.name}" for a in node.names if a.name.startswith("phiml_core.")]
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "phiml_core":
                wrong += [f"{path.name}: {node.module}.{a.name}" for a in node.names if not public(node.module, a.name)]
    assert wrong == []


def public(module, name):
    return f"{module}.{name}" in PROTOCOL or (module in PROTOCOL and name in importlib.import_module(module).__all__)


def test_core_knows_nothing_of_it(plugin):
    sources = [path for folder in ("core/src", "plugins") for path in (ROOT / folder).rglob("src/**/*.py")]
    sources += list((ROOT / "core" / "src").rglob("*.py"))
    assert [
        str(path) for path in sources if re.search(rf"{plugin.name}|array_api_strict", path.read_text("utf-8"))
    ] == []
