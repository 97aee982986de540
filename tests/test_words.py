"""All words of all installed plugins fit together."""

import pytest
from phiml_core.cli import main
from phiml_core.dispatch import words
from phiml_core.dispatch.transaction import ambiguities
from phiml_core.plugin import load_all, reports


@pytest.fixture(scope="module", autouse=True)
def everything():
    load_all()


def test_every_plugin_loads():
    assert [(report.name, report.cause) for report in reports() if report.state != "loaded"] == []


def test_no_word_is_ambiguous():
    pairs = {word.__name__: ambiguities(word.methods.methods) for word in words()}
    assert {name: found for name, found in pairs.items() if found} == {}


def test_annotations_are_faithful():
    """Else every call of the word would become ten times slower, see the contract of `generic`."""
    from plum import is_faithful

    classes = {(word.__name__, cls) for word in words() for method in word.methods.methods for cls in method.classes}
    assert [(name, cls) for name, cls in classes if not is_faithful(cls)] == []


def test_every_word_has_a_contract():
    ours = [word for word in words() if word.__module__.startswith("phiml_")]
    assert [f"{word.__module__}.{word.__name__}" for word in ours if not word.__doc__] == []


def test_doctor_finds_nothing(capsys):
    code = main(["doctor"])
    assert code == 0, capsys.readouterr().out
