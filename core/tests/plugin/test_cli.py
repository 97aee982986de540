"""The command `phiml`, as a user calls it."""

import subprocess
import sys

import phiml_core.cli.demo
import phiml_core.cli.doctor
import phiml_core.cli.plugins
import pytest
from phiml_core.cli import main

DEMOS = """
@hookimpl
def phiml_demos():
    return {'count': lambda argv: print('arguments', list(argv)) or len(argv)}
"""


@pytest.fixture(autouse=True)
def only_test_plugins(monkeypatch, manager):
    """Commands see the distributions of the test alone."""

    def ours():
        index = type(manager).index.fget(full)
        mine = {name: entries for name, entries in index.plugins.items() if entries[0].distribution.startswith("dist-")}
        return type(index)(mine, {n: e for n, e in index.provides.items() if e[0].distribution.startswith("dist-")})

    full, only = manager, type(manager)(ours)
    for module in (phiml_core.cli.demo, phiml_core.cli.doctor, phiml_core.cli.plugins):
        monkeypatch.setattr(module, "manager", lambda: only)
    monkeypatch.setattr("phiml_core.plugin.ondemand.manager", lambda: only)


@pytest.mark.parametrize("argv", [["count", "--help", "-x", "3"], ["count"]])
def test_demo_gets_its_arguments_and_returns_its_code(site, capsys, argv):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": DEMOS}, {"demo.count": "a"})
    assert main(["demo", *argv]) == len(argv) - 1
    assert capsys.readouterr().out == f"arguments {argv[1:]}\n"


def test_demo_that_is_not_announced_is_found(site):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": DEMOS})
    assert main(["demo", "count", "1"]) == 1


def test_demos_are_listed(site, capsys):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": DEMOS})
    assert main(["demo"]) == 0
    assert capsys.readouterr().out == "count\n"


def test_unknown_demo_names_the_command(site, capsys):
    assert main(["demo", "smoke"]) == 2
    assert "no demo 'smoke'; installed demos: none" in (error := capsys.readouterr().err)
    assert "pip install phiml-physics phiml-vis" in error


def test_demo_claimed_twice(site, capsys):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": DEMOS})
    site.install("dist-b", {"b": "mod_b"}, {"mod_b": DEMOS})
    assert main(["demo"]) == 1
    assert "'count' is claimed by dist-a 1.0 and dist-b 1.0" in capsys.readouterr().err


def test_plugins(site, capsys):
    site.install("dist-a", {"a": "mod_a"}, {"mod_a": DEMOS}, {"demo.count": "a"})
    site.install("dist-b", {"b": "gone"})
    assert main(["plugins"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["a", "dist-a", "1.0", "installed", "demo.count"]
    assert main(["plugins", "--load"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[3] == "loaded" and lines[1].split()[3] == "broken"
    assert "cause: its module 'gone' does not exist" in lines[2] and "cure:" in lines[3]


def test_no_plugins(site, capsys):
    assert main(["plugins"]) == 0
    assert "pip install phiml-physics" in capsys.readouterr().out


def test_doctor(site, capsys):
    assert main(["doctor"]) == 0
    assert "✓   compute" in (out := capsys.readouterr().out) and out.endswith("Everything works.\n")
    site.install("dist-b", {"b": "gone"})
    assert main(["doctor"]) == 1
    assert "✗ plugin b" in (out := capsys.readouterr().out) and "    cure:  reinstall" in out
    assert out.endswith("Problems found: 1.\n")


@pytest.mark.parametrize("argv", [[], ["nonsense"]])
def test_wrong_command(argv, capsys):
    with pytest.raises(SystemExit) as raised:
        main(argv)
    assert raised.value.code == 2 and "usage: phiml" in capsys.readouterr().err


def test_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "phiml_core.cli", "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and all(command in done.stdout for command in ("plugins", "doctor", "demo"))
