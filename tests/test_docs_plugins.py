"""What docs/plugins.md shows is run as it stands there, in one process of its own."""

import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).parent.parent
PAGE = ROOT / "docs" / "plugins.md"
TEXT = PAGE.read_text(encoding="utf-8")

RUNNER = """
import doctest, re, sys

text = open(sys.argv[1], encoding="utf-8").read()
scope = {"__name__": "__main__"}
options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
runner = doctest.DocTestRunner(optionflags=options)
for match in re.finditer(r"^```(python|pycon)\\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
    line = text[: match.start(2)].count("\\n")
    if match[1] == "python":
        exec(compile("\\n" * line + match[2], sys.argv[1], "exec"), scope)
        vars(sys.modules["__main__"]).update(scope)
    else:
        test = doctest.DocTestParser().get_doctest(match[2], scope, "plugins.md", sys.argv[1], line)
        runner.run(test, clear_globs=False)
        scope.update(test.globs)
print(runner.tries, "examples,", runner.failures, "failures")
sys.exit(bool(runner.failures))
"""


def test_code_runs():
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(PAGE)], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d\d examples, 0 failures", done.stdout)


def test_entry_points_are_written_as_in_the_examples():
    (block,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    shown = tomllib.loads(block)["project"]["entry-points"]
    real = tomllib.loads((ROOT / "examples/plugins/phiml_strict/pyproject.toml").read_text())["project"]["entry-points"]
    assert set(shown) == set(real)
    assert set(shown["phiml.provides"].values()) <= set(shown["phiml.plugins"])


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert "://" in target or (PAGE.parent / target).exists(), target
