"""What docs/solves.md shows is what happens."""

import doctest
import importlib.util
import pathlib
import re

import pytest
from phiml_core.math import precision

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "solves.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_examples():
    if importlib.util.find_spec("phiml_jax") is None:
        pytest.skip("the page shows a gradient, for which it needs JAX")
    scope: dict[str, object] = {}
    report: list[str] = []
    runner = doctest.DocTestRunner(
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    )
    with precision(32):
        for match in re.finditer(r"^```pycon\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE):
            line = TEXT[: match.start(1)].count("\n")
            example = doctest.DocTestParser().get_doctest(match[1], scope, PAGE.name, str(PAGE), line)
            runner.run(example, out=report.append, clear_globs=False)
            scope.update(example.globs)
    assert runner.tries > 40 and runner.failures == 0, "".join(report)
