"""Type checkers see a word as the function that was declared."""

import importlib.util
import json
import pathlib
import re
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent / "typing"
WRONG = [i for i, line in enumerate((FOLDER / "wrong.py").read_text().splitlines(), 1) if "# error" in line]


def mypy(file):
    """Lines with errors."""
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--config-file", "", "--disable-error-code=empty-body"]
    done = subprocess.run([*command, str(FOLDER / file)], capture_output=True, text=True, timeout=280)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return sorted({int(n) for n in re.findall(rf"{file}:(\d+): error", done.stdout)}), done.stdout


def pyright(file):
    """Lines with errors."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(FOLDER / file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    report = json.loads(done.stdout)
    errors = [d for d in report["generalDiagnostics"] if d["severity"] == "error"]
    return sorted({d["range"]["start"]["line"] + 1 for d in errors}), done.stdout


@pytest.mark.parametrize("check", [mypy, pyright])
def test_words_keep_their_types(check):
    if importlib.util.find_spec(check.__name__) is None:
        pytest.skip(f"{check.__name__} is not installed")
    lines, report = check("right.py")
    assert lines == [], report
    lines, report = check("wrong.py")
    assert lines == WRONG, report
