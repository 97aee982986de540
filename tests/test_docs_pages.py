"""What the pages of docs/ show as sessions of Python is what happens."""

import doctest
import importlib.util
import pathlib
import re

import pytest
from phiml_core.math import precision

DOCS = pathlib.Path(__file__).parent.parent / "docs"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.mark.parametrize(
    "name, least, derives",
    [("fields.md", 20, False), ("operators.md", 16, False), ("solves.md", 41, True), ("sparse.md", 26, True)],
)
def test_examples(name, least, derives):
    """At least that number of examples, none of which says something else."""
    if derives and importlib.util.find_spec("phiml_jax") is None:
        pytest.skip("the page shows a gradient, for which it needs JAX")
    page = DOCS / name
    text = page.read_text(encoding="utf-8")
    scope: dict[str, object] = {}
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    with precision(32):
        for match in re.finditer(r"^```pycon\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            line = text[: match.start(1)].count("\n")
            example = doctest.DocTestParser().get_doctest(match[1], scope, page.name, str(page), line)
            runner.run(example, out=report.append, clear_globs=False)
            scope.update(example.globs)
    assert runner.tries >= least and runner.failures == 0, "".join(report)
