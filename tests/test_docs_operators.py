"""What docs/operators.md shows is what happens."""

import doctest
import pathlib
import re

from phiml_core.math import precision

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "operators.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_examples():
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
    assert runner.tries > 15 and runner.failures == 0, "".join(report)
