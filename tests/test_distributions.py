"""Every distribution is complete, and its bounds are two-sided."""

import pathlib
import tomllib

import pytest
from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).parent.parent
FOLDERS = [ROOT / "core", *sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))]
SIBLINGS_AND_FRAMEWORKS = {
    "numpy",
    "scipy",
    "plum-dispatch",
    "pluggy",
    "jax",
    "torch",
    "tensorflow",
    "tensorflow-cpu",
    "matplotlib",
}


@pytest.fixture(params=FOLDERS, ids=lambda path: path.name)
def folder(request):
    return request.param


def project(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_has_what_a_distribution_needs(folder):
    (package,) = (path for path in (folder / "src").iterdir() if not path.name.endswith((".egg-info", "_pytest")))
    for path in ("README.md", "CHANGELOG.md", "LICENSE", "tests", f"src/{package.name}/__init__.py"):
        assert (folder / path).exists(), path
    assert (package / "py.typed").exists()
    assert "## Unreleased" in (folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project(folder)["requires-python"] == ">=3.11"


def test_bounds_have_two_sides(folder):
    for line in project(folder)["dependencies"]:
        need = Requirement(line)
        if need.name in SIBLINGS_AND_FRAMEWORKS or need.name.startswith("phiml-"):
            operators = {specifier.operator for specifier in need.specifier}
            assert operators == {">=", "<"}, line


def test_siblings_fit_each_other(folder):
    versions = {project(path)["name"]: project(path)["version"] for path in FOLDERS}
    for line in project(folder)["dependencies"]:
        need = Requirement(line)
        if need.name.startswith("phiml-"):
            assert need.specifier.contains(versions[need.name]), line


def test_dependencies_are_pinned_for_the_tests(folder):
    pinned = {
        Requirement(line).name.lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    for line in project(folder)["dependencies"]:
        name = Requirement(line).name.lower()
        assert name.startswith("phiml-") or name in pinned, line
