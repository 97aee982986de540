"""What the README shows is run as it stands there."""

import pathlib
import re
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_tour(tmp_path, monkeypatch):
    """All Python blocks, one after the other, as a reader would type them."""
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    if not blocks:
        pytest.skip("the README has no Python blocks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    scope: dict[str, object] = {}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"<README.md, block {number}>", "exec"), scope)


@pytest.mark.parametrize("session", ["demo", "tests"])
def test_commands_are_one_line_each(session):
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv") and f"nox -s {session}" in line]
    assert len(lines) == 1


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target and not target.endswith(".png"):
            assert (ROOT / target).exists(), target


def test_every_distribution_is_listed():
    for path in [ROOT / "core", *sorted((ROOT / "plugins").iterdir())]:
        if (path / "pyproject.toml").exists():
            name = tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
            assert f"| `{name}` |" in README, name
